import pytest

from tests.apps.accounts.conftest import PASSWORD

URL = "/accounts/login/"
WRONG = "do not go together"


def _sign_in(client, email="alice@example.com", password=PASSWORD, **more):
    return client.post(URL, {"login": email, "password": password, **more})


def test_the_right_password_lets_you_in(client, alice):
    assert _sign_in(client).status_code == 302
    assert client.session["_auth_user_id"] == str(alice.pk)


def test_the_address_may_be_typed_in_capitals(client, alice):
    assert _sign_in(client, "ALICE@Example.com").status_code == 302


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client, alice):
    wrong = _sign_in(client, password="wrong secret here")
    unknown = _sign_in(client, "nobody@example.com", "wrong secret here")
    assert WRONG in wrong.content.decode() and WRONG in unknown.content.decode()
    assert wrong.status_code == unknown.status_code == 200
    assert "_auth_user_id" not in client.session


def test_an_account_that_is_switched_off_stays_out(client, alice):
    alice.is_active = False
    alice.save()
    _sign_in(client)
    assert "_auth_user_id" not in client.session


def test_guessing_is_stopped_and_then_the_right_password_waits_too(client, alice):
    answers = [_sign_in(client, password=f"guess number {number}") for number in range(6)]
    assert "Too many failed attempts" in answers[-1].content.decode()
    assert "Too many failed attempts" in _sign_in(client).content.decode()
    assert "_auth_user_id" not in client.session


def test_guessing_at_one_account_does_not_lock_others_out(client, alice, bob):
    for number in range(6):
        _sign_in(client, password=f"guess number {number}")
    assert _sign_in(client, "bob@example.com").status_code == 302


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_signing_in_never_leads_to_another_site(client, alice, target):
    response = _sign_in(client, next=target)
    assert response["Location"].startswith("/")
    assert not response["Location"].startswith(("//", "/\\"))


def test_signing_in_leads_back_to_where_you_wanted_to_go(client, alice):
    assert _sign_in(client, next="/accounts/email/")["Location"] == "/accounts/email/"


@pytest.mark.parametrize("email", ["\x00", "a" * 10_000, "' OR 1=1 --", "{{7*7}}", "<script>alert(1)</script>"])
def test_hostile_input_is_only_a_wrong_address(client, alice, email):
    response = _sign_in(client, email)
    assert response.status_code == 200
    assert "<script>alert" not in response.content.decode()


def test_the_session_changes_with_signing_in(client, alice):
    client.get(URL)
    before = client.session.session_key
    _sign_in(client)
    assert client.session.session_key != before


def test_signing_out_needs_a_post(client, alice):
    client.force_login(alice)
    assert client.get("/accounts/logout/").status_code == 200
    assert "_auth_user_id" in client.session
    assert client.post("/accounts/logout/").status_code == 302
    assert "_auth_user_id" not in client.session


def test_the_admins_door_is_the_same_door(client, alice):
    response = client.get("/admin/login/?next=/admin/")
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("path", ["/accounts/email/", "/accounts/password/change/", "/accounts/delete/"])
def test_account_pages_ask_strangers_to_sign_in(client, db, path):
    response = client.get(path)
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/?next=")


def test_the_admin_is_not_there_for_creators(client, alice):
    client.force_login(alice)
    assert client.get("/admin/", follow=True).status_code == 404
