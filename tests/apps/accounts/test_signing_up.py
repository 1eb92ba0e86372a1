import pytest
from allauth.account.models import EmailAddress
from django.core import mail

from apps.accounts.models import User
from apps.accounts.services import is_verified
from tests.apps.accounts.conftest import PASSWORD, link_in

URL = "/accounts/signup/"


def _sign_up(client, email="new@example.com", password=PASSWORD, **more):
    return client.post(URL, {"email": email, "password1": password, **more})


def test_the_page_asks_for_an_address_and_one_password(client, db):
    page = client.get(URL).content.decode()
    assert 'name="email"' in page
    assert 'name="password1"' in page
    assert 'name="password2"' not in page
    assert 'name="username"' not in page


def test_a_newcomer_can_work_at_once(client, db):
    response = _sign_up(client)
    assert response.status_code == 302
    user = User.objects.get()
    assert client.session["_auth_user_id"] == str(user.pk)
    assert not is_verified(user)


def test_the_address_is_confirmed_by_the_link_in_the_letter(client, db):
    _sign_up(client)
    (letter,) = mail.outbox
    assert letter.to == ["new@example.com"]
    assert letter.subject == "Confirm your e-mail address"
    path = link_in(letter)
    assert client.get(path).status_code == 200
    assert not is_verified(User.objects.get())  # mail scanners open links; only the button confirms
    client.post(path)
    assert is_verified(User.objects.get())


def test_a_link_works_once(client, db):
    _sign_up(client)
    path = link_in(mail.outbox[0])
    client.post(path)
    page = client.get(path).content.decode()
    assert "no longer works" in page or "already" in page


@pytest.mark.parametrize("key", ["x", "MQ:1xV7PQ:forged", "a" * 3000])
def test_a_forged_link_confirms_nothing(client, db, key):
    _sign_up(client)
    assert client.post(f"/accounts/confirm-email/{key}/").status_code in {200, 404}
    assert not EmailAddress.objects.filter(verified=True).exists()


def test_the_address_is_kept_in_small_letters_so_that_nobody_is_two_people(client, db):
    _sign_up(client, "New.Person@Example.COM")
    assert User.objects.get().email == "new.person@example.com"
    client.logout()
    response = _sign_up(client, "NEW.person@example.com")
    assert "already an account" in response.content.decode()
    assert User.objects.count() == 1


@pytest.mark.parametrize("password", ["short", "12345678901", "password123", "", "new@example.com"])
def test_a_weak_password_is_refused_with_its_reason(client, db, password):
    response = _sign_up(client, password=password)
    assert response.status_code == 200
    assert "field-error" in response.content.decode()
    assert User.objects.count() == 0


@pytest.mark.parametrize("email", ["", "no", "a@b", "a" * 300 + "@example.com", "a@example.com\r\nBcc: x@example.com",
                                   "<script>@example.com"])  # fmt: skip
def test_what_is_no_address_is_refused(client, db, email):
    assert _sign_up(client, email).status_code == 200
    assert User.objects.count() == 0
    assert mail.outbox == []


def test_nobody_signs_up_as_staff(client, db):
    _sign_up(client, is_staff="1", is_superuser="1", name="x")
    user = User.objects.get()
    assert not user.is_staff and not user.is_superuser


def test_many_sign_ups_from_one_place_are_slowed_down(client, db):
    codes = [_sign_up(client, f"user{number}@example.com", "short").status_code for number in range(25)]
    assert codes[0] == 200
    assert codes[-1] == 429


def test_after_signing_up_nobody_is_sent_to_another_site(client, db):
    response = _sign_up(client, next="https://evil.example/")
    assert "evil.example" not in response["Location"]
