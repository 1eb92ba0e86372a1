import pytest

from apps.accounts.models import User
from tests.apps.accounts.conftest import PASSWORD

URL = "/accounts/delete/"


def test_the_page_says_what_goes(signed_in, alice):
    page = signed_in.get(URL).content.decode()
    assert alice.email in page
    assert "no way back" in page


def test_the_right_password_deletes_everything(signed_in, alice, bob):
    response = signed_in.post(URL, {"password": PASSWORD})
    assert (response.status_code, response["Location"]) == (302, "/")
    assert list(User.objects.all()) == [bob]
    assert "_auth_user_id" not in signed_in.session


@pytest.mark.parametrize("password", ["", "wrong", "a" * 5000, " " + PASSWORD])
def test_a_wrong_password_deletes_nothing(signed_in, alice, password):
    response = signed_in.post(URL, {"password": password})
    assert response.status_code == 422
    assert User.objects.filter(pk=alice.pk).exists()


def test_guessing_is_stopped(signed_in, alice):
    codes = [signed_in.post(URL, {"password": f"guess {number}"}).status_code for number in range(12)]
    assert codes[-1] == 429
    assert User.objects.filter(pk=alice.pk).exists()


def test_strangers_are_asked_to_sign_in(client, db):
    assert client.post(URL, {"password": "x"})["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(signed_in, method):
    assert getattr(signed_in, method)(URL).status_code == 405
