import av
import numpy as np
import pytest

from worker.engine.dub.blending import Edit, as_blurred, as_lit, edited, lay_in, shown_mask
from worker.engine.dub.lower_face import face_box
from worker.engine.dub.mouth_bank import Mouth
from worker.engine.dub.reposing import place_mouth
from worker.engine.face import landmarks as lm
from worker.engine.face.pose import HeadPose, canonical_face, rotation_from_angles
from worker.engine.media.planes import NativePicture
from worker.engine.motion.mouth_shapes import load_mouth_shapes
from worker.engine.speech.mouth_track import ARTICULATORS, Articulator

BOX = (60, 110, 340, 360)
POSE = HeadPose(0, 0, 0, rotation_from_angles(0, 0, 0), 80.0, np.array([200.0, 120.0, 0.0]))
OPEN = load_mouth_shapes().basis[ARTICULATORS.index(Articulator.OPENNESS)]
SKIN = np.array([200, 160, 140], np.uint8)


def skin(level: float = 1.0) -> np.ndarray:
    """The frame's box: fine-grained skin."""
    rng = np.random.default_rng(2)
    grain = rng.normal(0, 4, (BOX[3] - BOX[1], BOX[2] - BOX[0], 1))
    return np.clip(SKIN * level + grain, 0, 255).astype(np.uint8)


def mouth(openness: float, colour=(120, 40, 40), level: float = 1.0) -> Mouth:
    """A mouth whose lips and inside are of one colour, on skin."""
    import cv2

    mesh = canonical_face() + openness * OPEN
    points = POSE.from_canonical(mesh)
    rgb = skin(level)
    outline = (points[list(lm.LIPS_OUTER), :2] - BOX[:2]).round().astype(np.int32)
    cv2.fillPoly(rgb, [outline], colour)
    place = place_mouth(points - [BOX[0], BOX[1], 0], POSE.rotation, POSE.scale_px)
    light = SKIN * level
    return Mouth(0, 0.0, rgb, place, light, np.array(colour, float), 5.0, np.zeros(432, np.float32))


def edit(new_open: float, mouths, presence: float = 1.0, in_front=None) -> Edit:
    own = canonical_face()
    return Edit(POSE, own, own + new_open * OPEN, mouths, presence, in_front)


def lips_of(change, openness: float) -> np.ndarray:
    """The changed frame's colours at the lower lip's middle."""
    point = POSE.from_canonical(canonical_face() + openness * OPEN)[[lm.LOWER_LIP_BOTTOM, 15, 16], :2].mean(0)
    x, y = np.round(point).astype(int) - change.box[:2]
    return change.rgb[y - 1 : y + 2, x - 1 : x + 2].mean((0, 1))


def test_the_mouth_of_another_frame_appears_at_the_new_lips():
    change = edited(skin(), BOX, edit(0.6, [(mouth(0.9), 1.0)]))
    assert lips_of(change, 0.6)[1] < -70  # from skin to lip


def test_nothing_changes_far_from_the_mouth():
    change = edited(skin(), BOX, edit(0.6, [(mouth(0.9), 1.0)]))
    under_the_eyes = 120 + round(0.15 * 80)
    assert np.abs(change.rgb[: under_the_eyes - change.box[1]]).max(initial=0) < 1
    assert (
        max(np.abs(change.rgb[:, 0]).max(), np.abs(change.rgb[:, -1]).max()) < 10
    )  # grain that moved by nearly nothing


def test_presence_fades_the_patch_and_nought_leaves_only_the_jaw():
    whole, half, none = (lips_of(edited(skin(), BOX, edit(0.6, [(mouth(0.9), 1.0)], p)), 0.6)[1] for p in (1, 0.5, 0))
    assert whole < half < none
    assert half == pytest.approx(whole / 2, abs=8)
    assert none > -12


