"""A film's life in the runner: scenes made or kept, then joined; nothing clean is kept; failures say where."""

import pytest

from apps.jobs.models import Job
from apps.projects.models import Project
from tests.worker import fake_operations as fake
from tests.worker.test_runner import QuickEngine, make_runner, portrait, run  # noqa: F401
from worker.engine.failures import EngineFailure, FailureCode
from worker.process.kept_scenes import KeptScenes

pytestmark = pytest.mark.django_db(transaction=True)


class FilmEngine(QuickEngine):
    """`fails`: the operation that does not work this time."""

    fails: EngineFailure | None = None

    def call(self, operation, request, hooks, *, label=""):
        if operation == "film":
            self.orders.append(request)
            if self.fails is not None:
                raise self.fails
            request.request.output_path.write_bytes(b"".join(one.path.read_bytes() for one in request.request.scenes))
            request.poster_path.write_bytes(fake.JPEG)
            lengths = tuple(1.5 for _ in request.request.scenes)
            path, poster = request.request.output_path, request.poster_path
            return fake.RenderedVideo(path, poster, 90, 160, 4.5, 112, "25", scene_lengths_s=lengths)
        return super().call(operation, request, hooks, label=label)

    def take(self) -> list[str]:
        """What was asked for since the last time."""
        asked = [type(order.request).__name__ for order in self.orders]
        self.orders.clear()
        return asked


@pytest.fixture
def make_film(alice, portrait):  # noqa: F811
    shown = Project.objects.create(owner=alice, title="Hello")
    film = Project.objects.create(owner=alice, kind="film", title="Trailer")

    def make(kind="film", seeds=(fake.QUICK, fake.QUICK), **request) -> Job:
        def scene(number, seed):
            order = {"portrait_asset": str(portrait.pk), "seed": seed, "intensity": number / 10, "aspect": "9:16"}
            times = {"start_s": 0.0, "end_s": 0.0, "fade_s": 0.0}
            return {"film": "talking_photo", "project": str(shown.pk), "title": "Hello", "order": order, **times}

        rows = [scene(number, seed) for number, seed in enumerate(seeds)]
        rows.insert(1, {**rows[0], "picture_asset": str(portrait.pk), "end_s": 2.0})
        del rows[1]["order"], rows[1]["film"]
        whole = {"scenes": rows, "aspect": "9:16", "fps": "25", "watermark": kind == "film", "max_short_side_px": 90}
        whole |= {"max_duration_s": 60, "label_corner": "top-left", "film": "film"} | request
        return Job.objects.create(owner=alice, kind=kind, project=film, request=whole)

    return make


def test_scenes_are_made_once_kept_marked_and_joined_with_the_films_marks(make_runner, make_film, tmp_path):  # noqa: F811
    engine = FilmEngine()
    runner = make_runner(engine, segments_dir=tmp_path / "segments", credentials_dir=tmp_path / "key")
    job = run(runner, make_film())
    assert job.state == "succeeded", job.failure_code
    first, _, film = engine.orders
    assert [first.watermark, first.label_corner, first.reserved_corner] == [True, None, "top-left"]
    assert (first.render_id, first.credentials_dir, first.fragments) == (None, None, False)
    assert first.segments_dir.parent == tmp_path / "segments"
    assert [one.is_marked for one in film.request.scenes] == [True, False, True]
    assert (film.label_corner, film.render_id, film.credentials_dir) == ("top-left", job.pk.hex[:12], tmp_path / "key")
    assert film.request.is_watermarked and (film.request.width_px, film.request.height_px) == (90, 160)
    assert {one.part for one in film.inputs} <= {"scene-0-portrait", "scene-1", "scene-2-portrait"}
    engine.take()
    assert run(runner, make_film()).state == "succeeded"
    assert engine.take() == ["FilmRequest"]  # both scenes were there
    assert run(runner, make_film(seeds=(fake.QUICK, 99))).state == "succeeded"
    assert run(runner, make_film(label_corner="top-right")).state == "succeeded"
    assert engine.take().count("TalkingPhotoRequest") == 1 + 2  # captions keep clear of another corner


