import numpy as np
import pytest

from tests.synth import drawn_group, drawn_landscape, drawn_portrait, drawn_tiny_face, portrait_truth
from worker.engine.contracts import MIN_FACE_PX, FaceBox, FaceChoice
from worker.engine.face.detection import DetectedFace, FaceFinder, check_usable, choose_face, find_faces
from worker.engine.face.mesh import FaceLandmarks
from worker.engine.face.pose import canonical_face, head_pose, rotation_from_angles
from worker.engine.face.selection import require_face
from worker.engine.failures import EngineFailure, FailureCode


def face_like(width_px: float, x: float = 100.0, yaw: float = 0.0, roll: float = 0.0) -> DetectedFace:
    """A detected face of the given inter-ear width, without any picture."""
    scale = width_px / 2.2446
    points = (scale * canonical_face() @ rotation_from_angles(yaw, 0, roll).T + [x, 200, 0]).astype(np.float32)
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    return DetectedFace(FaceBox(*low, *high, 0.9), FaceLandmarks(points), head_pose(points))


def code_of(call, *args, **kwargs) -> EngineFailure:
    with pytest.raises(EngineFailure) as caught:
        call(*args, **kwargs)
    return caught.value


@pytest.mark.parametrize("look", ["light", "dark", "old"])
def test_a_face_is_found_where_it_was_drawn(look):
    faces = find_faces(drawn_portrait(look=look))
    assert len(faces) == 1
    truth = portrait_truth()
    irises = faces[0].landmarks.xy_px[[468, 473]]
    expected = np.array([truth["left_pupil"], truth["right_pupil"]])
    pupil_distance = np.linalg.norm(expected[0] - expected[1])
    assert np.abs(irises - expected).max() < 0.12 * pupil_distance


def test_faces_are_found_in_the_corner_of_a_large_picture_and_reported_in_its_pixels():
    rgb = np.full((2400, 3000, 3), 120, np.uint8)
    rgb[1800:2280, 2500:2884] = drawn_portrait()
    faces = find_faces(rgb)
    assert len(faces) == 1
    assert 2500 < faces[0].box.x0 < faces[0].box.x1 < 2884
    assert faces[0].face_px == pytest.approx(find_faces(drawn_portrait())[0].face_px, rel=0.15)


def test_a_group_gives_every_face_once_widest_first():
    faces = find_faces(drawn_group(3))
    assert len(faces) == 3
    assert [f.face_px for f in faces] == sorted((f.face_px for f in faces), reverse=True)
    failure = code_of(choose_face, faces, FaceChoice())
    assert (failure.code, failure.detail) == (FailureCode.SEVERAL_FACES, {"count": 3})


@pytest.mark.parametrize("rgb", [drawn_landscape(), np.zeros((50, 80, 3), np.uint8), np.full((1, 1, 3), 9, np.uint8)])
def test_where_nobody_is_nobody_is_found(rgb):
    assert find_faces(rgb) == []
    assert code_of(require_face, rgb, FaceChoice()).code is FailureCode.NO_FACE


def test_noise_is_no_face():
    assert find_faces(np.random.default_rng(0).integers(0, 256, (400, 600, 3), dtype=np.uint8)) == []


def test_an_upside_down_face_is_told_from_no_face_with_the_turn_that_helps():
    rgb = np.ascontiguousarray(np.rot90(drawn_portrait(), 2))
    failure = code_of(require_face, rgb, FaceChoice())
    assert failure.code is FailureCode.FACE_UPSIDE_DOWN
    assert failure.detail == {"turn_deg": 180}


