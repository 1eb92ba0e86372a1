"""Who is in drawn clips: one number per person across gaps and cuts, steady points, a cache, and who speaks."""

import shutil
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.synth import babble, drawn_landscape, drawn_portrait, drawn_talking_clip, write_clip
from worker.engine.contracts import FaceChoice
from worker.engine.dub.people import ClipPeople, look_at_clip, pose_fade
from worker.engine.dub.speaker import choose_person, who_speaks
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.audio import Audio
from worker.engine.media.probe import probe

SIZE = (288, 320)


def person(look: str, gap: float = 0.0) -> np.ndarray:
    return drawn_portrait(*SIZE, look=look, gap=round(gap / 0.04) * 0.04, unit_share=0.2, eye_line=0.38)


def people_in(folder: Path, frames: list[np.ndarray], **options) -> ClipPeople:
    path = write_clip(folder / "clip.mp4", frames, Fraction(25))
    return look_at_clip(path, probe(path), **options)


def test_one_person_is_found_in_every_frame_with_steady_points(tmp_path):
    clip = drawn_talking_clip(tmp_path / "c.mp4", 1.2, width_px=SIZE[0], height_px=SIZE[1])
    found = look_at_clip(clip.path, probe(clip.path))
    (one,) = found.people
    assert len(found.shots) == 1
    assert found.end_s == pytest.approx(1.2, abs=0.01)
    assert one.present.all() and len(one.faces) == 30
    assert one.usable.min() > 0.99
    assert one.covered.max() < 0.5
    assert one.thumbnail_rgb.shape == (160, 160, 3)
    assert one.faces[7].pts_s == pytest.approx(7 / 25)
    assert [face.index for face in one.faces[3:5]] == [3, 4]
    still = np.asarray(one.stable_landmarks_px)[:, 10, :2]  # the forehead does not move
    assert np.abs(np.diff(still, n=2, axis=0)).max() < 0.6


def test_frames_without_a_face_pass_and_the_person_comes_back_under_the_same_number(tmp_path):
    talking = [person("light", 0.2 * (i % 2)) for i in range(12)]
    found = people_in(tmp_path, talking + [drawn_landscape(*SIZE)] * 12 + talking)
    assert [round(shot.start_s, 2) for shot in found.shots] == [0.0, 0.48, 0.96]
    (one,) = found.people
    assert one.present.tolist() == [True] * 12 + [False] * 12 + [True] * 12
    assert one.faces[15] is None and one.usable[15] == 0
    assert found.shot_of().tolist() == [0] * 12 + [1] * 12 + [2] * 12


def test_another_person_after_a_cut_is_another_person(tmp_path):
    closer = drawn_portrait(*SIZE, look="dark", unit_share=0.26, eye_line=0.45)
    found = people_in(tmp_path, [person("light")] * 14 + [closer] * 10)
    assert [one.present.sum() for one in found.people] == [14, 10]


def test_a_clip_without_faces_has_no_people_and_does_not_fail(tmp_path):
    found = people_in(tmp_path, [drawn_landscape(*SIZE)] * 10)
    assert found.people == ()
    with pytest.raises(EngineFailure) as caught:
        choose_person(found, FaceChoice())
    assert caught.value.code is FailureCode.NO_FACE


@pytest.fixture(scope="module")
def two_people(tmp_path_factory) -> ClipPeople:
    """Left and right; only the right one's mouth moves, with the syllables of `voice`."""
    folder = tmp_path_factory.mktemp("two")
    frames = []
    for i in range(50):
        gap = 0.24 * max(0.0, np.sin(2 * np.pi * 2 * i / 25)) ** 2
        frames.append(np.concatenate([person("light"), person("dark", gap)], axis=1))
    return people_in(folder, frames)


def voice() -> Audio:
    samples = babble([0.05, 0.55, 1.05, 1.55], 2.0)
    return Audio(samples, 16_000, 16_000, 1, 2.0)