def test_a_clean_film_keeps_nothing_and_counts_its_seconds(make_runner, make_film, tmp_path):  # noqa: F811
    engine = FilmEngine()
    runner = make_runner(engine, segments_dir=tmp_path / "segments")
    job = run(runner, make_film("export"))
    assert job.state == "succeeded", job.failure_code
    assert job.result["paid_s"] == 4.5
    assert not any(order.watermark for order in engine.orders)
    assert engine.orders[0].request.max_short_side_px == 90  # as the film
    assert not [one for one in engine.orders[-1].request.scenes if one.is_marked]
    assert not engine.orders[-1].request.is_watermarked
    assert not list((tmp_path / "segments").rglob("*")) and not list((tmp_path / "work").iterdir())
    engine.take()
    assert run(runner, make_film("export")).state == "succeeded"
    assert engine.take() == ["TalkingPhotoRequest"] * 2 + ["FilmRequest"]


def test_a_failure_says_in_which_scene_and_trying_again_keeps_the_others(make_runner, make_film, tmp_path):  # noqa: F811
    engine = FilmEngine()
    runner = make_runner(engine, segments_dir=tmp_path / "segments")
    job = run(runner, make_film(seeds=(fake.QUICK, fake.BUG)))
    assert (job.state, job.failure_code) == ("failed", "internal")
    engine.take()
    engine.fails = EngineFailure(FailureCode.SCENE_TRIMMED_AWAY, scene=3, start_s=9.0, end_s=1.0, needed_s=0.3)
    job = run(runner, make_film())
    assert (job.state, job.failure_code) == ("failed", "scene_trimmed_away")
    assert (job.failure_detail["scene"], job.failure_detail["scene_title"]) == (3, "Hello")
    assert engine.take() == ["TalkingPhotoRequest", "FilmRequest"]  # the first scene was kept
    engine.fails = None
    assert run(runner, make_film()).state == "succeeded"
    assert engine.take() == ["FilmRequest"]


class ListeningEngine:
    """Says one word in each voice, half a second after its beginning."""

    def __init__(self) -> None:
        self.heard = []

    def call(self, operation, request, hooks, *, label=""):
        assert operation == "captions"
        self.heard.append((request.request.script.text, request.request.frame_rate))
        word = {"text": request.request.script.text, "start_s": 0.5, "end_s": 0.9}
        cues = [{"start_s": 0.5, "end_s": 0.9, "words": [word]}]
        return {"cues": cues, "fitted": None, "timing": "exact", "is_found": True, "is_english_only": False}


def test_a_films_words_are_found_scene_by_scene(make_runner, alice):  # noqa: F811
    def scene(text, at_s):
        words = {"script": {"text": text, "voice": "en-us"}, "fps": "30", "film": "talking_photo"}
        return {"at_s": at_s, "from_s": 0.0, "shown_s": 2.0, "words": words}

    engine = ListeningEngine()
    wanted = {"scenes": [scene("One.", 0.0), scene("Two.", 1.8)]}
    job = run(make_runner(engine), Job.objects.create(owner=alice, kind="captions", request=wanted))
    assert job.state == "succeeded", job.failure_code
    assert engine.heard == [("One.", 30), ("Two.", 30)]
    assert [cue["start_s"] for cue in job.result["cues"]] == [0.5, 2.3]


def test_kept_scenes_are_bounded_and_losing_them_harms_nobody(tmp_path):
    kept = KeptScenes(tmp_path / "kept", max_bytes=25)
    for number in range(4):
        made = tmp_path / f"{number}.mp4"
        made.write_bytes(b"0123456789")
        kept.keep(str(number), made)
    assert len(list((tmp_path / "kept").iterdir())) == 2
    assert kept.take("3", tmp_path / "taken.mp4") and not kept.take("0", tmp_path / "other.mp4")
    assert not (tmp_path / "other.mp4").exists()
    KeptScenes(tmp_path / "0.mp4" / "no").keep("4", tmp_path / "1.mp4")  # no folder can be there
