"""`/media/<id>`: who may read, which bytes, with which headers."""

from urllib.parse import parse_qs, urlsplit, urlunsplit

import pytest

from apps.uploads.links import signed_url
from apps.uploads.models import Asset
from tests.apps.uploads.conftest import picture

DATA = picture()


@pytest.fixture
def portrait(transactional_db, upload):
    from apps.accounts.models import User

    return upload(User.objects.create_user("alice@example.com", "a long enough secret"), DATA, name="Me & you.jpg")


@pytest.fixture
def path(portrait) -> str:
    return f"/media/{portrait.pk}"


@pytest.fixture
def owner(async_client, portrait):
    async_client.force_login(portrait.owner)
    return async_client


@pytest.fixture
def link(portrait) -> str:
    return signed_url(portrait, download_name=None, ttl_s=60)


async def _body(response) -> bytes:
    return b"".join([chunk async for chunk in response]) if response.streaming else response.content


async def test_the_owner_gets_the_file(owner, path):
    response = await owner.get(path)
    assert response.status_code == 200
    assert await _body(response) == DATA
    assert response["Content-Type"] == "image/jpeg"
    assert response["Content-Length"] == str(len(DATA))
    assert response["Accept-Ranges"] == "bytes"


async def test_a_stranger_gets_nothing(async_client, path, portrait):
    from apps.accounts.models import User

    await async_client.aforce_login(await User.objects.acreate(email="charlie@example.com"))
    assert (await async_client.get(path)).status_code == 404


async def test_signed_out_gets_nothing(async_client, path):
    assert (await async_client.get(path)).status_code == 404


@pytest.mark.parametrize(
    "bad_id", ["00000000-0000-4000-8000-000000000000", "1", "..%2f..%2fmanage.py", "../manage.py", "%00", "a" * 5000]
)
async def test_a_bad_id_gets_nothing(owner, bad_id):
    assert (await owner.get(f"/media/{bad_id}")).status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
async def test_other_methods_are_refused(owner, path, method):
    assert (await getattr(owner, method)(path)).status_code == 405


async def test_a_signed_link_works_for_anybody(async_client, link):
    assert await _body(await async_client.get(link)) == DATA


async def test_a_signed_link_is_for_one_file_only(async_client, link, upload, portrait):
    from asgiref.sync import sync_to_async

    other = await sync_to_async(upload)(portrait.owner, DATA)
    assert (await async_client.get(link.replace(str(portrait.pk), str(other.pk)))).status_code == 404


def _changed(link: str, **changes: str) -> str:
    parts = urlsplit(link)
    query = {key: values[0] for key, values in parse_qs(parts.query).items()} | changes
    return urlunsplit(parts._replace(query="&".join(f"{key}={value}" for key, value in query.items())))


@pytest.mark.parametrize("change", [{"signature": "x"}, {"expires": "9999999999"}, {"expires": "soon"}, {"expires": ""},
                                    {"expires": "9" * 4000}, {"signature": ""}, {"name": "other.jpg"},
                                    {"expires": "%D9%A3"}, {"signature": "%C3%A9"}])  # fmt: skip
async def test_a_changed_link_works_for_nobody(async_client, link, change):
    assert (await async_client.get(_changed(link, **change))).status_code == 404


async def test_an_expired_link_says_so(async_client, portrait):
    link = signed_url(portrait, download_name=None, ttl_s=-1000)
    response = await async_client.get(link, headers={"accept": "application/json"})
    assert response.status_code == 403
    assert response.json()["code"] == "link_expired"


async def test_an_expired_link_still_works_for_the_owner(owner, portrait):
    assert (await owner.get(signed_url(portrait, download_name=None, ttl_s=-1000))).status_code == 200


async def test_a_link_survives_a_new_secret_key(async_client, link, settings):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "n" * 60, [settings.SECRET_KEY]
    assert (await async_client.get(link)).status_code == 200
    settings.SECRET_KEY_FALLBACKS = []
    assert (await async_client.get(link)).status_code == 404


def test_links_made_close_together_are_the_same_link(portrait):
    assert signed_url(portrait, download_name=None, ttl_s=60) == signed_url(portrait, download_name=None, ttl_s=60)


