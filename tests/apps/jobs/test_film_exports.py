"""What films cost: by the second of what is shown, and never twice for the same."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.brands.models import Brand
from apps.core.failures import SiteFailure
from apps.credits import services as credits
from apps.jobs.exports import ExportChoice, order_export, quote_export
from apps.jobs.models import Job
from apps.projects.models import Project
from apps.projects.services import update_project

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nobody_is_woken", "two_voices")]


@pytest.fixture
def things(alice, make_asset):
    """A talking photo of 12 s, a dub of 6 s, a clip of 4 s."""
    people = {"people": [{"index": 0}], "video": {"frame_rate": "25"}}
    size = {"width_px": 1080, "height_px": 1920}
    photo = Project.objects.create(
        owner=alice,
        title="Photo",
        voice_source="audio",
        portrait=make_asset(**size),
        voice=make_asset(kind="voice", duration_s=12.0),
    )
    dub = Project.objects.create(
        owner=alice,
        title="Dub",
        kind="video_dub",
        voice_source="audio",
        clip=make_asset(kind="clip", duration_s=6.0, preflight=people, **size),
        voice=make_asset(kind="voice", duration_s=6.0),
    )
    clip = make_asset(kind="clip", duration_s=4.0, preflight=people, **size)
    credits.grant(alice, 200, pool="pack", key="pack")
    return {"photo": {"project": str(photo.pk)}, "dub": {"project": str(dub.pk)}, "clip": {"asset": str(clip.pk)}}


@pytest.fixture
def film(alice):
    return Project.objects.create(owner=alice, kind="film", title="Trailer")


def price(film, *scenes, **choice):
    film = update_project(film, {"scenes": [{"id": str(number)} | one for number, one in enumerate(scenes)]})
    return quote_export(film.owner, film, ExportChoice(**choice))


def pay(quote, paid_s, make_asset):
    job = order_export(quote.owner, quote)
    Job.objects.filter(pk=job.pk).update(state="running")
    job.refresh_from_db()
    output = make_asset(kind="output", duration_s=quote.duration_s)
    assert job.succeed(output=output, thumbnail=None, result={"paid_s": paid_s})


def test_seconds_cost_what_their_kind_costs(film, things):
    quote = price(film, things["photo"], things["dub"], things["clip"])
    assert (quote.credits, quote.duration_s, quote.work, quote.is_exact) == (12 + 2 * 6 + 4, 22.0, "film", True)
    assert (quote.width_px, quote.height_px) == (1080, 1920)
    trimmed = price(film, things["photo"] | {"start_s": 2, "end_s": 5}, things["clip"] | {"end_s": 99, "fade_s": 0.5})
    assert (trimmed.credits, trimmed.duration_s) == (3 + 4, 6.5)


def test_what_was_paid_is_not_paid_again_and_what_is_new_is(film, things, make_asset, alice):
    photo, dub = things["photo"] | {"end_s": 10}, things["dub"]
    first = price(film, photo, dub)
    assert first.credits == 22
    pay(first, 22.0, make_asset)
    assert credits.balance_of(alice).available_credits == 178
    assert price(film, photo, dub).credits == 0
    update_project(film, {"shape": "1:1"})
    assert price(film, photo, dub).credits == 0  # another shape of the same
    assert price(film, dub, photo | {"start_s": 2, "end_s": 9}).credits == 0  # another order, and less of it
    assert price(film, photo, dub, things["clip"]).credits == 4
    assert price(film, photo | {"end_s": 11}, dub).credits == 11  # more of it than was paid
    Project.objects.filter(pk=things["dub"]["project"]).update(options={"strength": 0.5})
    assert price(film, photo, dub).credits == 12  # what it says or shows has changed


def test_less_is_taken_when_less_was_made_and_never_more_than_quoted(film, things, make_asset, alice):
    pay(price(film, things["dub"]), 8.0, make_asset)
    assert credits.balance_of(alice).available_credits == 200 - 8
    pay(price(film, things["photo"]), 900.0, make_asset)
    assert credits.balance_of(alice).available_credits == 200 - 8 - 12


def test_a_film_that_is_too_long_or_empty_has_no_price(film, things):
    for scenes, code in (
        ([], "project_incomplete"),
        ([things["photo"] | {"start_s": 11.9}], "scene_trimmed_away"),
        ([things["photo"] | {"start_s": 30, "end_s": 40}], "scene_trimmed_away"),
    ):
        with pytest.raises(SiteFailure) as refused:
            price(film, *scenes)
        assert refused.value.code == code
    Project.objects.filter(pk=things["photo"]["project"]).update(title="Long")
    long = [things["photo"]] * 30
    assert price(film, *long).credits == 360


def test_a_price_asks_for_the_brand_once_however_many_scenes_there_are(film, things):
    Brand.objects.create(owner=film.owner, pronunciations=[{"word": "Ada", "said": "Ayda"}])
    Project.objects.filter(title="Photo").update(
        options={"brand": True, "captions": "clean"}, voice_source="script", script="Ada. " * 20
    )
    price(film, *[things["photo"]] * 5)
    film = Project.objects.get(pk=film.pk)
    with CaptureQueriesContext(connection) as asked:
        quote = quote_export(film.owner, film, ExportChoice())
    assert sum('FROM "brands_brand"' in one["sql"] for one in asked) <= 1
    assert len(asked) <= 12 + 3 * 5
    assert quote.request["scenes"][4]["order"]["caption_brand"]["primary"]
    assert "Ayda" in str(quote.request["scenes"][4]["order"]["script"])