def side_of(one) -> str:
    return "left" if float(one.faces[0].landmarks_px[:, 0].mean()) < SIZE[0] else "right"


def test_the_one_whose_lips_go_with_the_voice_is_meant(two_people):
    assert len(two_people.people) == 2
    speaking = who_speaks(two_people, voice())
    assert speaking.index is not None
    assert side_of(choose_person(two_people, FaceChoice(), voice())) == "right"


def test_a_click_and_a_number_choose(two_people):
    assert side_of(choose_person(two_people, FaceChoice(point=(SIZE[0] / 2, 140), at_s=1.0))) == "left"
    assert side_of(choose_person(two_people, FaceChoice(point=(1.5 * SIZE[0], 140)))) == "right"
    assert choose_person(two_people, FaceChoice(index=1)).index == 1


def test_a_click_beside_every_face_and_a_number_nobody_has_are_refused(two_people):
    for choice, code in (
        (FaceChoice(point=(5.0, 315.0), at_s=0.5), FailureCode.NO_FACE_AT_POINT),
        (FaceChoice(point=(-50.0, 1e5), at_s=99.0), FailureCode.NO_FACE_AT_POINT),
        (FaceChoice(index=2), FailureCode.FACE_INDEX_OUT_OF_RANGE),
    ):
        with pytest.raises(EngineFailure) as caught:
            choose_person(two_people, choice)
        assert caught.value.code is code
        assert caught.value.detail["count"] == 2


def test_a_second_look_reads_what_the_first_kept(tmp_path, monkeypatch):
    frames = [person("light", 0.2 * (i % 2)) for i in range(8)]
    first = people_in(tmp_path, frames, cache_dir=tmp_path / "cache")
    copy = shutil.copy(tmp_path / "clip.mp4", tmp_path / "another name.mp4")
    monkeypatch.setattr("worker.engine.dub.people.decode_video", None)  # nothing is decoded again
    again = look_at_clip(Path(copy), probe(Path(copy)), cache_dir=tmp_path / "cache")
    assert np.array_equal(again.people[0].stable_landmarks_px, first.people[0].stable_landmarks_px)
    assert again.shots == first.shots


def test_a_damaged_cache_is_made_anew(tmp_path):
    frames = [person("light")] * 6
    people_in(tmp_path, frames, cache_dir=tmp_path / "cache")
    (kept,) = (tmp_path / "cache").iterdir()
    (kept / "0-stable.npy").write_bytes(b"broken")
    again = people_in(tmp_path, frames, cache_dir=tmp_path / "cache")
    assert again.people[0].present.all()


def test_a_look_can_be_stopped_and_leaves_nothing(tmp_path):
    with pytest.raises(EngineFailure) as caught:
        people_in(tmp_path, [person("light")] * 6, cache_dir=tmp_path / "cache", should_stop=lambda: True)
    assert caught.value.code is FailureCode.CANCELLED
    assert list((tmp_path / "cache").iterdir()) == []


def test_progress_rises_to_one(tmp_path):
    told: list[float] = []
    people_in(tmp_path, [person("light")] * 25, on_fraction=told.append)
    assert told == sorted(told) and told[-1] == 1.0


def test_the_edit_fades_between_35_and_40_degrees():
    assert pose_fade(np.array([-45.0, -40, -37.5, 0, 35, 36, 90])) == pytest.approx([0, 0, 0.5, 1, 1, 0.8, 0])


@pytest.mark.media
@pytest.mark.slow
def test_two_debaters_and_a_musical_are_told_apart(shared_media):
    for name, cuts_s, seen in (
        ("vid_two_speakers_debate2_turban.avi", [5.88], 2),
        ("vid_shot_cut_music.mp4", [0.67, 2.74, 7.04], 3),
    ):
        path = shared_media / "hard_cases" / name
        found = look_at_clip(path, probe(path))
        assert [shot.start_s for shot in found.shots[1:]] == pytest.approx(cuts_s, abs=0.05)
        assert sum(one.present.mean() > 0.2 for one in found.people) == seen
