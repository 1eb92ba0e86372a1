"""Archives for editors: what is in them, and who gets them."""

import io
import json
import zipfile
from fractions import Fraction

import pytest
from asgiref.sync import sync_to_async
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from apps.core.failures import SiteFailure
from apps.jobs.extras import words_request
from apps.jobs.handoff import Cue, Shot, as_srt, as_vtt, edit_list, handoff_url, shots_of
from apps.jobs.models import Job
from apps.projects.models import Project

pytestmark = pytest.mark.django_db(transaction=True)
CUES = [Cue(0.0, 1.25, "Hello & <you>"), Cue(1.25, 3.5, "there")]


@pytest.fixture
def film(finished_job):
    Job.objects.filter(pk=finished_job.pk).update(
        request={"script": {"text": "Hello there."}}, result={"frame_rate": "25", "render_id": "0123456789ab"}
    )
    finished_job.refresh_from_db()
    for asset, content in ((finished_job.output, b"video" * 300_000), (finished_job.thumbnail, b"picture")):
        default_storage.save(asset.storage_key, ContentFile(content))
    return finished_job


async def download(async_client, address):
    answer = await async_client.get(address)
    if answer.status_code != 200:
        return answer.status_code, None
    content = b"".join([part async for part in answer.streaming_content])
    return answer, zipfile.ZipFile(io.BytesIO(content))


async def test_an_archive_has_the_video_its_picture_and_an_edit_list(async_client, film):
    answer, archive = await download(async_client, handoff_url(film))
    assert "Hello.zip" in answer["Content-Disposition"]
    assert archive.testzip() is None
    assert set(archive.namelist()) == {f"Hello/Hello{end}" for end in (".mp4", ".jpg", ".edl", ".json")}
    assert archive.read("Hello/Hello.mp4") == b"video" * 300_000
    facts = json.loads(archive.read("Hello/Hello.json"))
    assert (facts["render_id"], facts["ai_generated"], facts["duration_s"]) == ("0123456789ab", True, 2.0)


async def test_the_chosen_thumbnail_goes_along(async_client, film, make_asset):
    thumbnail = await sync_to_async(make_asset)(kind="thumbnail", content_type="image/png", parent=film.output)
    await sync_to_async(default_storage.save)(thumbnail.storage_key, ContentFile(b"chosen"))
    await Project.objects.filter(pk=film.project_id).aupdate(thumbnail=thumbnail)
    _, archive = await download(async_client, handoff_url(film))
    assert archive.read("Hello/Hello-thumbnail.png") == b"chosen"


async def test_found_words_come_as_subtitles(async_client, film):
    words = [{"text": "Hello", "start_s": 0.1, "end_s": 0.4}, {"text": "there.", "start_s": 0.4, "end_s": 0.9}]
    cues = [{"start_s": 0.12, "end_s": 0.9, "words": words}]
    await Job.objects.acreate(
        owner_id=film.owner_id,
        project_id=film.project_id,
        kind="captions",
        state="succeeded",
        request=words_request(film),
        result={"cues": cues, "fitted": None},
    )
    _, archive = await download(async_client, handoff_url(film))
    assert archive.read("Hello/Hello.srt").decode() == "1\n00:00:00,120 --> 00:00:00,900\nHello there.\n"
    assert b"* LOC: 00:00:00:03 GREEN   Hello there." in archive.read("Hello/Hello.edl")


@pytest.mark.parametrize("wrong", ["x", "{job}", "{job}:aaaa:bbbb", "..%2fetc", "%00"])
async def test_only_links_that_we_signed_work(async_client, film, wrong):
    status, _ = await download(async_client, f"/handoff/{wrong.format(job=film.pk)}.zip")
    assert status == 404


async def test_links_run_out(async_client, film, settings):
    address = handoff_url(film)
    settings.MEDIA_LINK_TTL_S = -1
    status, _ = await download(async_client, address)
    assert status == 403


def test_a_video_that_is_not_there_has_no_archive(job):
    with pytest.raises(SiteFailure, match="not finished"):
        handoff_url(job)


