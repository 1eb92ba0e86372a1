"""Uploads and files on the site as it really runs: uvicorn, a real Redis, SQLite or PostgreSQL."""

import http.client
import io
import json
import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event, Thread
from urllib.parse import urlsplit

import psutil
import pytest
import requests
from tusclient.client import TusClient

from tests.apps.uploads.conftest import picture, recording
from tests.servers import Site, running_site

pytestmark = pytest.mark.slow
MIB = 1024 * 1024
_SIGN_IN = """
from apps.accounts.models import User
from django.test import Client
for name in ("alice", "bob"):
    user = User.objects.create_user(f"{name}@example.com", "a long enough secret")
    client = Client()
    client.force_login(user)
    print("SESSION", name, client.cookies["sessionid"].value)
"""


class Person(requests.Session):
    """Somebody with a browser who is signed in."""

    def __init__(self, site: Site, session_id: str) -> None:
        super().__init__()
        self.base = site.url
        self.session_id = session_id
        self.cookies.set("sessionid", session_id)
        self.cookies.set("csrftoken", "t" * 32)
        self.headers["X-CSRFToken"] = "t" * 32

    def upload(self, kind: str, data: bytes, name: str = "file") -> requests.Response:
        return self.post(f"{self.base}/api/v1/assets", data={"kind": kind}, files={"file": (name, data)}, timeout=60)

    def get_media(self, asset: dict, **options) -> requests.Response:
        return self.get(f"{self.base}/media/{asset['id']}", timeout=60, **options)


def _people(site: Site) -> dict[str, Person]:
    output = site.manage("shell", "-v0", code=_SIGN_IN)
    return {name: Person(site, key) for name, key in re.findall(r"SESSION (\w+) (\w+)", output)}


@pytest.fixture(scope="module")
def site(redis_url) -> Iterator[Site]:
    with running_site(redis_url) as running:
        yield running


@pytest.fixture(scope="module")
def people(site) -> dict[str, Person]:
    return _people(site)


@pytest.fixture
def alice(people) -> Person:
    return people["alice"]


