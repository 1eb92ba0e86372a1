import stat

import pytest
from django.core.mail import EmailMessage

from apps.accounts.mailbox import LETTERS_MAX, MailboxBackend, kept_letters

URL = "/accounts/mailbox/"


@pytest.fixture
def developing(settings, client):
    client.defaults["HTTP_HOST"] = "127.0.0.1:8000"
    settings.DEBUG = True
    settings.EMAIL_CONFIGURED = False


def _send(subject="Hello", body="Open http://127.0.0.1:8000/x?y=1 now", to="me@example.com"):
    MailboxBackend().send_messages([EmailMessage(subject, body, "site@example.com", [to])])


def test_a_letter_is_kept_privately_and_its_link_goes_to_the_terminal(developing, settings, db, capsys):
    _send()
    (path,) = settings.MAILBOX_DIR.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    output = capsys.readouterr().err
    assert "me@example.com" in output
    assert "http://127.0.0.1:8000/x?y=1" in output


def test_the_page_shows_letters_newest_first(developing, client, db):
    _send("First")
    _send("Second")
    page = client.get(URL).content.decode()
    assert page.index("Second") < page.index("First")
    assert 'href="http://127.0.0.1:8000/x?y=1"' in page


def test_an_empty_mailbox_says_so(developing, client, db):
    assert "Nothing here yet" in client.get(URL).content.decode()


def test_letters_are_text_to_the_page(developing, client, db):
    _send("<script>alert(1)</script>", "<img src=x onerror=alert(1)>")
    page = client.get(URL).content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_it_does_not_exist_without_debug(developing, client, db, settings):
    settings.DEBUG = False
    assert client.get(URL).status_code == 404


def test_it_does_not_exist_with_a_mail_server(developing, client, db, settings):
    settings.EMAIL_CONFIGURED = True
    assert client.get(URL).status_code == 404


@pytest.mark.parametrize("address", ["192.0.2.7", "10.0.0.1", "", "not an address", "::ffff:10.0.0.1"])
def test_it_does_not_exist_for_other_machines(developing, client, db, address):
    assert client.get(URL, REMOTE_ADDR=address).status_code == 404


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.1", "::1"])
def test_it_exists_on_this_machine(developing, client, db, address):
    assert client.get(URL, REMOTE_ADDR=address, HTTP_HOST="localhost:8000").status_code == 200


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-Ip"])
def test_it_does_not_exist_behind_a_proxy_on_this_machine(developing, client, db, header):
    assert client.get(URL, headers={header: "127.0.0.1"}).status_code == 404


def test_it_does_not_exist_under_a_public_name_that_points_here(developing, client, db, settings):
    settings.ALLOWED_HOSTS = ["evil.example", "localhost"]
    assert client.get(URL, HTTP_HOST="evil.example").status_code == 404


def test_only_so_many_letters_are_kept(developing, settings, db):
    for number in range(LETTERS_MAX + 3):
        _send(f"Letter {number}")
    letters = kept_letters()
    assert len(letters) == LETTERS_MAX
    assert letters[0].subject == f"Letter {LETTERS_MAX + 2}"
