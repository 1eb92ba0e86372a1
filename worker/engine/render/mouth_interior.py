"""What an open mouth shows: cavity, tongue, lower teeth on the jaw, upper teeth on the skull, lit by the face's own
light.

Teeth are shaped in canonical 3D (an arch of rounded crowns, average crown sizes from Wheeler's Dental Anatomy, 10th
ed.) and projected through the photo's head pose once; a frame only shifts the jaw's part and blends. Where the photo
itself shows teeth, its own pixels are laid over the drawn ones.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from worker.engine.face.pose import HeadPose
from worker.engine.render.warping import Region, looked_up, thrice

_MM = 1 / 63.0  # inter-ocular distances per millimetre (adults' mean is 63 mm)
# (width, height) of crowns in mm, from the middle outwards.
_UPPER_CROWNS = ((8.6, 10.2), (6.7, 9.0), (7.6, 9.8), (7.0, 8.4), (6.8, 8.0), (9.5, 7.2))
_LOWER_CROWNS = ((5.3, 8.6), (5.8, 8.8), (6.8, 9.6), (7.0, 8.2), (7.1, 7.8), (10.5, 7.0))
_UPPER_EDGE = 2.7 * _MM  # upper incisors end this far below the closed lip line
_OVERBITE = 2.1 * _MM  # with the jaw shut the lower incisors end this far above the upper ones' edge, behind them
_ARCH_BEND = 0.95  # canonical depth of the arch per squared canonical distance from the middle
_BEHIND_LIPS = 0.07
_FULL_CROWN = 5.0 * _MM  # of the front teeth seen: then no drawn ones are needed beside them
_BETWEEN_ROWS = 0.025  # a dark gap larger than this parts upper from lower teeth, in inter-ocular distances
_LIKE_EYES = 0.6  # how much of the tint of the eyes' whites the teeth have
_UPPER_LIGHT = 0.3  # of all that falls on a mouth reaches the upper teeth between lips that hardly part
_LOWER_LIGHT = 0.84  # lower teeth stand in the upper ones' shadow
_TEETH_DEPTH = -0.20  # canonical z of the front teeth
_LYING = 0.02  # a tongue raised less lies
_BLUR_AT_PX, _MOST_REDUCED = 3.0, 4  # standard deviation that still blurs smoothly; how much smaller at most
_SUPERSAMPLE_PX = 420  # teeth are drawn at about this mouth width, then reduced


@dataclass(frozen=True)
class Palette:
    """Colours of the mouth's inside, RGB in [0, 255] as float arrays (3,)."""

    teeth: np.ndarray
    gum: np.ndarray
    tongue: np.ndarray
    cavity: np.ndarray