class _Form:
    """A multipart form with a large made-up file, produced while it is sent; `length` without making it."""

    def __init__(self, head: bytes, size_bytes: int) -> None:
        self.headers = {"Content-Type": "multipart/form-data; boundary=b"}
        before = '--b\r\nContent-Disposition: form-data; name="kind"\r\n\r\nvoice\r\n'
        before += '--b\r\nContent-Disposition: form-data; name="file"; filename="long.wav"\r\n\r\n'
        self._parts = [(before.encode(), 1), (head, 1), (b"\0" * 65536, (size_bytes - len(head)) // 65536)]
        self._parts.append((b"\r\n--b--\r\n", 1))
        self.length = sum(len(piece) * times for piece, times in self._parts)

    def __iter__(self) -> Iterator[bytes]:
        for piece, times in self._parts:
            for _ in range(times):
                yield piece


def _post_form(person: Person, form: _Form, *, announced: bool) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(urlsplit(person.base).netloc, timeout=120)
    headers = {**form.headers, "X-CSRFToken": "t" * 32, "Accept": "application/json"}
    headers["Cookie"] = f"sessionid={person.session_id}; csrftoken={'t' * 32}"
    if announced:
        headers["Content-Length"] = str(form.length)
    with suppress(BrokenPipeError, ConnectionResetError):  # the site may answer and close while we are still sending
        connection.request("POST", "/api/v1/assets", body=iter(form), headers=headers, encode_chunked=not announced)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, body


def _stored(person: Person, size_bytes: int) -> dict:
    status, body = _post_form(person, _Form(recording(), size_bytes), announced=True)
    assert status == 201, body
    return json.loads(body)


class _MemoryWatch:
    """The most memory a process had while watched, above what it had at the start (bytes)."""

    def __init__(self, process_id: int) -> None:
        self._process = psutil.Process(process_id)
        self._stop = Event()
        self._start = self._peak = self._process.memory_info().rss
        self._thread = Thread(target=self._watch)

    def _watch(self) -> None:
        while not self._stop.wait(0.01):
            self._peak = max(self._peak, self._process.memory_info().rss)

    def __enter__(self) -> "_MemoryWatch":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def growth(self) -> int:
        return self._peak - self._start


def test_an_upload_of_250_mb_costs_the_server_little_memory(site, alice):
    assert alice.upload("portrait", picture()).status_code == 201  # whatever a first upload loads is loaded
    with _MemoryWatch(site.process.pid) as memory:
        status, body = _post_form(alice, _Form(recording(), 249 * MIB), announced=True)
    assert status == 201, body
    assert memory.growth < 64 * MIB


def test_a_public_client_goes_on_after_a_broken_connection_and_memory_stays_flat(site, alice):
    data = recording() + b"\0" * (48 * MIB)
    headers = {"Cookie": f"sessionid={alice.session_id}; csrftoken={'t' * 32}", "X-CSRFToken": "t" * 32}
    client = TusClient(f"{site.url}/api/v1/uploads", headers=headers)
    told = {"kind": "voice", "filename": "long.wav"}
    sender = client.uploader(file_stream=io.BytesIO(data), chunk_size=8 * MIB, metadata=told)
    sender.upload_chunk()
    assert sender.offset == 8 * MIB

    # Of a piece of 16 MiB, 3 arrive before the connection breaks.
    place = urlsplit(sender.url)
    head = {**headers, "Host": place.netloc, "Tus-Resumable": "1.0.0", "Upload-Offset": str(8 * MIB)}
    head |= {"Content-Type": "application/offset+octet-stream", "Content-Length": str(16 * MIB)}
    lines = [f"PATCH {place.path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items()), "", ""]
    with socket.create_connection((place.hostname, place.port)) as connection:
        connection.sendall("\r\n".join(lines).encode() + data[8 * MIB : 11 * MIB])
    until = time.monotonic() + 20
    while (again := client.uploader(file_stream=io.BytesIO(data), chunk_size=16 * MIB, url=sender.url)).offset == (
        8 * MIB
    ):
        assert time.monotonic() < until, "what had arrived is lost"
        time.sleep(0.1)
    assert again.offset == 11 * MIB
    with _MemoryWatch(site.process.pid) as memory:
        again.upload()
    assert memory.growth < 64 * MIB

    asked = alice.head(sender.url, headers={"Tus-Resumable": "1.0.0"}, timeout=10)
    asset = alice.get(f"{site.url}/api/v1/assets/{asked.headers['Upload-Asset']}", timeout=10).json()
    assert (asset["size_bytes"], asset["state"]) == (len(data), "checking")
    assert not list((site.data_dir / "incoming").glob("*.part"))


def test_reading_a_long_file_costs_the_server_little_memory_and_comes_in_parts(site, alice):
    asset = _stored(alice, 128 * MIB)
    received = 0
    with _MemoryWatch(site.process.pid) as memory, alice.get_media(asset, stream=True) as response:
        for chunk in response.iter_content(MIB):
            received += len(chunk)
    assert received == asset["size_bytes"]
    assert memory.growth < 64 * MIB
    part = alice.get_media(asset, headers={"Range": "bytes=100000000-100000099"})
    assert (part.status_code, part.content) == (206, b"\0" * 100)


@pytest.mark.parametrize("announced", [True, False])
def test_more_than_the_limit_is_cut_off_with_words(alice, site, announced):
    status, body = _post_form(alice, _Form(recording(), 400 * MIB), announced=announced)
    assert status == 413
    assert b"250 MB" in body
    assert list((site.data_dir / "incoming").iterdir()) == []


def test_strangers_cannot_fill_the_disk(site):
    stranger = Person(site, "not-a-session")
    status, _ = _post_form(stranger, _Form(recording(), 100 * MIB), announced=False)
    assert status == 401


def test_a_sender_who_vanishes_midway_leaves_nothing(site, alice):
    before = alice.get(f"{site.url}/api/v1/assets/none", timeout=10).status_code
    address = urlsplit(site.url)
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(
            f"POST /api/v1/assets HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: sessionid={alice.session_id}; "
            f"csrftoken={'t' * 32}\r\nX-CSRFToken: {'t' * 32}\r\nContent-Type: multipart/form-data; boundary=b\r\n"
            "Content-Length: 100000000\r\n\r\n".encode()
        )
        connection.sendall(b"x" * 5_000_000)
        time.sleep(0.3)
    time.sleep(0.5)
    assert list((site.data_dir / "incoming").iterdir()) == []
    assert alice.get(f"{site.url}/api/v1/assets/none", timeout=10).status_code == before  # and the site still answers


def test_a_reader_who_vanishes_midway_leaves_no_open_file(site, alice):
    asset = _stored(alice, 64 * MIB)
    for _ in range(5):
        response = alice.get_media(asset, stream=True)
        next(response.iter_content(65536))
        response.close()
    until = time.monotonic() + 10
    while time.monotonic() < until and _open_media_files(site):
        time.sleep(0.1)
    assert _open_media_files(site) == []


def _open_media_files(site: Site) -> list[str]:
    media = str(site.data_dir / "media")
    return [file.path for file in psutil.Process(site.process.pid).open_files() if file.path.startswith(media)]


def test_many_slow_readers_do_not_stop_the_others(site, alice):
    asset = _stored(alice, 64 * MIB)
    waiting = [alice.get_media(asset, stream=True) for _ in range(30)]  # nobody reads them
    try:
        started = time.monotonic()
        assert requests.get(f"{site.url}/healthz", timeout=10).status_code == 200
        assert time.monotonic() - started < 2
    finally:
        for response in waiting:
            response.close()


def test_owners_and_strangers_over_http(site, people):
    asset = people["alice"].upload("portrait", picture(), "../../\u202ehost ile\r\n.jpg").json()
    assert people["alice"].get_media(asset).content == picture()
    assert people["bob"].get_media(asset).status_code == 404
    assert requests.get(f"{site.url}/media/{asset['id']}", timeout=10).status_code == 404
    assert requests.get(site.url + asset["url"], timeout=10).content == picture()  # a signed link
    assert people["bob"].delete(f"{site.url}/api/v1/assets/{asset['id']}", timeout=10).status_code == 404


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_uploads_at_the_same_time_do_not_exceed_the_quota(redis_url, request, database):
    environment = {"QUOTA_MB": "1"}
    if database == "postgresql":
        environment["DATABASE_URL"] = request.getfixturevalue("postgres_url")
    data = recording(10)  # 320 kB: three fit into one megabyte
    with running_site(redis_url, **environment) as site:
        alice = _people(site)["alice"]
        with ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(lambda _: Person(site, alice.session_id).upload("voice", data), range(10)))
        codes = sorted(answer.status_code for answer in answers)
        assert codes == [201] * 3 + [403] * 7
        assert {answer.json()["code"] for answer in answers if answer.status_code == 403} == {"quota_full"}
        stored = [path for path in (site.data_dir / "media").rglob("*") if path.is_file()]
        assert len(stored) == 3


def test_many_files_at_once_all_arrive(people, site):
    pictures = [picture(size=(300 + number, 300)) for number in range(12)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda data: Person(site, people["bob"].session_id).upload("portrait", data), pictures))
    assert [answer.status_code for answer in answers] == [201] * 12
    assert sorted(answer.json()["width_px"] for answer in answers) == list(range(300, 312))


def test_the_log_of_all_this_has_no_traceback(site):
    log = site.log.read_text()
    assert "Traceback" not in log, io.StringIO(log[log.index("Traceback") :]).read(3000)
