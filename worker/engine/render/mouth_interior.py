"""What an open mouth shows: cavity, tongue, lower teeth on the jaw, upper teeth on the skull, lit by the face's own
light.

Teeth are shaped in canonical 3D (an arch of rounded crowns, average crown sizes from Wheeler's Dental Anatomy, 10th
ed.) and projected through the photo's head pose once; a frame only shifts the jaw's part and blends. Where the photo
itself shows teeth, its own pixels are laid over the drawn ones.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from worker.engine.face.pose import HeadPose
from worker.engine.render.warping import Region

_MM = 1 / 63.0  # inter-ocular distances per millimetre (adults' mean is 63 mm)
# (width, height) of crowns in mm, from the middle outwards.
_UPPER_CROWNS = ((8.6, 10.2), (6.7, 9.0), (7.6, 9.8), (7.0, 8.4), (6.8, 8.0), (9.5, 7.2))
_LOWER_CROWNS = ((5.3, 8.6), (5.8, 8.8), (6.8, 9.6), (7.0, 8.2), (7.1, 7.8), (10.5, 7.0))
_UPPER_EDGE = 1.9 * _MM  # upper incisors end this far below the closed lip line
_LOWER_EDGE = -0.2 * _MM  # lower incisors, jaw shut: hidden behind the upper ones
_ARCH_BEND = 0.95  # canonical depth of the arch per squared canonical distance from the middle
_BEHIND_LIPS = 0.07
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
    upper: np.ndarray
    jaw_teeth: np.ndarray
    jaw_tongue: np.ndarray

    def draw(self, jaw_px: np.ndarray, tongue_px: np.ndarray) -> np.ndarray:
        """(h, w, 3) float32 picture of the open mouth over `box`, unshaded. jaw_px, tongue_px: (2,) shifts."""
        out = np.empty((self.box.height, self.box.width, 3), np.float32)
        out[:] = self.palette.cavity
        for layer, shift in ((self.jaw_tongue, tongue_px), (self.jaw_teeth, jaw_px), (self.upper, None)):
            moved = layer if shift is None else _shifted(layer, shift)
            out *= 1 - moved[..., 3:]
            out += moved[..., :3]
        return out


def _shifted(layer: np.ndarray, shift_px: np.ndarray) -> np.ndarray:
    move = np.array([[1, 0, shift_px[0]], [0, 1, shift_px[1]]], np.float64)
    return cv2.warpAffine(layer, move, (layer.shape[1], layer.shape[0]), flags=cv2.INTER_LINEAR)


def find_palette(rgb: np.ndarray, skin: np.ndarray, eye_white: np.ndarray, lip: np.ndarray) -> Palette:
    """Colours from the face's own light. skin, eye_white, lip: (N, 3) pixels of each, possibly empty eye whites."""
    skin_mean = np.median(skin, axis=0).astype(np.float64) if len(skin) else np.array([150.0, 120, 105])
    lip_mean = np.median(lip, axis=0).astype(np.float64) if len(lip) else skin_mean * [0.85, 0.62, 0.6]
    light = _luma(skin_mean)
    bright_skin = np.percentile(_luma(skin), 85) if len(skin) else light
    white = bright_skin * 1.08
    if len(eye_white) >= 12:
        sclera = np.percentile(_luma(eye_white), 88)
        white = np.clip(sclera * 1.02, 0.75 * bright_skin, 1.5 * bright_skin)
    white = float(np.clip(white, 40, 225))
    colourful = np.clip((skin_mean.max() - skin_mean.min()) / max(skin_mean.max(), 1) / 0.35, 0, 1)  # grey photo → 0
    cast = skin_mean / light  # the light's own tint, weakly, with the warm white of enamel
    teeth = white * _toned(np.array([1.03, 1.0, 0.92]) * cast**0.18, colourful)
    gum = _toned_to(0.62 * lip_mean + 0.25 * skin_mean, colourful)
    tongue = 0.72 * lip_mean + 0.12 * skin_mean
    cavity = np.clip(0.16 * lip_mean + 2, 0, 60) * _toned(np.array([1.05, 0.8, 0.78]), colourful)
    return Palette(np.clip(teeth, 0, 245), gum, tongue, cavity)


def _luma(pixels: np.ndarray) -> np.ndarray:
    return np.asarray(pixels, np.float64) @ np.array([0.299, 0.587, 0.114])


def _toned(tint: np.ndarray, colourful: float) -> np.ndarray:
    tint = tint / float(_luma(tint))
    return 1 + (tint - 1) * colourful


def _toned_to(colour: np.ndarray, colourful: float) -> np.ndarray:
    grey = float(_luma(colour))
    return grey + (colour - grey) * max(colourful, 0.0)


def build_interior(
    rgb: np.ndarray,
    pose: HeadPose,
    box: Region,
    lip_line: np.ndarray,
    mouth_width: float,
    palette: Palette,
    blur_px: float,
) -> MouthInterior:
    """Draw the layers. lip_line: (3,) canonical middle of the closed lips; mouth_width: canonical inner width."""
    zoom = int(np.clip(np.ceil(_SUPERSAMPLE_PX / max(box.width, 1)), 1, 6))
    fit = float(np.clip(mouth_width / 0.72, 0.85, 1.15))
    origin = np.array([0.0, lip_line[1], lip_line[2] + _BEHIND_LIPS])
    canvas = _Canvas(pose, box, zoom, blur_px)
    upper = canvas.arch(_UPPER_CROWNS, origin + np.array([0, _UPPER_EDGE, 0]), -1.0, fit, palette)
    lower = canvas.arch(_LOWER_CROWNS, origin + np.array([0, _LOWER_EDGE, 0.03]), 1.0, fit, palette)
    tongue = canvas.tongue(origin + np.array([0, 0.105, 0.22]), fit, palette)
    return MouthInterior(box, palette, upper, lower, tongue)


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

    def _paint(self, rgba: np.ndarray, outline: np.ndarray, colour: np.ndarray, soft: float) -> None:
        mask = np.zeros(rgba.shape[:2], np.uint8)
        cv2.fillPoly(mask, [np.round(outline * 16).astype(np.int32).reshape(-1, 1, 2)], 255, cv2.LINE_AA, 4)
        cover = cv2.GaussianBlur(mask, (0, 0), soft).astype(np.float32)[..., None] / 255
        rgba *= 1 - cover
        rgba[..., :3] += cover * colour
        rgba[..., 3:] += cover

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
        across = np.sign(c) * np.abs(c) ** 0.55 * wide * 0.485
        rise = (0.5 + 0.5 * np.sign(s) * np.abs(s) ** 0.6) * tall
        across *= 1 - 0.2 * (rise / tall) ** 1.6
        outline = self._project(
            np.array([self._on_arch(edge, middle + a, up * r) for a, r in zip(across, rise, strict=True)])
        )
        aside = abs(middle) / (30 * _MM)
        shade = 1 - 0.42 * aside**1.3
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
        mask = np.zeros(rgba.shape[:2], np.uint8)
        cv2.fillPoly(mask, [np.round(outline * 16).astype(np.int32).reshape(-1, 1, 2)], 255, cv2.LINE_AA, 4)
        cover = cv2.GaussianBlur(mask, (0, 0), soft).astype(np.float32)[..., None] / 255 * strength * rgba[..., 3:]
        rgba[..., :3] += cover * (colour - rgba[..., :3])

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
