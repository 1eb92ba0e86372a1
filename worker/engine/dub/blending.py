"""The new mouth in its frame: warped to the target lips, lit and blurred as the frame is, laid in without a border."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from worker.engine.dub.inside import DrawnInside, drawn_share, inside_mask, middle_gap
from worker.engine.dub.lower_face import face_box, lower_face_map
from worker.engine.dub.mouth_bank import Mouth
from worker.engine.dub.reposing import (
    TABLE_STEP,
    UPPER_INNER,
    MouthPlace,
    MouthTable,
    in_plane,
    looked_up,
    mouth_table,
    place_mouth,
    table_places,
    to_picture,
)
from worker.engine.dub.speaker_shape import inner_gap
from worker.engine.face import landmarks as lm
from worker.engine.face.pose import HeadPose
from worker.engine.media.planes import NativePicture
from worker.engine.render.warping import Region

# How far beyond the lips the patch reaches: a moustache above and the nose keep their own pixels.
_ASIDE, _OVER, _UNDER = 0.20, 0.15, 0.24  # inter-ocular distances
_SOLID, _MOST_SOLID = 0.30, 0.62  # of that reach is wholly the patch; the most where the lips move far, or the frame's
_FAR = 0.30  # own lip, pulled thin over an open mouth, would show beside the new one; inter-ocular distances
_FAR_ASIDE = 0.15  # the same of a mouth that becomes narrower, whose own dark corners lie beside the new ones
_NOSE_SHARE = 0.62  # of the way from the upper lip to the nose the patch may take at most
_PAST_NOSE = 0.12  # so near the corners, and beyond them, no nose is in the way; inter-ocular distances
_CLIFF = 0.03  # inter-ocular distances
_LIGHT_STEP = 4  # px: light is matched on a picture this much smaller
_LIGHT_REACH = 0.10  # inter-ocular distances
_MOST_GAIN = 1.45
_MOST_BLUR_PX = 3.0
_INSIDE_SOFT = 0.014  # inter-ocular distances
_COARSE_FROM_PX = 60  # between the eyes; larger faces' maps are made at half size

# A part of the frame as it is (h, w, 3) and its (x, y) there → (h, w) float32, 1 where something is before the face.
InFront = Callable[[np.ndarray, tuple[float, float]], np.ndarray | None]


@dataclass(frozen=True)
class Edit:
    """What one frame becomes. own_mesh, new_mesh: canonical (478, 3). mouths: (mouth, share), shares sum to 1.

    presence in [0, 1]: how much of the patch is shown. in_front: tells what stands before the face, or None. inside:
    what is drawn where no mouth of the clip is open enough, or None.
    """

    pose: HeadPose
    own_mesh: np.ndarray
    new_mesh: np.ndarray
    mouths: Sequence[tuple[Mouth, float]]
    presence: float
    in_front: InFront | None = None
    inside: DrawnInside | None = None


@dataclass(frozen=True)
class Change:
    """What is added to a frame: rgb (h, w, 3) float32 over `box` (x0, y0, x1, y1) of the picture."""

    box: tuple[int, int, int, int]
    rgb: np.ndarray


def lay_in(picture: NativePicture, edit: Edit) -> None:
    """Bring a frame to its new mouth, in place."""
    box = face_box(edit.pose, picture.size_px)
    if box is None:
        return
    if edit.in_front is not None:  # needs the change as a whole
        change = edited(picture.crop_rgb(box), box, edit)
        if change is not None:
            picture.add_rgb(change.box, change.rgb)
        return
    moved = lower_face_map(edit.pose, edit.new_mesh - edit.own_mesh, box)
    if moved.box is not None:
        picture.shift(moved.box, moved.shift_px)
    part = _patch_place(edit, box)
    if part is not None:
        face = picture.crop_rgb(part.box)
        before = face.copy()
        _lay_mouth(face, part.box[:2], part, edit)
        picture.add_rgb(part.box, cv2.subtract(face, before, dtype=cv2.CV_32F))


def edited(own: np.ndarray, box: tuple[int, int, int, int], edit: Edit) -> Change | None:
    """The change that brings `own` (h, w, 3) uint8, the frame's `box`, to its new mouth; None when there is none."""
    moved = lower_face_map(edit.pose, edit.new_mesh - edit.own_mesh, box)
    part = _patch_place(edit, box)
    touched = [rect for rect in (moved.box, None if part is None else part.box) if rect is not None]
    if not touched:
        return None
    corners = np.array(touched)
    x0, y0 = corners[:, :2].min(0)
    x1, y1 = corners[:, 2:].max(0)
    inside = np.s_[y0 - box[1] : y1 - box[1], x0 - box[0] : x1 - box[0]]
    before = own[inside]
    face = before.copy()
    if moved.box is not None:
        mx0, my0, mx1, my1 = moved.box
        at = moved.source_px((box[0], box[1]))
        place = face[my0 - y0 : my1 - y0, mx0 - x0 : mx1 - x0]
        cv2.remap(own, at, None, cv2.INTER_CUBIC, dst=place, borderMode=cv2.BORDER_REPLICATE)
    if part is not None:
        _lay_mouth(face, (int(x0), int(y0)), part, edit)
    change = cv2.subtract(face, before, dtype=cv2.CV_32F)
    hidden = None if edit.in_front is None else edit.in_front(before, (float(x0), float(y0)))
    if hidden is not None:
        change *= (1 - hidden)[..., None]
    return Change((int(x0), int(y0), int(x1), int(y1)), change)


