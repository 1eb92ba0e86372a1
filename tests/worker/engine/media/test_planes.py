import av
import numpy as np
import pytest

from worker.engine.media.planes import EDITABLE_FORMATS, Colours, NativePicture, stored_box


def picture(
    name: str = "yuv420p", size: tuple[int, int] = (64, 48), rotation_deg: int = 0, matrix: int = 1
) -> NativePicture:
    """A picture of noise, in any planar format."""
    bits = EDITABLE_FORMATS[name][0]
    rng = np.random.default_rng(5)
    frame = av.VideoFrame(*size, name)
    top = 1 << bits
    kind = np.uint8 if bits == 8 else np.uint16
    for number, plane in enumerate(frame.planes):
        rows = np.frombuffer(plane, kind).reshape(plane.height, -1)
        low, high = (7 * top // 16, 9 * top // 16) if number else (3 * top // 8, 5 * top // 8)
        rows[:] = rng.integers(low, high, rows.shape)
    frame.colorspace = matrix
    frame.color_range = 1
    return NativePicture(frame, rotation_deg)


@pytest.mark.parametrize("name", sorted(EDITABLE_FORMATS))
def test_pasting_what_is_already_there_changes_no_sample(name):
    one = picture(name)
    before = [plane.copy() for plane in one.planes]
    one.paste_rgb((5, 7, 41, 30), one.crop_rgb((5, 7, 41, 30)))
    assert all((a == b).all() for a, b in zip(before, one.planes, strict=True))


@pytest.mark.parametrize("name", sorted(EDITABLE_FORMATS))
@pytest.mark.parametrize("rotation_deg", [0, 90, 180, 270])
def test_a_change_arrives_where_it_was_meant_and_nowhere_else(name, rotation_deg):
    one = picture(name, rotation_deg=rotation_deg)
    box = (6, 8, 30, 26)
    before, stored = one.rgb(), [plane.copy() for plane in one.planes]
    change = np.zeros((18, 24, 3), np.float32)
    change[4:12, 4:16] = (18.0, 18.0, 18.0)
    one.add_rgb(box, change)
    moved = one.rgb().astype(int) - before
    assert np.abs(moved[12:20, 10:22] - 18).mean() < 1.0
    moved[12:20, 10:22] = 0
    assert np.abs(moved).max() <= 1  # rounding
    # the luma of every other sample is the same, not merely nearly so
    x0, y0, x1, y1 = stored_box((10, 12, 22, 20), rotation_deg, one.size_px)
    same = one.planes[0] == stored[0]
    same[y0:y1, x0:x1] = True
    assert same.all()


@pytest.mark.parametrize("name", sorted(EDITABLE_FORMATS))
@pytest.mark.parametrize("rotation_deg", [0, 90, 180, 270])
def test_a_shift_goes_the_right_way_and_nowhere_else(name, rotation_deg):
    one = picture(name, rotation_deg=rotation_deg)
    before, stored = one.rgb().astype(int), [plane.copy() for plane in one.planes]
    shift = np.zeros((20, 24, 2), np.float32)
    shift[4:16, 4:20] = (4.0, -2.0)  # what is four to the left and two below
    one.shift((7, 9, 31, 29), shift)
    inside, from_there = np.s_[15:23, 13:25], np.s_[17:25, 9:21]
    assert np.abs(one.rgb().astype(int)[inside] - before[from_there]).mean() < 3.0
    assert np.abs(before[inside] - before[from_there]).mean() > 6.0
    x0, y0, x1, y1 = stored_box((11, 13, 27, 25), rotation_deg, one.size_px)
    same = one.planes[0] == stored[0]
    same[y0:y1, x0:x1] = True
    assert same.all()


def test_the_source_frame_is_never_written_to():
    one = picture()
    frame_luma = one.planes[0]
    kept = frame_luma.copy()
    one.add_rgb((0, 0, 16, 16), np.full((16, 16, 3), 40.0, np.float32))
    assert (frame_luma == kept).all()
    assert (one.planes[0] != kept).any()


def test_ten_bits_keep_steps_finer_than_eight():
    one = picture("yuv420p10le")
    before = one.planes[0].copy()
    one.add_rgb((0, 0, 64, 48), np.full((48, 64, 3), 0.5, np.float32))  # half a level of eight bits
    steps = one.planes[0].astype(int) - before
    assert steps.min() >= 1 and steps.max() <= 2


@pytest.mark.parametrize("matrix", ["bt601", "bt709", "smpte240m", "bt2020"])
@pytest.mark.parametrize("full_range", [True, False])
def test_matrices_to_and_from_rgb_are_inverse(matrix, full_range):
    colours = Colours(matrix, full_range, 8)
    there_and_back = colours.to_rgb()[:, :3] @ colours.change_to_yuv()
    assert np.allclose(there_and_back, np.eye(3), atol=1e-5)


def test_white_and_black_are_where_bt709_puts_them():
    white, black = np.array([235, 128, 128, 1.0]), np.array([16, 128, 128, 1.0])
    to_rgb = Colours("bt709", full_range=False, bits=8).to_rgb()
    assert np.allclose(to_rgb @ white, 255, atol=0.01)
    assert np.allclose(to_rgb @ black, 0, atol=0.01)


def test_it_sees_the_colours_that_the_converter_everybody_uses_sees():
    flat = av.VideoFrame.from_ndarray(np.full((32, 32, 3), (180, 90, 40), np.uint8), "rgb24")
    for name in ("yuv420p", "yuv444p", "yuv420p10le"):
        one = NativePicture(flat.reformat(format=name, dst_colorspace=5, dst_color_range=1))
        assert np.abs(one.rgb()[16, 16].astype(int) - (180, 90, 40)).max() <= 3


@pytest.mark.parametrize("box", [(0, 0, 0, 4), (-1, 0, 4, 4), (0, 0, 65, 4), (3, 40, 5, 49)])
def test_a_box_outside_the_picture_is_refused(box):
    with pytest.raises(ValueError, match="leaves"):
        picture().crop_rgb(box)


def test_a_change_of_another_shape_is_refused():
    with pytest.raises(ValueError, match="expected"):
        picture().add_rgb((0, 0, 8, 8), np.zeros((8, 9, 3), np.float32))


def test_a_small_crop_is_the_large_one_averaged():
    one = picture("yuv444p")
    small, large = one.crop_rgb((0, 0, 64, 48), max_side_px=32), one.crop_rgb((0, 0, 64, 48))
    averaged = large.reshape(24, 2, 32, 2, 3).mean((1, 3))
    assert small.shape == (24, 32, 3)
    assert np.abs(averaged - small).mean() < 3


def test_a_format_without_planes_becomes_one_with_them():
    rgb = np.random.default_rng(1).integers(60, 190, (32, 48, 3), dtype=np.uint8)
    one = NativePicture(av.VideoFrame.from_ndarray(np.repeat(rgb[::8, ::8], 8, 0).repeat(8, 1), "rgb24"))
    assert one.format == "yuv420p"
    assert one.rgb().shape == (32, 48, 3)


def test_grey_marks_move_luma_alone():
    one = picture(rotation_deg=90)
    chroma = one.planes[1].copy()
    up, down = np.zeros((64, 48), np.uint8), np.zeros((64, 48), np.uint8)
    up[3, 5], down[20, 9] = 2, 3
    before = one.planes[0].copy()
    one.add_grey(up, down)
    changed = one.planes[0].astype(int) - before
    assert sorted(changed[changed != 0]) == [-3, 2]
    assert (one.planes[1] == chroma).all()


@pytest.mark.parametrize("name", sorted(EDITABLE_FORMATS))
def test_a_shrunk_picture_shows_the_same_in_fewer_samples(name):
    one = picture(name, size=(64, 48))
    for plane in one.planes:
        plane[:] = plane[0, 0]
    before = one.rgb()[0, 0].astype(int)
    one.shrink(24)
    assert one.size_px == (32, 24)
    assert np.abs(one.rgb().astype(int) - before).max() <= 1
    one.shrink(100)
    assert one.size_px == (32, 24), "never larger"