def test_others_get_no_link(owner, stranger, signed_out, film):
    address = f"/api/v1/jobs/{film.pk}/handoff"
    assert owner.get(address).json()["url"].startswith("/handoff/")
    assert (stranger.get(address).status_code, signed_out.get(address).status_code) == (404, 401)


def test_subtitles_and_edit_lists_are_as_editors_read_them():
    assert as_srt(CUES).split("\n\n")[1] == "2\n00:00:01,250 --> 00:00:03,500\nthere\n"
    assert as_vtt(CUES).startswith("WEBVTT\n\n00:00:00.000 --> 00:00:01.250\nHello &amp; &lt;you>\n")
    edl = edit_list("Hello", "Hello.mp4", [Shot(0.0, 61.0, "")], Fraction(30000, 1001), CUES).split("\r\n")
    assert edl[:2] == ["TITLE: Hello", "FCM: NON-DROP FRAME"]
    assert edl[3] == "001  AX       AA/V  C        00:00:00:00 00:01:00:28 00:00:00:00 00:01:00:28"
    assert edl[6] == "* LOC: 00:00:01:07 GREEN   there"


def test_a_films_scenes_are_events_that_fill_it_whatever_fades_and_cards_there_are(film):
    rows = [
        {"title": "Opening", "fade_s": 0.0},
        {"title": "Map", "fade_s": 2.0},
        {"title": "End\nof it", "fade_s": 0.4},
    ]
    film.request = {"scenes": rows}
    film.result = {"scene_lengths_s": [3.0, 2.0, 1.5]}
    shots = shots_of(film, 5.3)  # 6.5 seconds, less 0.8 (two fifths of the shorter one) and 0.4
    assert [(shot.title, round(shot.start_s, 3), round(shot.end_s, 3)) for shot in shots] == [
        ("Opening", 0.0, 2.2),
        ("Map", 2.2, 3.8),
        ("End\nof it", 3.8, 5.3),
    ]
    edl = edit_list("Trailer", "Trailer.mp4", shots, Fraction(25), []).split("\r\n")
    assert edl[6] == "002  AX       AA/V  C        00:00:02:05 00:00:03:20 00:00:02:05 00:00:03:20"
    assert edl[-2] == "* COMMENT: End of it"
    film.result |= {"intro_s": 1.0, "outro_s": 2.0}
    shots = shots_of(film, 8.3)
    assert [round(shot.start_s, 3) for shot in shots] == [0.0, 1.0, 3.2, 4.8, 6.3]
    assert (shots[0].title, shots[-1].title, shots[-1].end_s) == ("Opening card", "Closing card", 8.3)


async def test_a_films_subtitles_are_its_scenes_words_where_they_lie(async_client, film):
    said = {
        "film": "talking_photo",
        "start_s": 0.5,
        "fade_s": 1.0,
        "order": {"script": {"text": "Hello."}, "fps": "30"},
    }
    rows = [{"picture_asset": None, "title": "Map", "start_s": 0.0, "fade_s": 0.0}, said]
    film.request = {"scenes": rows}
    film.result = {"scene_lengths_s": [3.0, 2.0], "intro_s": 1.0, "frame_rate": "25"}
    await film.asave()
    wanted = words_request(film)
    assert [{**scene, "words": scene["words"]["script"]} for scene in wanted["scenes"]] == [
        {"at_s": 2.2, "from_s": 0.5, "shown_s": 2.0, "words": {"text": "Hello."}}
    ]
    word = {"text": "Hello.", "start_s": 2.4, "end_s": 2.9}
    await Job.objects.acreate(
        owner_id=film.owner_id,
        project_id=film.project_id,
        kind="captions",
        state="succeeded",
        request=wanted,
        result={"cues": [{"start_s": 2.4, "end_s": 2.9, "words": [word]}], "fitted": None},
    )
    _, archive = await download(async_client, handoff_url(film))
    assert archive.read("Hello/Hello.srt").decode() == "1\n00:00:03,400 --> 00:00:03,900\nHello.\n"
    film.request = {"scenes": rows[:1]}
    assert words_request(film) is None
