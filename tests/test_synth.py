"""The synthetic material is what it says it is: other tests build on its truth."""

import av
import numpy as np
import pytest
import soundfile

from tests import synth
from worker.engine.face.mesh import FaceMesh


def faces_in(rgb, most=5):
    with FaceMesh(tracking=False, max_faces=most) as mesh:
        return mesh.detect(rgb)


@pytest.mark.parametrize("look", synth.LOOKS)
def test_the_mesh_sits_on_a_drawn_portrait(look):
    points = faces_in(synth.drawn_portrait(look=look))[0].xy_px
    truth = synth.portrait_truth()
    assert np.abs(points[468] - truth["left_pupil"]).max() < 5
    assert np.abs(points[473] - truth["right_pupil"]).max() < 5
    assert np.abs((points[13] + points[14]) / 2 - truth["mouth"]).max() < 6


def test_a_wider_drawn_mouth_reads_wider():
    gaps = (0.0, 0.12, 0.2, 0.32)
    read = []
    for gap in gaps:
        points = faces_in(synth.drawn_portrait(gap=gap))[0].xy_px
        read.append((points[14][1] - points[13][1]) / np.linalg.norm(points[473] - points[468]))
    assert np.abs(np.array(read) - gaps).max() < 0.07
    assert np.all(np.diff(read) > 0.03)


def test_a_mirrored_portrait_is_the_mirror_image():
    assert np.array_equal(synth.drawn_portrait(mirrored=True)[:, ::-1], synth.drawn_portrait())


def test_portraits_are_fresh_copies():
    first = synth.drawn_portrait()
    first[:] = 0
    assert synth.drawn_portrait().any()


def test_a_rolled_face_turns_clockwise():
    points = faces_in(synth.drawn_portrait(roll_deg=20))[0].xy_px
    across = points[473] - points[468]
    assert np.degrees(np.arctan2(across[1], across[0])) == pytest.approx(20, abs=4)


def test_a_group_has_as_many_faces_as_asked_for():
    assert len(faces_in(synth.drawn_group(3))) == 3


def test_a_landscape_has_no_face():
    assert faces_in(synth.drawn_landscape()) == []


def test_a_mask_hides_the_mouth():
    plain, covered = synth.drawn_portrait(), synth.drawn_portrait(covered=True)
    x, y = (int(v) for v in synth.portrait_truth()["mouth"])
    assert np.ptp(covered[y - 8 : y + 8, x - 20 : x + 20].mean(axis=2)) < np.ptp(
        plain[y - 8 : y + 8, x - 20 : x + 20].mean(axis=2)
    )
    assert np.array_equal(plain[: y - 110], covered[: y - 110])


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".mp3"])
def test_sound_survives_its_file(tmp_path, suffix):
    path = synth.write_audio(tmp_path / f"a{suffix}", synth.tone(1.0, 500.0))
    samples, rate = soundfile.read(path)
    spectrum = np.abs(np.fft.rfft(samples))
    assert np.argmax(spectrum) * rate / len(samples) == pytest.approx(500, abs=3)


def test_babble_bursts_where_it_says():
    sound = synth.babble([0.5, 1.25], 2.0)
    loud = np.abs(sound) > 0.02
    assert not loud[: int(0.49 * 16000)].any() and loud[int(0.5 * 16000) : int(0.52 * 16000)].any()
    assert not loud[int(0.9 * 16000) : int(1.24 * 16000)].any() and loud[int(1.25 * 16000) : int(1.27 * 16000)].any()


def test_speechlike_has_the_rhythm_of_speech():
    sound = synth.speechlike(6.0, seed=2)
    frames = sound[: len(sound) // 160 * 160].reshape(-1, 160)
    level = np.sqrt((frames**2).mean(axis=1))
    assert 0.4 < (level > 0.01).mean() < 0.98
    spectrum = np.abs(np.fft.rfft(level - level.mean()))
    rates = np.fft.rfftfreq(level.size, 0.01)
    assert spectrum[(rates > 2) & (rates < 9)].sum() > spectrum[(rates > 12) & (rates < 30)].sum()


@pytest.mark.parametrize("vfr", [False, True])
def test_a_talking_clip_keeps_its_times_and_apertures(tmp_path, vfr):
    clip = synth.drawn_talking_clip(tmp_path / "c.mp4", 0.6, aperture=lambda t: 0.3 if t > 0.3 else 0.0, vfr=vfr)
    with av.open(str(clip.path)) as container:
        frames = [(float(f.pts * f.time_base), f.to_ndarray(format="rgb24")) for f in container.decode(video=0)]
    assert [t for t, _ in frames] == pytest.approx(clip.pts_s.tolist(), abs=0.002)
    for (_, rgb), gap in zip((frames[0], frames[-1]), (clip.apertures[0], clip.apertures[-1]), strict=True):
        points = faces_in(rgb)[0].xy_px
        assert (points[14][1] - points[13][1]) / np.linalg.norm(points[473] - points[468]) == pytest.approx(
            gap, abs=0.08
        )


def test_a_turned_clip_is_stored_lying_down(tmp_path):
    clip = synth.drawn_talking_clip(tmp_path / "r.mp4", 0.12, aperture=lambda t: 0.0, rotation_deg=90)
    with av.open(str(clip.path)) as container:
        frame = next(container.decode(video=0))
    assert (frame.width, frame.height) == (320, 256) and frame.rotation in (-90, 90, 270)
    assert not clip.path.with_suffix(".stored.mp4").exists()