def test_what_stands_before_the_face_keeps_its_pixels():
    def left_half(crop, origin):
        mask = np.zeros(crop.shape[:2], np.float32)
        mask[:, : round(200 - origin[0])] = 1
        return mask

    change = edited(skin(), BOX, edit(0.6, [(mouth(0.9), 1.0)], in_front=left_half))
    middle = 200 - change.box[0]
    assert np.abs(change.rgb[:, :middle]).max() == 0
    assert np.abs(change.rgb[:, middle:]).max() > 50


def test_no_move_and_no_mouth_are_no_change():
    assert edited(skin(), BOX, edit(0.0, [])) is None


def test_a_darker_moments_mouth_gets_this_frames_light():
    bright = edited(skin(), BOX, edit(0.6, [(mouth(0.6), 1.0)]))
    mask = shown_mask(edit(0.6, [(mouth(0.6), 1.0)]), BOX)
    assert 0.9 < mask.max() <= 1.0
    dark = edited(skin(), BOX, edit(0.6, [(mouth(0.6, level=0.8), 1.0)]))
    border = (mask > 0.1) & (mask < 0.4)
    for change in (bright, dark):
        x0, y0, x1, y1 = change.box
        inside = border[y0 - BOX[1] : y1 - BOX[1], x0 - BOX[0] : x1 - BOX[0]]
        assert np.abs(change.rgb[inside].mean(0)).max() < 4


def test_light_is_a_ratio_so_black_stays_black():
    patch = np.full((60, 60, 3), 100.0, np.float32)
    patch[25:35, 25:35] = 0
    below = np.full((60, 60, 3), 130.0, np.float32)
    y, x = np.mgrid[:60, :60]
    mask = np.clip(1.3 - np.hypot(x - 30, y - 30) / 25, 0, 1).astype(np.float32)
    lit = as_lit(patch, below, mask, 60.0)
    assert lit[30, 30].max() < 1
    assert lit[8, 30].mean() == pytest.approx(130, abs=4)


def test_a_sharp_mouth_in_a_blurred_frame_is_blurred_and_a_blurred_frame_never_sharpens():
    rng = np.random.default_rng(1)
    sharp = rng.normal(128, 30, (60, 60, 3)).astype(np.float32)
    flat = np.full((60, 60, 3), 128, np.float32)
    mask = np.full((60, 60), 0.3, np.float32)
    assert as_blurred(sharp, flat, mask).std() < 0.5 * sharp.std()
    assert as_blurred(flat, sharp, mask) is flat


def test_two_mouths_are_not_shown_over_each_other_between_the_lips():
    white, black = mouth(1.0, (250, 250, 250)), mouth(1.0, (5, 5, 5))
    change = edited(skin(), BOX, edit(1.0, [(white, 0.7), (black, 0.3)]))
    mesh = POSE.from_canonical(canonical_face() + OPEN)
    x, y = np.round(mesh[[lm.UPPER_LIP_CENTRE, lm.LOWER_LIP_CENTRE], :2].mean(0)).astype(int) - change.box[:2]
    own = skin()[y + change.box[1] - BOX[1], x + change.box[0] - BOX[0]]
    assert (own + change.rgb[y, x]).min() > 235


def test_on_a_frames_planes_it_becomes_what_it_does_in_rgb():
    frame = av.VideoFrame.from_ndarray(np.full((420, 400, 3), SKIN, np.uint8), format="rgb24")
    frame = frame.reformat(format="yuv444p")
    asked = edit(0.6, [(mouth(0.9), 1.0)])
    planes, rgb = NativePicture(frame), NativePicture(frame)
    lay_in(planes, asked)
    box = face_box(POSE, rgb.size_px)
    change = edited(rgb.crop_rgb(box), box, asked)
    rgb.add_rgb(change.box, change.rgb)
    apart = planes.rgb().astype(int) - rgb.rgb()
    assert np.abs(rgb.rgb().astype(int) - NativePicture(frame).rgb()).max() > 60
    assert np.abs(apart).max() <= 6 and np.abs(apart).mean() < 0.1