@dataclass(frozen=True)
class _PatchPlace:
    """Where the patch goes: target mouth, its box in the picture, how far it may reach above the lip and beyond the
    corners, and how much of that reach is wholly the patch.
    """

    target: MouthPlace
    box: tuple[int, int, int, int]
    above: float
    aside: float
    solid: float


def _patch_place(edit: Edit, box: tuple[int, int, int, int]) -> _PatchPlace | None:
    if not edit.mouths or edit.presence <= 0:
        return None
    points = edit.pose.from_canonical(edit.new_mesh)[:, :2]
    target = place_mouth(points, edit.pose.rotation, edit.pose.scale_px)
    narrowed = max(0.0, _width(edit.own_mesh) - _width(edit.new_mesh))
    aside = _ASIDE + narrowed / 2
    part = _patch_box(target, box, aside)
    if part is None:
        return None
    apart = abs(inner_gap(edit.new_mesh) - inner_gap(edit.own_mesh))
    solid = _SOLID + (_MOST_SOLID - _SOLID) * min(1.0, max(apart / _FAR, narrowed / _FAR_ASIDE))
    return _PatchPlace(target, part, _room_above(target, points), aside, solid)


def _width(mesh: np.ndarray) -> float:
    return float(mesh[lm.MOUTH_CORNER_LEFT, 0] - mesh[lm.MOUTH_CORNER_RIGHT, 0])


