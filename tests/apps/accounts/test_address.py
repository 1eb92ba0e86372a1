"""Confirming the address, having the link sent again, and changing the address."""

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import RequestFactory

from apps.accounts.context_processors import account_state
from apps.accounts.services import is_verified
from tests.apps.accounts.conftest import PASSWORD, link_in

RESEND = "/accounts/verification/resend/"
EMAIL = "/accounts/email/"


def test_the_link_is_sent_again(signed_in, alice):
    assert signed_in.post(RESEND).status_code == 302
    signed_in.post(link_in(mail.outbox[0]))
    assert is_verified(alice)


def test_the_link_is_not_sent_again_and_again(signed_in, alice):
    for _ in range(5):
        response = signed_in.post(RESEND, follow=True)
    assert len(mail.outbox) == 1
    assert "a moment ago" in response.content.decode()


def test_a_confirmed_address_needs_no_link(signed_in, confirmed):
    assert "already confirmed" in signed_in.post(RESEND, follow=True).content.decode()
    assert mail.outbox == []


@pytest.mark.parametrize("target, expected", [("/library/", "/library/"), ("https://evil.example", EMAIL), ("", EMAIL)])
def test_resending_leads_back_but_never_away(signed_in, target, expected):
    assert signed_in.post(RESEND, {"next": target})["Location"] == expected


def test_resending_needs_a_post_and_an_account(client, alice):
    assert client.post(RESEND)["Location"].startswith("/accounts/login/")
    client.force_login(alice)
    assert client.get(RESEND).status_code == 405


def test_pages_know_whether_to_remind(alice, client):
    request = RequestFactory().get("/")
    request.user = alice
    assert bool(account_state(request)["needs_verification"]) is True
    EmailAddress.objects.create(user=alice, email=alice.email, primary=True, verified=True)
    assert bool(account_state(request)["needs_verification"]) is False


def test_pages_that_do_not_remind_do_not_ask_the_database(alice, django_assert_num_queries):
    request = RequestFactory().get("/")
    request.user = alice
    with django_assert_num_queries(0):
        account_state(request)


@pytest.fixture
def trusted(client, confirmed):
    """Alice's browser, in which she has just typed her password again."""
    client.force_login(confirmed)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return client


def _change(client, email="new@example.com"):
    return client.post(EMAIL, {"email": email, "action_add": "1"})


def test_a_new_address_counts_once_it_is_confirmed(client, confirmed, alice):
    client.force_login(alice)
    asked = _change(client)
    client.post(asked["Location"], {"password": PASSWORD})  # goes on with the change by itself
    alice.refresh_from_db()
    assert alice.email == "alice@example.com"
    letter = next(letter for letter in mail.outbox if letter.to == ["new@example.com"])
    client.post(link_in(letter))
    alice.refresh_from_db()
    assert alice.email == "new@example.com"
    assert any(letter.to == ["alice@example.com"] for letter in mail.outbox)  # the old address is told


def test_a_change_asks_for_the_password_first(client, confirmed):
    client.force_login(confirmed)
    assert "reauthenticate" in _change(client)["Location"]
    assert not EmailAddress.objects.filter(email="new@example.com").exists()


@pytest.mark.parametrize("email", ["", "no", "alice@example.com", "a" * 300 + "@example.com"])
def test_a_change_to_what_is_no_new_address_is_refused(trusted, email):
    assert _change(trusted, email).status_code == 200
    assert mail.outbox == []


def test_somebody_elses_address_cannot_be_taken(trusted, alice, bob):
    EmailAddress.objects.create(user=bob, email=bob.email, primary=True, verified=True)
    _change(trusted, bob.email)
    alice.refresh_from_db()
    assert alice.email == "alice@example.com"
    assert not EmailAddress.objects.filter(user=alice, email=bob.email, verified=True).exists()