@dataclass(frozen=True)
class MouthInterior:
    """Premultiplied RGBA float32 layers over `box`, in the photo's pose. `jaw_*` layers move with the jaw."""

    box: Region
    palette: Palette
    upper: np.ndarray  # its fourth channel: what the upper row, and its shadow, leave of what lies behind it
    photo: np.ndarray | None  # the photo's own open mouth, where it has one
    jaw_teeth: np.ndarray
    jaw_tongue: np.ndarray

    @cached_property
    def _jaw(self) -> np.ndarray:
        """(h, w, 3): cavity, tongue and lower teeth while the tongue lies."""
        picture = np.empty((*self.jaw_teeth.shape[:2], 3), np.float32)
        picture[:] = self.palette.cavity
        _over(picture, self.jaw_tongue)
        _over(picture, self.jaw_teeth)
        return picture

    def draw(
        self, rest_px: np.ndarray, jaw_px: np.ndarray, tongue_px: np.ndarray, raised: float, light: np.ndarray
    ) -> np.ndarray:
        """(h, w, 3) float32 picture of the open mouth at the places `rest_px` (h, w, 2) of the photo.

        jaw_px, tongue_px: (2,) shifts. raised: in [0, 1], how far the tongue's tip comes before the lower teeth.
        light: (h, w) in [0, 1], how much of it gets in; the photo's own teeth carry their light already and take only
        part of the change.
        """
        at = cv2.subtract(rest_px, (float(self.box.x0), float(self.box.y0), 0, 0))
        out = self._behind(at, jaw_px, tongue_px, raised)
        upper = cv2.remap(self.upper, at, None, cv2.INTER_LINEAR, None, cv2.BORDER_CONSTANT, (0, 0, 0, 1))
        out *= thrice(upper[..., 3] * light)
        # They stand right behind the lips: less of their light is lost.
        out += cv2.cvtColor(upper, cv2.COLOR_BGRA2BGR) * thrice(_UPPER_LIGHT + (1 - _UPPER_LIGHT) * light)
        if self.photo is not None:
            seen = looked_up(self.photo, at, beyond=cv2.BORDER_CONSTANT)
            out *= thrice(1 - seen[..., 3])
            out += cv2.cvtColor(seen, cv2.COLOR_BGRA2BGR) * thrice(0.45 + 0.55 * light)
        return out

    def _behind(self, at: np.ndarray, jaw_px: np.ndarray, tongue_px: np.ndarray, raised: float) -> np.ndarray:
        """(h, w, 3) float32: what there is behind the upper teeth."""
        cavity = (*self.palette.cavity.tolist(), 0.0)
        if raised < _LYING:
            places = _moved(at, jaw_px)
            return cv2.remap(self._jaw, places, None, cv2.INTER_LINEAR, None, cv2.BORDER_CONSTANT, cavity)
        out = np.empty((*at.shape[:2], 3), np.float32)
        out[:] = self.palette.cavity
        tongue = looked_up(self.jaw_tongue, _moved(at, tongue_px), beyond=cv2.BORDER_CONSTANT)
        _over(out, tongue)
        _over(out, looked_up(self.jaw_teeth, _moved(at, jaw_px), beyond=cv2.BORDER_CONSTANT))
        _over(out, tongue * np.float32(raised))
        return out


def _over(out: np.ndarray, layer: np.ndarray) -> None:
    """A premultiplied layer (h, w, 4) over `out` (h, w, 3), both float32."""
    out *= thrice(1 - layer[..., 3])
    out += cv2.cvtColor(layer, cv2.COLOR_BGRA2BGR)


def _moved(at: np.ndarray, shift_px: np.ndarray) -> np.ndarray:
    """Places `at` in a layer that has moved by `shift_px`."""
    return cv2.subtract(at, (float(shift_px[0]), float(shift_px[1]), 0, 0))


def find_palette(skin: np.ndarray, eye_white: np.ndarray, lip: np.ndarray) -> Palette:
    """Colours from the face's own light. skin, eye_white, lip: (N, 3) pixels of each, possibly empty eye whites."""
    skin_mean = np.median(skin, axis=0).astype(np.float64) if len(skin) else np.array([150.0, 120, 105])
    lip_mean = np.median(lip, axis=0).astype(np.float64) if len(lip) else skin_mean * [0.85, 0.62, 0.6]
    light = max(float(_luma(skin_mean)), 1.0)
    bright_skin = float(np.percentile(_luma(skin), 85)) if len(skin) else light
    white = 1.12 * bright_skin
    if len(eye_white) >= 12:  # the eyes tell the light on dark skin, where the skin itself cannot
        white = max(white, min(1.05 * float(np.percentile(_luma(eye_white), 90)), 1.65 * bright_skin))
    white = float(np.clip(white, 35, 218))
    colourful = float(np.clip((skin_mean.max() - skin_mean.min()) / max(skin_mean.max(), 1) / 0.30, 0, 1))
    cast = skin_mean / light  # the light's own tint, weakly, with the warm white of enamel
    enamel = np.array([1.04, 1.0, 0.90]) * cast**0.2
    if len(eye_white) >= 12:  # and their whites have the light's, or the painter's, tint
        brightest = eye_white[_luma(eye_white) >= np.percentile(_luma(eye_white), 60)]
        seen = np.median(brightest, axis=0).astype(np.float64)
        enamel *= np.clip(seen / max(float(_luma(seen)), 1.0), 0.7, 1.3) ** _LIKE_EYES
    teeth = white * _toned(enamel, colourful)
    warm = np.array([1.25, 0.82, 0.80])
    gum = _matched(0.55 * lip_mean + 0.30 * skin_mean * warm, colourful)
    tongue = _matched(0.55 * lip_mean + 0.30 * skin_mean * warm, colourful)
    cavity = 0.13 * light * _toned(np.array([1.5, 0.75, 0.70]), colourful)
    return Palette(np.clip(teeth, 0, 240), gum, tongue, np.clip(cavity, 3, 60))