def test_a_sideways_face_says_which_way_to_turn():
    rgb = np.ascontiguousarray(np.rot90(drawn_portrait(), 1))
    with FaceFinder() as finder:
        turn_deg = finder.rotation_deg(rgb)
        assert len(finder.find(np.ascontiguousarray(np.rot90(rgb, turn_deg // 90)))) == 1


def test_a_tiny_face_says_how_large_it_is_and_how_large_it_must_be():
    failure = code_of(require_face, drawn_tiny_face(44), FaceChoice())
    assert failure.code is FailureCode.FACE_TOO_SMALL
    assert failure.detail["needed_px"] == MIN_FACE_PX
    assert 30 < failure.detail["face_px"] < MIN_FACE_PX


def test_a_usable_face_passes():
    assert require_face(drawn_portrait(), FaceChoice()).face_px > MIN_FACE_PX


def test_the_clearly_widest_face_is_meant():
    faces = [face_like(200), face_like(90, x=600)]
    assert choose_face(faces, FaceChoice()) is faces[0]
    assert code_of(choose_face, [face_like(200), face_like(160, x=600)], FaceChoice()).code is FailureCode.SEVERAL_FACES


def test_a_face_is_chosen_by_index_and_by_point():
    faces = [face_like(200, x=300), face_like(180, x=900)]
    assert choose_face(faces, FaceChoice(index=1)) is faces[1]
    assert choose_face(faces, FaceChoice(point=(905.0, 210.0))) is faces[1]
    outside = code_of(choose_face, faces, FaceChoice(index=2))
    assert (outside.code, outside.detail["count"]) == (FailureCode.FACE_INDEX_OUT_OF_RANGE, 2)
    assert code_of(choose_face, faces, FaceChoice(index=-1)).code is FailureCode.FACE_INDEX_OUT_OF_RANGE
    assert code_of(choose_face, faces, FaceChoice(point=(5.0, 5.0))).code is FailureCode.NO_FACE_AT_POINT


def test_what_keeps_a_face_from_being_animated_is_named_with_facts():
    turned = code_of(check_usable, face_like(200, yaw=-60))
    assert (turned.code, turned.detail) == (FailureCode.FACE_TURNED_AWAY, {"yaw_deg": 60, "max_yaw_deg": 45})
    assert code_of(check_usable, face_like(200, roll=170)).code is FailureCode.FACE_UPSIDE_DOWN
    covered = code_of(check_usable, face_like(200), mouth_covered=0.9)
    assert (covered.code, covered.detail) == (FailureCode.FACE_COVERED, {"covered_percent": 90})
    check_usable(face_like(200, yaw=40), mouth_covered=0.2)


@pytest.mark.parametrize("rgb", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3))])
def test_pictures_of_other_shapes_are_refused(rgb):
    with pytest.raises(ValueError, match="expected"):
        find_faces(rgb)


def load(path):
    from worker.engine.media.images import load_image

    return load_image(path).rgb


@pytest.mark.media
def test_every_real_portrait_has_one_usable_face(shared_media):
    with FaceFinder() as finder:
        for path in sorted((shared_media / "portraits").iterdir()):
            faces = finder.find(load(path))
            assert len(faces) == 1, path.name
            check_usable(faces[0])


@pytest.mark.media
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("img_cat.png", FailureCode.NO_FACE),
        ("img_llama.jpg", FailureCode.NO_FACE),
        ("img_noface_coffee.png", FailureCode.NO_FACE),
        ("img_noface_grass.jpg", FailureCode.NO_FACE),
        ("img_group_four.png", FailureCode.SEVERAL_FACES),
        ("img_group_selfie.jpg", FailureCode.SEVERAL_FACES),
        ("img_profile_man.jpg", FailureCode.FACE_TURNED_AWAY),
        ("img_profile_woman.jpeg", FailureCode.FACE_TURNED_AWAY),
        ("img_64px.png", FailureCode.FACE_TOO_SMALL),
        ("img_tiny_faces_crowd.jpg", FailureCode.FACE_TOO_SMALL),
        ("img_upside_down_noexif.jpg", FailureCode.FACE_UPSIDE_DOWN),
        ("img_occluded_mask.png", FailureCode.FACE_COVERED),
    ],
)
def test_hard_pictures_are_refused_for_the_right_reason(shared_media, name, code):
    assert code_of(require_face, load(shared_media / "hard_cases" / name), FaceChoice()).code is code


@pytest.mark.media
@pytest.mark.parametrize(
    "name",
    [
        "img_anime.png",
        "img_cartoon_man.png",
        "img_statue.jpg",
        "img_fullbody_smallface_cgi.jpg",
        "img_tinted_glasses.jpg",
    ],
)
def test_odd_but_usable_faces_are_accepted(shared_media, name):
    assert require_face(load(shared_media / "hard_cases" / name), FaceChoice()).landmarks is not None
