"""The limit on what a request may send, spoken to as an ASGI server would."""

import asyncio
import json

import pytest
from django.test import Client

from apps.config.http import FORM_BYTES_MAX, SiteHandler

MIB = 1024 * 1024


class Conversation:
    """One request, sent in pieces; counts how many the site took."""

    def __init__(
        self, headers: dict[str, str], pieces: list[bytes], *, path: str = "/api/v1/assets", leaves: bool = False
    ) -> None:
        headers = {"host": "testserver", **headers}
        self.scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
            "headers": [(key.lower().encode(), value.encode()) for key, value in headers.items()],
            "client": ("127.0.0.1", 5), "server": ("127.0.0.1", 80),
        }  # fmt: skip
        self.pieces, self.taken, self.sent, self.leaves = pieces, 0, [], leaves

    async def receive(self) -> dict:
        if self.taken >= len(self.pieces):
            if not self.leaves:
                await asyncio.Event().wait()  # stays for the answer
            return {"type": "http.disconnect"}
        self.taken += 1
        more = self.leaves or self.taken < len(self.pieces)
        return {"type": "http.request", "body": self.pieces[self.taken - 1], "more_body": more}

    async def send(self, message: dict) -> None:
        self.sent.append(message)

    async def run(self) -> tuple[int, dict]:
        await SiteHandler()(self.scope, self.receive, self.send)
        body = b"".join(message.get("body", b"") for message in self.sent[1:])
        return self.sent[0]["status"], json.loads(body)


@pytest.fixture
def session(transactional_db) -> dict[str, str]:
    from apps.accounts.models import User

    client = Client()
    client.force_login(User.objects.create_user("alice@example.com", "a long enough secret"))
    return {"cookie": f"sessionid={client.cookies['sessionid'].value}"}


async def test_a_stranger_cannot_send_more_than_a_form(transactional_db, settings):
    talk = Conversation({"content-length": str(50 * MIB)}, [b"x" * MIB] * 50)
    status, body = await talk.run()
    assert (status, body["code"]) == (401, "signed_out")
    assert talk.taken == 0  # refused by its announced length, before a byte was taken


async def test_a_stranger_who_does_not_announce_the_length_is_cut_off(transactional_db):
    talk = Conversation({"transfer-encoding": "chunked"}, [b"x" * MIB] * 50)
    status, body = await talk.run()
    assert (status, body["code"]) == (401, "signed_out")
    assert talk.taken <= FORM_BYTES_MAX // MIB + 1


@pytest.mark.parametrize("cookie", ["sessionid=forged", "sessionid=", "sessionid=\u00e9;;=;", "other=1"])
async def test_a_made_up_session_does_not_help(transactional_db, cookie):
    talk = Conversation({"content-length": str(50 * MIB), "cookie": cookie}, [b"x" * MIB])
    assert (await talk.run())[0] == 401


async def test_a_creator_is_stopped_at_the_limit(session, settings):
    settings.MAX_UPLOAD_BYTES = 4 * MIB
    talk = Conversation({"transfer-encoding": "chunked", **session}, [b"x" * MIB] * 50)
    status, body = await talk.run()
    assert (status, body["code"]) == (413, "upload_too_large")
    assert "4 MB" in body["sentence"]
    assert talk.taken <= 6


async def test_a_creator_who_announces_too_much_is_refused_at_once(session, settings):
    settings.MAX_UPLOAD_BYTES = 4 * MIB
    talk = Conversation({"content-length": str(9 * MIB), **session}, [b"x" * MIB] * 9)
    assert (await talk.run())[0] == 413
    assert talk.taken == 0


@pytest.mark.parametrize("length", ["-1", "abc", "9" * 30])
async def test_an_odd_content_length_breaks_nothing(transactional_db, length):
    talk = Conversation({"content-length": length}, [b"x" * 10], path="/healthz")
    await SiteHandler()(talk.scope, talk.receive, talk.send)
    assert talk.sent[0]["status"] in {200, 401, 503}


async def test_somebody_who_leaves_midway_leaves_nothing_behind(session, settings):
    talk = Conversation({"content-length": str(3 * MIB), **session}, [b"x" * MIB], leaves=True)
    await SiteHandler()(talk.scope, talk.receive, talk.send)
    assert talk.sent == []
    assert list(settings.INCOMING_DIR.iterdir()) == []


async def test_a_small_request_passes(transactional_db):
    talk = Conversation({}, [b""], path="/healthz")
    await SiteHandler()(talk.scope, talk.receive, talk.send)
    assert talk.sent[0]["status"] in {200, 503}


async def test_the_page_for_everybody_takes_files_of_strangers_up_to_its_own_limit(transactional_db, settings):
    settings.MADE_HERE_BYTES_MAX = 6 * MIB
    talk = Conversation({"content-length": str(9 * MIB)}, [b"x" * MIB] * 9, path="/made-here/")
    status, body = await talk.run()
    assert (status, body["code"]) == (413, "upload_too_large")
    assert talk.taken == 0
    talk = Conversation({"content-length": str(5 * MIB)}, [b"x" * MIB] * 5, path="/made-here/")
    await SiteHandler()(talk.scope, talk.receive, talk.send)
    assert talk.taken == 5
    assert talk.sent[0]["status"] == 403  # the view's own answer: no token came with it


@pytest.mark.parametrize(
    "path", ["/made-here", "/made-here/x/", "//made-here/", "/report/", "/made-here/../api/v1/assets"]
)
async def test_no_other_address_takes_more_than_a_form_from_strangers(transactional_db, path):
    talk = Conversation({"content-length": str(50 * MIB)}, [b"x" * MIB], path=path)
    assert (await talk.run())[0] == 401