def _luma(pixels: np.ndarray) -> np.ndarray:
    return np.asarray(pixels, np.float64) @ np.array([0.299, 0.587, 0.114])


def _toned(tint: np.ndarray, colourful: float) -> np.ndarray:
    tint = tint / float(_luma(tint))
    return 1 + (tint - 1) * colourful


def _matched(colour: np.ndarray, colourful: float) -> np.ndarray:
    """`colour` as grey as the photo is."""
    grey = float(_luma(colour))
    return grey + (colour - grey) * colourful


def build_interior(
    pose: HeadPose,
    box: Region,
    lip_line: np.ndarray,
    mouth_width: float,
    palette: Palette,
    blur_px: float,
    photo: "PhotoTeeth | None" = None,
) -> MouthInterior:
    """Draw the layers. lip_line: (3,) canonical middle of the closed lips; mouth_width: canonical inner width."""
    edge = _UPPER_EDGE if photo is None else photo.edge - lip_line[1]
    if photo is not None:
        palette = replace(palette, teeth=photo.colour)
    zoom = int(np.clip(np.ceil(_SUPERSAMPLE_PX / max(box.width, 1)), 1, 6))
    fit = float(np.clip(mouth_width / 0.72, 0.85, 1.15))
    origin = np.array([0.0, lip_line[1], lip_line[2] + _BEHIND_LIPS])
    canvas = _Canvas(pose, box, zoom, blur_px)
    upper = canvas.arch(_UPPER_CROWNS, origin + np.array([0, edge, 0]), -1.0, fit, palette)
    lower = canvas.arch(_LOWER_CROWNS, origin + np.array([0, edge - _OVERBITE, 0.03]), 1.0, fit, palette)
    tongue = canvas.tongue(origin + np.array([0, 0.105, 0.22]), fit, palette)
    solid = upper[..., 3]
    if photo is not None:
        # Where the photo shows the mouth, it alone says where teeth are.
        upper = upper * (0 if photo.complete else 1 - photo.opening[..., None])
        solid = np.maximum(upper[..., 3], photo.layer[..., 3])
    reach = 2.2 * _MM * pose.scale_px
    fallen = cv2.warpAffine(solid, np.array([[1, 0, 0], [0, 1, 0.5 * reach]], np.float64), solid.shape[::-1])
    shadow = 1 - 0.55 * cv2.GaussianBlur(fallen, (0, 0), max(0.6, 0.4 * reach))
    front = upper.copy()
    front[..., 3] = shadow * (1 - upper[..., 3])
    return MouthInterior(box, palette, front, None if photo is None else photo.layer, lower, tongue)


@dataclass(frozen=True)
class PhotoTeeth:
    """Teeth that the photo shows. layer: premultiplied RGBA (h, w, 4) float32 of the mouth box; colour: RGB (3,).

    edge: canonical y of the upper incisors' biting edge, as far as it is seen.
    """

    layer: np.ndarray
    opening: np.ndarray  # (h, w) float32, the photo's open mouth
    colour: np.ndarray
    edge: float
    complete: bool  # nearly whole crowns are seen