@pytest.mark.parametrize("header, first, last", [
    ("bytes=0-99", 0, 99), ("bytes=100-", 100, len(DATA) - 1), ("bytes=-7", len(DATA) - 7, len(DATA) - 1),
    ("bytes=5-99999999", 5, len(DATA) - 1),
])  # fmt: skip
async def test_a_part_is_sent(owner, path, header, first, last):
    response = await owner.get(path, headers={"range": header})
    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes {first}-{last}/{len(DATA)}"
    assert response["Content-Length"] == str(last - first + 1)
    assert await _body(response) == DATA[first : last + 1]


async def test_a_part_beyond_the_end_cannot_be_sent(owner, path):
    response = await owner.get(path, headers={"range": "bytes=9999999-"})
    assert response.status_code == 416
    assert response["Content-Range"] == f"bytes */{len(DATA)}"


@pytest.mark.parametrize("header", ["bytes=0-1,4-5", "bytes=0-,0-,0-,0-", "bytes=9-3", "pages=1-2", "bytes=x"])
async def test_lists_and_nonsense_get_the_whole_file(owner, path, header):
    response = await owner.get(path, headers={"range": header})
    assert response.status_code == 200
    assert await _body(response) == DATA


async def test_if_range_sends_the_part_only_of_the_same_file(owner, path):
    etag = (await owner.get(path))["ETag"]
    same = await owner.get(path, headers={"range": "bytes=0-9", "if-range": etag})
    other = await owner.get(path, headers={"range": "bytes=0-9", "if-range": '"another"'})
    dated = await owner.get(path, headers={"range": "bytes=0-9", "if-range": "Wed, 21 Oct 2026 07:28:00 GMT"})
    assert [same.status_code, other.status_code, dated.status_code] == [206, 200, 200]


async def test_a_file_the_browser_has_is_not_sent_again(owner, path):
    etag = (await owner.get(path))["ETag"]
    for header in (etag, f'"x", W/{etag}', "*"):
        response = await owner.get(path, headers={"if-none-match": header})
        assert response.status_code == 304
        assert await _body(response) == b""


async def test_head_answers_without_the_bytes(owner, path):
    whole = await owner.head(path)
    assert (whole.status_code, whole["Content-Length"], whole.content) == (200, str(len(DATA)), b"")
    part = await owner.head(path, headers={"range": "bytes=0-9"})
    assert (part.status_code, part["Content-Length"]) == (206, "10")


async def test_nothing_in_a_file_can_run_in_our_name(owner, path):
    response = await owner.get(path)
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert response["Cache-Control"].startswith("private")


@pytest.mark.parametrize("content_type", ["text/html", "image/svg+xml", "application/javascript", "application/json"])
async def test_what_is_not_media_is_only_downloaded(owner, path, content_type):
    await Asset.objects.aupdate(content_type=content_type)
    response = await owner.get(path)
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment")


async def test_media_is_shown_under_its_own_name(owner, path):
    assert (await owner.get(path))["Content-Disposition"] == 'inline; filename="Me & you.jpg"'


@pytest.mark.parametrize("name", ["My film.mp4", "été 肖像.mp4", 'quo"te.mp4', "a\r\nX-Injected: 1.mp4"])
async def test_a_download_link_carries_its_name(async_client, portrait, name):
    response = await async_client.get(signed_url(portrait, download_name=name, ttl_s=60))
    assert response.status_code == 200
    assert response["Content-Disposition"].startswith("attachment; filename")
    assert "X-Injected" not in response
    assert "\n" not in response["Content-Disposition"]


async def test_a_file_that_is_lost_is_not_there(owner, path, stored_files):
    stored_files()[0].unlink()
    assert (await owner.get(path)).status_code == 404


async def test_an_upload_that_still_arrives_cannot_be_read(owner, path):
    await Asset.objects.aupdate(state="receiving")
    assert (await owner.get(path)).status_code == 404


async def test_an_empty_file_is_sent(owner, path, stored_files):
    stored_files()[0].write_bytes(b"")
    response = await owner.get(path)
    assert (response.status_code, await _body(response)) == (200, b"")
    assert (await owner.get(path, headers={"range": "bytes=0-"})).status_code == 416


async def test_the_file_is_closed_when_the_reader_leaves(owner, path):
    response = await owner.get(path)
    async for _ in response:
        break
    file = response._iterator._file if hasattr(response._iterator, "_file") else None
    await _close(response)
    assert file is None or file.closed


async def _close(response) -> None:
    from asgiref.sync import sync_to_async

    await sync_to_async(response.close)()