def _lay_mouth(face: np.ndarray, origin: tuple[int, int], part: _PatchPlace, edit: Edit) -> None:
    """The patch over `face` (h, w, 3) uint8, whose first pixel is at `origin` (x, y) of the picture, in place."""
    tables = [(mouth, share, mouth_table(part.target, mouth.place)) for mouth, share in edit.mouths]
    x0, y0, x1, y1 = part.box
    size = (x1 - x0, y1 - y0)
    step = 2 if edit.pose.scale_px > _COARSE_FROM_PX else 1
    nodes = Region(x0, y0, x1, y1, max(4, size[0] // step), max(4, size[1] // step))
    at = table_places(part.target, nodes.nodes_px().reshape(nodes.grid_height, nodes.grid_width, 2).astype(np.float32))
    mask = patch_mask(tables[0][2], at, part, size)
    inside = np.s_[y0 - origin[1] : y1 - origin[1], x0 - origin[0] : x1 - origin[0]]
    below = face[inside].astype(np.float32)
    patch = np.zeros_like(below)
    mainly = patch
    for mouth, share, table in tables:
        source = cv2.resize(to_picture(mouth.place, looked_up(table.source, at)), size)
        seen = cv2.remap(mouth.rgb, source, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        seen = seen.astype(np.float32)
        if edit.inside is not None:
            _draw_inside(seen, edit.inside, part.target, mouth, table, at)
        cv2.scaleAdd(seen, share, patch, patch)
        if share >= 0.5:
            mainly = seen
    if len(tables) > 1:  # two rows of teeth over each other would be no mouth at all: inside, one of the two is shown
        between = inside_mask(looked_up(tables[0][2].from_top, at), looked_up(tables[0][2].to_bottom, at), _INSIDE_SOFT)
        patch += cv2.resize(between, size)[..., None] * (mainly - patch)
    patch = as_blurred(patch, below, mask)
    patch = as_lit(patch, below, mask, edit.pose.scale_px)
    alpha = mask * np.float32(edit.presence)
    patch -= below
    patch *= alpha[..., None]
    patch += below
    face[inside] = np.clip(patch + 0.5, 0, 255).astype(np.uint8)


def _draw_inside(
    seen: np.ndarray, inside: DrawnInside, target: MouthPlace, mouth: Mouth, table: MouthTable, at: np.ndarray
) -> None:
    """Lay the drawn inside over a warped mouth (h, w, 3) float32 that is more shut than it has to be, in place."""
    gap = middle_gap(target)
    share = drawn_share(gap, middle_gap(mouth.place))
    if share <= 0:
        return
    from_top, to_bottom = looked_up(table.from_top, at), looked_up(table.to_bottom, at)
    middle = target.rows.shape[1] // 2
    lip = target.rows[UPPER_INNER, middle].astype(np.float32)
    drawn = inside.draw(in_plane(at) - lip, gap, from_top, to_bottom)
    size = (seen.shape[1], seen.shape[0])
    mask = cv2.resize(inside_mask(from_top, to_bottom, _INSIDE_SOFT), size)[..., None] * np.float32(share)
    seen += mask * (cv2.resize(drawn, size) - seen)


def shown_mask(edit: Edit, box: tuple[int, int, int, int]) -> np.ndarray:
    """(h, w) float32 over `box`: how much of each pixel is the laid-in mouth."""
    x0, y0, x1, y1 = box
    mask = np.zeros((y1 - y0, x1 - x0), np.float32)
    part = _patch_place(edit, box)
    if part is None:
        return mask
    px0, py0, px1, py1 = part.box
    size = (px1 - px0, py1 - py0)
    nodes = Region(px0, py0, px1, py1, *size).nodes_px().reshape(size[1], size[0], 2).astype(np.float32)
    table = mouth_table(part.target, edit.mouths[0][0].place)
    at = table_places(part.target, nodes)
    mask[py0 - y0 : py1 - y0, px0 - x0 : px1 - x0] = edit.presence * patch_mask(table, at, part, size)
    return mask


def _patch_box(target: MouthPlace, box: tuple[int, int, int, int], aside: float) -> tuple[int, int, int, int] | None:
    rows = target.rows.reshape(-1, 2)
    low = rows.min(0) - np.array([aside, _OVER])
    high = rows.max(0) + np.array([aside, _UNDER])
    corners = np.array([(low[0], low[1]), (high[0], low[1]), (high[0], high[1]), (low[0], high[1])])
    points = corners @ target.to_px.T + target.origin_px
    x0, y0 = np.maximum(np.floor(points.min(0)), box[:2]).astype(int)
    x1, y1 = np.minimum(np.ceil(points.max(0)) + 1, box[2:]).astype(int)
    return None if x1 - x0 < 6 or y1 - y0 < 6 else (int(x0), int(y0), int(x1), int(y1))


def _room_above(target: MouthPlace, points_px: np.ndarray) -> float:
    """How far above the upper lip the patch may reach, in the face's plane: never up to the nose."""
    nose = target.in_plane(points_px[lm.NOSE_BOTTOM])[1]
    lip = target.rows[0, :, 1].min()
    return float(np.clip(_NOSE_SHARE * (lip - nose), 0.04, _OVER))


def patch_mask(table: MouthTable, at: np.ndarray, part: _PatchPlace, size: tuple[int, int]) -> np.ndarray:
    """(h, w) float32 in [0, 1]: 1 on the lips and close by, falling softly to 0 where the patch ends."""
    room = part.above + (_OVER - part.above) * np.clip(1 + table.aside / _PAST_NOSE, 0, 1)
    up = np.maximum(table.over, 0) / room
    down = np.maximum(table.under, 0) / _UNDER
    away = np.sqrt(np.maximum(up, down) ** 2 + (np.maximum(table.aside, 0) / part.aside) ** 2)
    t = np.clip((1 - away) / (1 - part.solid), 0, 1).astype(np.float32)
    # Seen from the corners, the lips' outlines are cliffs.
    soft = cv2.GaussianBlur(t * t * (3 - 2 * t), (0, 0), _CLIFF / TABLE_STEP)
    return cv2.resize(looked_up(soft, at, cv2.BORDER_CONSTANT), size, interpolation=cv2.INTER_LINEAR)


def as_lit(patch: np.ndarray, below: np.ndarray, mask: np.ndarray, scale_px: float) -> np.ndarray:
    """`patch` (h, w, 3) float32 in the light of `below`: the ratio of both along the mask's border, spread inwards."""
    size = (max(4, patch.shape[1] // _LIGHT_STEP), max(4, patch.shape[0] // _LIGHT_STEP))
    seen, wanted = (cv2.resize(p, size, interpolation=cv2.INTER_AREA) for p in (patch, below))
    weight = cv2.resize(mask, size, interpolation=cv2.INTER_AREA)
    # Where the patch fades out both show the same skin; under the lips they need not.
    border = (np.clip(weight / 0.08, 0, 1) * np.clip((0.75 - weight) / 0.35, 0, 1)).astype(np.float32)
    if border.sum() < 1:
        return patch
    ratio = np.log((wanted + 6) / (seen + 6))
    sigma = max(1.0, _LIGHT_REACH * scale_px / _LIGHT_STEP)
    near = cv2.GaussianBlur(border, (0, 0), sigma)
    spread = cv2.GaussianBlur(ratio * border[..., None], (0, 0), sigma)
    overall = (ratio * border[..., None]).sum((0, 1)) / border.sum()
    smooth = (spread + 0.03 * overall) / (near + 0.03)[..., None]
    gain = np.exp(np.clip(smooth, -np.log(_MOST_GAIN), np.log(_MOST_GAIN)))
    return patch * cv2.resize(gain, (patch.shape[1], patch.shape[0]), interpolation=cv2.INTER_LINEAR)


def as_blurred(patch: np.ndarray, below: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """`patch` as soft as the frame: where the skin around the mouth has less fine detail than the patch has there."""
    border = ((mask > 0.03) & (mask < 0.6)).astype(np.float32)
    if border.sum() < 30:
        return patch
    detail = [float((np.abs(_fine(p)) * border).sum() / border.sum()) for p in (patch, below)]
    share = detail[1] / max(detail[0], 1e-3)
    if share > 0.85:
        return patch
    sigma = min(_MOST_BLUR_PX, 0.45 * (1 / max(share, 0.05) - 1) ** 0.6 + 0.25)
    return cv2.GaussianBlur(patch, (0, 0), sigma)


def _fine(rgb: np.ndarray) -> np.ndarray:
    return cv2.Laplacian(cv2.cvtColor(rgb.astype(np.float32), cv2.COLOR_RGB2GRAY), cv2.CV_32F)
