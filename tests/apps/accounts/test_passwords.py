import pytest
from django.core import mail

from tests.apps.accounts.conftest import PASSWORD, link_in

RESET = "/accounts/password/reset/"
CHANGE = "/accounts/password/change/"
NEW = {"password1": "quite another secret", "password2": "quite another secret"}


def _ask(client, email="alice@example.com"):
    return client.post(RESET, {"email": email})


def test_a_forgotten_password_is_replaced_by_the_link(client, alice):
    assert _ask(client)["Location"].endswith("/done/")
    page = client.get(link_in(mail.outbox[0]))
    form_path = page["Location"] if page.status_code == 302 else link_in(mail.outbox[0])
    assert client.post(form_path, NEW).status_code == 302
    alice.refresh_from_db()
    assert alice.check_password("quite another secret")


def test_the_link_works_once(client, alice):
    _ask(client)
    path = link_in(mail.outbox[0])
    client.post(client.get(path)["Location"], NEW)
    client.logout()
    assert "no longer works" in client.get(path, follow=True).content.decode()


def test_nobody_learns_whether_an_address_has_an_account(client, alice):
    known, unknown = _ask(client), _ask(client, "nobody@example.com")
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert [letter.to for letter in mail.outbox] == [["alice@example.com"], ["nobody@example.com"]]
    assert "There is none" in mail.outbox[1].body
    assert "password/reset/key" not in mail.outbox[1].body


@pytest.mark.parametrize("key", ["1-forged", "zz-set-password", "x" * 500 + "-y"])
def test_a_forged_link_changes_nothing(client, alice, key):
    response = client.get(f"{RESET}key/{key}/", follow=True)
    assert response.status_code == 404 or "no longer works" in response.content.decode()


def test_asking_again_and_again_is_stopped(client, alice):
    assert [_ask(client).status_code for _ in range(7)][-1] == 429
    assert len(mail.outbox) <= 5


def test_a_weak_new_password_is_refused(client, alice):
    _ask(client)
    path = client.get(link_in(mail.outbox[0]))["Location"]
    assert client.post(path, {"password1": "12345678", "password2": "12345678"}).status_code == 200
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_the_password_is_changed_with_the_current_one(signed_in, alice):
    assert signed_in.post(CHANGE, {"oldpassword": PASSWORD, **NEW}).status_code == 302
    alice.refresh_from_db()
    assert alice.check_password("quite another secret")
    assert "_auth_user_id" in signed_in.session  # and you stay signed in here
    assert mail.outbox[-1].subject == "Your password was changed"


def test_without_the_current_password_nothing_changes(signed_in, alice):
    response = signed_in.post(CHANGE, {"oldpassword": "wrong", **NEW})
    assert "not your current password" in response.content.decode()
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_other_browsers_are_signed_out_by_a_new_password(signed_in, alice):
    from django.test import Client

    other = Client()
    other.force_login(alice)
    signed_in.post(CHANGE, {"oldpassword": PASSWORD, **NEW})
    assert other.get(CHANGE).status_code == 302
