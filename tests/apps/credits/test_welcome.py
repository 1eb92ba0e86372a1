import re

import pytest
from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed
from django.core.cache import cache

from apps.accounts.models import GiftedAddress, User
from apps.accounts.services import remember_gift
from apps.credits.models import Account, Movement
from apps.credits.services import balance_of, grant_welcome


def sign_up(client, email="new@example.com"):
    client.post("/accounts/signup/", {"email": email, "password1": "four plain words here"})
    return User.objects.get(email=email)


def confirm(client, letter):
    link = re.search(r"https?://[^/\s]+(/\S+)", letter.body)[1]
    client.get(link)
    return client.post(link)


def test_a_new_account_has_a_wallet_without_credits(client, db):
    user = sign_up(client)
    assert Account.objects.get(owner=user).available_credits == 0


def test_a_confirmed_address_brings_thirty_credits_once(client, db, mailoutbox):
    user = sign_up(client)
    confirm(client, mailoutbox[0])
    assert balance_of(user).grant_credits == 30
    confirm(client, mailoutbox[0])
    for address in EmailAddress.objects.filter(user=user):
        email_confirmed.send(sender=EmailAddress, request=None, email_address=address)
    assert balance_of(user).available_credits == 30
    assert Movement.objects.count() == 1


def test_another_address_brings_no_second_gift(alice):
    for email in ("a@example.com", "b@example.com"):
        address = EmailAddress.objects.create(user=alice, email=email, verified=True)
        email_confirmed.send(sender=EmailAddress, request=None, email_address=address)
    assert balance_of(alice).available_credits == 30


@pytest.mark.parametrize(("credits", "expected"), [(0, 0), (5, 5)])
def test_operators_choose_the_size_of_the_gift(credits, expected, alice, settings):
    settings.SIGNUP_CREDITS = credits
    grant_welcome(alice)
    assert balance_of(alice).available_credits == expected


def test_a_gift_of_another_size_later_is_not_a_second_one(alice, settings):
    grant_welcome(alice)
    settings.SIGNUP_CREDITS = 50
    grant_welcome(alice)
    assert balance_of(alice).available_credits == 30


@pytest.mark.parametrize("again", ["new@example.com", "NEW@example.com", "new+second@example.com"])
def test_leaving_and_coming_back_earns_no_second_gift(client, db, mailoutbox, again):
    before = sign_up(client)
    confirm(client, mailoutbox[-1])
    assert balance_of(before).available_credits == 30
    before.delete()
    client.logout()
    cache.clear()  # how often an address is written to is limited
    client.post("/accounts/signup/", {"email": again, "password1": "four plain words here"})
    back = User.objects.get()
    confirm(client, mailoutbox[-1])
    assert EmailAddress.objects.get(user=back).verified
    assert balance_of(back).available_credits == 0


def test_the_gift_is_remembered_without_the_address_and_across_a_change_of_the_secret_key(db, settings):
    assert remember_gift("ada.lovelace@gmail.com")
    assert "ada" not in GiftedAddress.objects.get().digest
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key of the site" * 3
    assert not remember_gift("AdaLovelace+x@googlemail.com")
    assert remember_gift("ada.lovelace@example.com"), "dots make another mailbox elsewhere"
