import numpy as np
import pytest

from tests.synth import drawn_portrait
from worker.engine.contracts import FaceBox
from worker.engine.face import landmarks as lm
from worker.engine.face.detection import DetectedFace, find_faces
from worker.engine.face.occlusion import mouth_covered


@pytest.mark.parametrize("look", ["light", "dark", "old"])
def test_a_bare_mouth_is_not_covered_and_a_mask_is_seen(look):
    bare = drawn_portrait(look=look)
    face = find_faces(bare)[0]
    assert mouth_covered(bare, face) < 0.2
    assert mouth_covered(drawn_portrait(look=look, covered=True), face) > 0.6


def test_an_open_mouth_is_not_covered():
    rgb = drawn_portrait(gap=0.3)
    assert mouth_covered(rgb, find_faces(rgb)[0]) < 0.2


def test_a_dark_microphone_before_the_lips_is_seen():
    rgb = drawn_portrait()
    face = find_faces(rgb)[0]
    x, y = face.landmarks.xy_px[[lm.UPPER_LIP_CENTRE, lm.LOWER_LIP_CENTRE]].mean(0)
    reach = 0.55 * float(lm.inter_ocular_px(face.landmarks.points_px))
    rows, columns = np.mgrid[: rgb.shape[0], : rgb.shape[1]]
    foam = np.hypot(columns - x, rows - y) < reach
    noise = np.random.default_rng(0).normal(0, 6, (foam.sum(), 3))
    rgb[foam] = np.clip(36 + noise, 0, 255)
    assert mouth_covered(rgb, face) > 0.5


def test_a_black_picture_says_nothing():
    face = find_faces(drawn_portrait())[0]
    assert mouth_covered(np.zeros((480, 384, 3), np.uint8), face) == 0.0


def test_without_a_mesh_nothing_is_claimed():
    assert mouth_covered(drawn_portrait(), DetectedFace(FaceBox(0, 0, 10, 10, 0.9), None, None)) == 0.0


@pytest.mark.media
def test_real_mouths_with_beards_moustaches_and_dark_skin_are_not_called_covered(shared_media):
    from worker.engine.media.images import load_image

    for path in sorted((shared_media / "portraits").iterdir()):
        rgb = load_image(path).rgb
        assert mouth_covered(rgb, find_faces(rgb)[0]) < 0.3, path.name


@pytest.mark.media
def test_a_real_medical_mask_is_seen(shared_media):
    from worker.engine.media.images import load_image

    rgb = load_image(shared_media / "hard_cases" / "img_occluded_mask.png").rgb
    assert mouth_covered(rgb, find_faces(rgb)[0]) > 0.5
