"""Building blocks of the painter: windows on the canvas, smooth shapes, noise, and the light."""

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.interpolate import CubicSpline

from worker.compose.presenters.look import Colour

KEY_LIGHT = np.array([-0.50, -0.52, 0.69], np.float32)  # from the upper left, in front; y points down
FILL_LIGHT = np.array([0.72, -0.10, 0.69], np.float32)


@dataclass(frozen=True)
class View:
    """A window of the canvas.

    `x`, `y`: (h, w) float32 face units; `unit_px`: pixels per face unit; `box`: x0, y0, x1, y1 in pixels.
    """

    x: np.ndarray
    y: np.ndarray
    unit_px: float
    box: tuple[int, int, int, int]

    def blur(self, field: np.ndarray, radius: float) -> np.ndarray:
        """Gaussian blur with `radius` in face units. Wide blurs run on a smaller copy: nobody sees the difference."""
        sigma_px = radius * self.unit_px
        step = max(1, int(sigma_px // 4))
        if step == 1:
            return cv2.GaussianBlur(field, (0, 0), max(sigma_px, 0.3))
        h, w = field.shape[:2]
        small = cv2.resize(field, (max(1, w // step), max(1, h // step)), interpolation=cv2.INTER_AREA)
        return cv2.resize(cv2.GaussianBlur(small, (0, 0), sigma_px / step), (w, h), interpolation=cv2.INTER_LINEAR)

    def edge(self, signed: np.ndarray, softness: float = 0.0) -> np.ndarray:
        """Coverage in [0, 1] of where `signed` (face units) is positive, antialiased over one pixel plus `softness`."""
        return smoothstep(signed / (softness + 1.0 / self.unit_px) + 0.5)


@dataclass(frozen=True)
class Canvas:
    """The picture being painted: `rgb` (H, W, 3) float32 display values in [0, 1]; face units start at `centre_px`."""

    rgb: np.ndarray
    unit_px: float
    centre_px: tuple[float, float]

    def view(self, x0: float, y0: float, x1: float, y1: float) -> View:
        """The window between two corners in face units, clipped to the picture."""
        height, width = self.rgb.shape[:2]
        cx, cy = self.centre_px
        left, right = (int(np.clip(round(cx + v * self.unit_px), 0, width)) for v in (x0, x1))
        top, bottom = (int(np.clip(round(cy + v * self.unit_px), 0, height)) for v in (y0, y1))
        xs = (np.arange(left, right, dtype=np.float32) + 0.5 - cx) / self.unit_px
        ys = (np.arange(top, bottom, dtype=np.float32) + 0.5 - cy) / self.unit_px
        x, y = np.meshgrid(xs, ys)
        return View(x, y, self.unit_px, (left, top, right, bottom))

    def everything(self) -> View:
        return self.view(-99.0, -99.0, 99.0, 99.0)

    def part(self, view: View) -> np.ndarray:
        left, top, right, bottom = view.box
        return self.rgb[top:bottom, left:right]

    def lay(self, view: View, colour: np.ndarray, cover: np.ndarray) -> None:
        """Blend `colour` (h, w, 3) or (3,) over the window where `cover` (h, w) in [0, 1] says so."""
        under = self.part(view)
        under += (colour - under) * cover[..., None]

    def darken(self, view: View, amount: np.ndarray, tint: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> None:
        """Multiply by 1 - amount × tint: shadows that keep a colour."""
        part = self.part(view)
        part *= 1.0 - amount[..., None] * np.array(tint, np.float32)


def smoothstep(t: np.ndarray) -> np.ndarray:
    t = np.clip(t, 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def bump(x: np.ndarray, y: np.ndarray, cx: float, cy: float, sx: float, sy: float) -> np.ndarray:
    """A Gaussian hill of height 1."""
    return np.exp(-(((x - cx) / sx) ** 2) - ((y - cy) / sy) ** 2)


def linear(colour: Colour) -> np.ndarray:
    """sRGB 0-255 → linear light, (3,) float32."""
    return (np.array(colour, np.float32) / 255.0) ** 2.2


def display(light: np.ndarray) -> np.ndarray:
    """Linear light → display values in [0, 1], highlights rolled off softly."""
    light = np.maximum(light, 0.0)
    rolled = np.where(light < 0.7, light, 0.7 + 0.3 * np.tanh((light - 0.7) / 0.3))
    return rolled ** (1.0 / 2.2)


def noise(view: View, scale: float, seed: int) -> np.ndarray:
    """Smooth noise, about N(0, 1), with features of `scale` face units. Fixed to the face, not to the pixel grid."""
    left, top, right, bottom = view.box
    x0, y0 = float(view.x[0, 0]), float(view.y[0, 0])
    cells_x = int((right - left) / view.unit_px / scale) + 4
    cells_y = int((bottom - top) / view.unit_px / scale) + 4
    grid = np.random.default_rng(seed).standard_normal((cells_y, cells_x)).astype(np.float32)
    map_x = (view.x - x0) / scale + 1.0
    map_y = (view.y - y0) / scale + 1.0
    return cv2.remap(grid, map_x.astype(np.float32), map_y.astype(np.float32), cv2.INTER_CUBIC)


def outline_radius(points: list[tuple[float, float]], centre_y: float, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Radius of a left-right symmetric outline at each pixel's angle, from its right-hand points, chin first."""
    pts = np.array(points, np.float64)
    angle = np.arctan2(pts[:, 0], pts[:, 1] - centre_y)  # 0 at the chin, pi at the crown
    radius = np.hypot(pts[:, 0], pts[:, 1] - centre_y)
    spline = CubicSpline(angle, radius, bc_type="clamped")
    table_angle = np.linspace(0.0, np.pi, 1024)
    return np.interp(np.arctan2(np.abs(x), y - centre_y), table_angle, spline(table_angle)).astype(np.float32)


def normals(view: View, z: np.ndarray) -> np.ndarray:
    """Unit normals (h, w, 3) of the height field `z` (face units)."""
    zy, zx = np.gradient(z, 1.0 / view.unit_px)
    n = np.stack([-zx, -zy, np.ones_like(z)], axis=-1)
    return (n / np.linalg.norm(n, axis=-1, keepdims=True)).astype(np.float32)


def cast_shadow(
    view: View, z: np.ndarray, *, reach: float = 0.9, steps: int = 18, softness: float = 0.30
) -> np.ndarray:
    """How much of the key light the height field itself blocks, [0, 1]: a short march towards the light."""
    shade = np.zeros_like(z)
    h, w = z.shape
    for i in range(1, steps + 1):
        s = reach * (i / steps) ** 1.5
        shift = np.float32([[1, 0, -KEY_LIGHT[0] * s * view.unit_px], [0, 1, -KEY_LIGHT[1] * s * view.unit_px]])
        there = cv2.warpAffine(z, shift, (w, h), borderMode=cv2.BORDER_REPLICATE)
        over = there - (z + KEY_LIGHT[2] * s)
        np.maximum(shade, np.clip(over / (softness * s + 0.02), 0.0, 1.0), out=shade)
    return shade


def skin_light(view: View, z: np.ndarray, albedo: np.ndarray, gloss: np.ndarray, *, shadow: np.ndarray) -> np.ndarray:
    """Light on skin: wrapped diffuse that bleeds red at the terminator (a cheap subsurface), sky fill, cavities, sheen.

    Args: `z` (h, w) heights; `albedo` (h, w, 3) linear; `gloss` and `shadow` (h, w) in [0, 1]. Returns linear light.
    """
    n = normals(view, view.blur(z, 0.008))
    soft = normals(view, view.blur(z, 0.045))
    key = n @ KEY_LIGHT
    key_soft = soft @ KEY_LIGHT
    lit = 1.0 - shadow
    light = np.empty_like(albedo)
    cavity = np.clip((view.blur(z, 0.10) - z) * 5.0, -0.25, 0.75)
    for channel, (wrap, mix, ambient) in enumerate(((0.42, 0.65, 0.30), (0.26, 0.30, 0.27), (0.20, 0.15, 0.28))):
        lambert = mix * key_soft + (1.0 - mix) * key
        diffuse = np.clip((lambert + wrap) / (1.0 + wrap), 0.0, None) ** 1.15
        bleed = lit if channel else 1.0 - 0.80 * shadow  # shadows in skin stay warm
        fill = np.clip(soft @ FILL_LIGHT, 0.0, None)
        light[..., channel] = 1.0 * diffuse * bleed + ambient * (0.75 + 0.25 * -n[..., 1]) + 0.20 * fill
        light[..., channel] *= 1.0 - (0.65 if channel == 0 else 0.85) * np.clip(cavity, -0.2, 0.8)
    light *= albedo
    half = KEY_LIGHT + np.array([0, 0, 1], np.float32)
    half /= np.linalg.norm(half)
    sheen = np.clip(soft @ half, 0, 1) ** 14 * 0.10 + np.clip(n @ half, 0, 1) ** 60 * 0.30
    light += (sheen * gloss * lit)[..., None] * np.array([1.0, 0.96, 0.92], np.float32)
    rim = np.clip(1.0 - n[..., 2], 0, 1) ** 3 * np.clip(n[..., 0], 0, 1)
    return light + rim[..., None] * albedo * 0.5