def find_photo_teeth(
    rgb: np.ndarray, pose: HeadPose, box: Region, opening_px: np.ndarray, soft_px: float
) -> PhotoTeeth | None:
    """The photo's own open mouth, or None where it shows too little. opening_px: (N, 2) outline of the opening."""
    rows, columns = box.slices
    part = rgb[rows, columns].astype(np.float32)
    mask = np.zeros(part.shape[:2], np.uint8)
    outline = np.round((opening_px - [box.x0, box.y0]) * 16).astype(np.int32).reshape(-1, 1, 2)
    cv2.fillPoly(mask, [outline], 255, cv2.LINE_8, 4)
    if np.count_nonzero(mask) < 40:
        return None
    luma = part @ np.array([0.299, 0.587, 0.114], np.float32)
    inside = luma[mask > 0]
    top = np.percentile(inside, 95)
    bright = (luma > 0.62 * top) & (mask > 0)
    if bright.sum() < 0.25 * len(inside):  # a dark open mouth: nothing worth keeping
        return None
    colour = np.median(part[bright & (luma > np.percentile(luma[bright], 40))], axis=0).astype(np.float64)
    redness = (part[..., 0] - part[..., 1]) / (luma + 8)
    pale = redness < (colour[0] - colour[1]) / (colour @ [0.299, 0.587, 0.114] + 8) + 0.15  # lips and gums are redder
    teeth = _first_row((luma > 0.42 * top) & pale & (mask > 0), _BETWEEN_ROWS * pose.scale_px)
    bottom = _tooth_line(teeth)
    cover = cv2.GaussianBlur(cv2.erode(mask, np.ones((3, 3), np.uint8)), (0, 0), max(0.7, 0.5 * soft_px))
    cover = cover.astype(np.float32) / 255
    rows_at = np.arange(len(part), dtype=np.float32)[:, None]
    above = np.clip((bottom - rows_at) / max(1.0, soft_px) + 0.5, 0, 1).astype(np.float32)
    alpha = (cover * cv2.GaussianBlur(above, (0, 0), max(0.6, 0.5 * soft_px)))[..., None]
    layer = np.concatenate([part * alpha, alpha], axis=2).astype(np.float32)
    edge, height = _seen_crowns(pose, box, bright & pale & (rows_at < bottom))
    return PhotoTeeth(layer, cover, colour, edge, complete=height > _FULL_CROWN)


def _first_row(teeth: np.ndarray, between_px: float) -> np.ndarray:
    """The upper teeth (h, w) bool: in each column what is above the first gap larger than `between_px`.

    A mouth that is wide open shows the lower row as well, which must not hang on the skull.
    """
    side = 2 * max(1, round(between_px / 2)) + 1
    padded = cv2.copyMakeBorder(teeth.astype(np.uint8), side, side, 0, 0, cv2.BORDER_CONSTANT, value=0)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, np.ones((side, 1), np.uint8))[side:-side] > 0
    begun = np.maximum.accumulate(closed, axis=0)
    ended = np.maximum.accumulate(begun & ~closed, axis=0)
    return teeth & ~ended


def _tooth_line(teeth: np.ndarray) -> np.ndarray:
    """(width,) float32: the row at which the teeth of each column end; zero beside the teeth."""
    height, width = teeth.shape
    found = teeth.any(axis=0)
    last = height - 1 - np.argmax(teeth[::-1], axis=0)
    line = np.zeros(width, np.float32)
    if found.sum() < 8:
        return np.full(width, height, np.float32)
    first, end = np.flatnonzero(found)[[0, -1]]
    columns = np.arange(first, end + 1)
    ends = np.interp(columns, np.flatnonzero(found), last[found] + 0.5)
    side = max(3, (len(columns) // 7) | 1)
    padded = np.pad(ends, side // 2, mode="edge")
    upper_half = np.percentile(np.lib.stride_tricks.sliding_window_view(padded, side), 70, axis=1)
    smooth = cv2.GaussianBlur(upper_half[:, None].astype(np.float32), (1, side), 0)[:, 0]
    near = np.abs(ends - smooth) < 0.035 * len(columns)  # single edges of teeth may stand out, not whole gaps
    line[columns] = np.where(near, ends, smooth)
    return cv2.GaussianBlur(line[None], (5, 1), 0.8)[0]


def _seen_crowns(pose: HeadPose, box: Region, teeth: np.ndarray) -> tuple[float, float]:
    """Canonical y of the front teeth's biting edge, and how much of their height is seen."""
    down = pose.rotation[:2, 1] / np.linalg.norm(pose.rotation[:2, 1])
    ys, xs = np.nonzero(teeth)
    at = np.stack([xs + box.x0, ys + box.y0], axis=1) - pose.translation_px[:2]
    aside, below = at @ np.array([down[1], -down[0]]), at @ down
    central = np.abs(aside - np.median(aside)) < 0.10 * pose.scale_px
    if not central.any():
        central = np.ones(len(below), bool)
    highest, lowest = np.percentile(below[central], [4, 96])
    foreshortening = float(np.linalg.norm(pose.rotation[:2, 1])) * pose.scale_px
    depth_shift = float(pose.rotation[:2, 2] @ down) * _TEETH_DEPTH * pose.scale_px
    return (lowest - depth_shift) / foreshortening + 0.4 * _MM, (lowest - highest) / foreshortening


def _widely_blurred(mask: np.ndarray, sigma_px: float) -> np.ndarray:
    """(h, w) in [0, 255]: `mask` (h, w) uint8 blurred, where `sigma_px` is large on a smaller one: the same edge."""
    height, width = mask.shape
    step = int(np.clip(sigma_px / _BLUR_AT_PX, 1, _MOST_REDUCED))
    if step == 1:
        return cv2.GaussianBlur(mask, (0, 0), sigma_px, borderType=cv2.BORDER_REPLICATE)
    even = cv2.copyMakeBorder(mask, 0, -height % step, 0, -width % step, cv2.BORDER_REPLICATE)
    small = cv2.resize(even, (even.shape[1] // step, even.shape[0] // step), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small.astype(np.float32), (0, 0), sigma_px / step, borderType=cv2.BORDER_REPLICATE)
    return cv2.resize(small, even.shape[::-1], interpolation=cv2.INTER_LINEAR)[:height, :width]


@dataclass(frozen=True)
class _Canvas:
    """Draws canonical shapes into premultiplied RGBA over a box, supersampled."""

    pose: HeadPose
    box: Region
    zoom: int
    blur_px: float

    def _project(self, points: np.ndarray) -> np.ndarray:
        pixels = self.pose.from_canonical(points)[..., :2] - [self.box.x0, self.box.y0]
        return (pixels + 0.5) * self.zoom - 0.5

    def _blank(self, channels: int) -> np.ndarray:
        return np.zeros((self.box.height * self.zoom, self.box.width * self.zoom, channels), np.float32)

    def _reduced(self, rgba: np.ndarray, blur_px: float) -> np.ndarray:
        small = cv2.resize(rgba, (self.box.width, self.box.height), interpolation=cv2.INTER_AREA)
        return cv2.GaussianBlur(small, (0, 0), max(blur_px, 0.35))

    def _covered(self, rgba: np.ndarray, outline: np.ndarray, soft: float) -> tuple[np.ndarray, np.ndarray]:
        """The part of `rgba` that a soft-edged outline (N, 2) touches, and how much of each pixel (h, w)."""
        around = int(np.ceil(4 * soft)) + 2
        height, width = rgba.shape[:2]
        low = np.clip(np.floor(outline.min(axis=0)) - around, 0, [width, height]).astype(int)
        high = np.clip(np.ceil(outline.max(axis=0)) + around + 1, 0, [width, height]).astype(int)
        part = rgba[low[1] : high[1], low[0] : high[0]]
        if part.size == 0:
            return part, np.zeros(part.shape[:2], np.float32)
        mask = np.zeros(part.shape[:2], np.uint8)
        cv2.fillPoly(mask, [np.round((outline - low) * 16).astype(np.int32).reshape(-1, 1, 2)], 255, cv2.LINE_AA, 4)
        blurred = _widely_blurred(mask, soft)
        return part, blurred.astype(np.float32) / 255

    def _paint(self, rgba: np.ndarray, outline: np.ndarray, colour: np.ndarray, soft: float) -> None:
        part, cover = self._covered(rgba, outline, soft)
        if part.size == 0:
            return
        left = 1 - cover
        part *= cv2.merge((left, left, left, left))
        part += cv2.merge((*(cover * np.float32(value) for value in colour), cover))

    def arch(
        self, crowns: tuple[tuple[float, float], ...], edge: np.ndarray, up: float, fit: float, palette: Palette
    ) -> np.ndarray:
        """A row of teeth with its gum. `edge`: canonical middle of the biting edge; `up`: sign of y towards the gum."""
        rgba = self._blank(4)
        unit = self.pose.scale_px * self.zoom * _MM
        half = sum(width for width, _ in crowns) * _MM * fit
        xs = np.linspace(-half, half, 41)
        band = [(x, 6.2 * _MM) for x in xs] + [(x, 17 * _MM) for x in xs[::-1]]
        gum = self._project(np.array([self._on_arch(edge, x, up * y) for x, y in band]))
        self._paint(rgba, gum, palette.gum, max(0.5, 0.5 * unit))
        backing = [(x, 1.3 * _MM) for x in xs] + [(x, 7 * _MM) for x in xs[::-1]]
        behind = self._project(np.array([self._on_arch(edge, x, up * y) for x, y in backing]))
        self._paint(rgba, behind, palette.cavity * 1.6, max(0.5, 0.5 * unit))  # between teeth it is dark
        along = 0.0
        for width, height in crowns:
            wide, tall = width * _MM * fit, height * _MM * fit
            for side in (-1.0, 1.0):
                middle = side * (along + wide / 2)
                self._crown(rgba, edge, middle, wide, tall, up, unit, palette)
            along += wide
        return self._reduced(rgba, self.blur_px)

    def _on_arch(self, edge: np.ndarray, along: float, rise: float) -> tuple[float, float, float]:
        x = along / np.sqrt(1 + 0.55 * (_ARCH_BEND * along) ** 2)
        curve = 0.05 * x * x  # the smile line: edges rise a little outwards
        return (edge[0] + x, edge[1] + rise - curve, edge[2] + _ARCH_BEND * x * x)

    def _crown(
        self,
        rgba: np.ndarray,
        edge: np.ndarray,
        middle: float,
        wide: float,
        tall: float,
        up: float,
        unit: float,
        palette: Palette,
    ) -> None:
        turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
        # Superellipse: squarer at the biting edge, narrower and rounder at the gum.
        c, s = np.cos(turn), np.sin(turn)
        across = np.sign(c) * np.abs(c) ** 0.42 * wide * 0.494
        rise = (0.5 + 0.5 * np.sign(s) * np.abs(s) ** 0.5) * tall
        across *= 1 - 0.2 * (rise / tall) ** 1.6
        outline = self._project(
            np.array([self._on_arch(edge, middle + a, up * r) for a, r in zip(across, rise, strict=True)])
        )
        aside = abs(middle) / (30 * _MM)
        shade = (1.0 if up < 0 else _LOWER_LIGHT) * (1 - 0.42 * aside**1.3)
        self._paint(
            rgba, outline, palette.teeth * shade * [1, 1 - 0.02 * aside, 1 - 0.05 * aside], max(0.4, 0.22 * unit)
        )
        # A lighter belly and a slightly translucent biting edge give each tooth volume.
        low, high = outline.min(axis=0), outline.max(axis=0)
        centre, size = (low + high) / 2, (high - low)
        belly = centre + (outline - centre) * [0.5, 0.5] - [0, up * 0.04 * size[1]]
        self._paint_soft(rgba, belly, palette.teeth * shade * 1.06, max(0.8, 1.1 * unit), 0.6)

    def _paint_soft(
        self, rgba: np.ndarray, outline: np.ndarray, colour: np.ndarray, soft: float, strength: float
    ) -> None:
        part, cover = self._covered(rgba, outline, soft)
        if part.size == 0:
            return
        *shades, solid = cv2.split(part)
        cover = cover * np.float32(strength) * solid
        shades = [shade + cover * (np.float32(value) - shade) for shade, value in zip(shades, colour, strict=True)]
        part[:] = cv2.merge((*shades, solid))

    def tongue(self, at: np.ndarray, fit: float, palette: Palette) -> np.ndarray:
        rgba = self._blank(4)
        unit = self.pose.scale_px * self.zoom * _MM
        turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)
        shape = np.stack([np.cos(turn) * 0.27 * fit, np.sin(turn) * 0.125, np.zeros(48)], axis=1)
        self._paint(rgba, self._project(at + shape), palette.tongue * 0.78, max(0.6, 1.2 * unit))
        top = shape * [0.7, 0.5, 1] + [0, -0.02, 0]
        self._paint_soft(rgba, self._project(at + top), palette.tongue * 1.05, max(1.0, 2.5 * unit), 0.8)
        groove = shape * [0.06, 0.8, 1] + [0, 0.01, 0]
        self._paint_soft(rgba, self._project(at + groove), palette.tongue * 0.7, max(1.0, 1.2 * unit), 0.5)
        return self._reduced(rgba, self.blur_px)
