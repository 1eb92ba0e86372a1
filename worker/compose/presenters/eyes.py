"""Eyes, lids, lashes and brows."""

import cv2
import numpy as np

from worker.compose.presenters.face import Pose
from worker.compose.presenters.field import Canvas, View, bump, display, linear, noise, smoothstep
from worker.compose.presenters.look import Look

EYE_X = 0.5
IRIS_RADIUS = 0.104


def lid_curves(look: Look, pose: Pose, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """y of the upper and lower lid edge over u = -1 (inner corner) … 1 (outer corner), relative to the pupil's line."""
    a = np.clip(np.abs(u), 0.0, 1.0)
    tilt = -look.eye_tilt * u
    shut = 1.0 - pose.lids
    inner = np.clip(1.0 - np.abs(np.clip(u, -1, 1) + 0.10) ** 2.1 / np.where(u < 0, 0.9**2.1, 1.1**2.1), 0.0, 1.0)
    lower = (
        0.082
        * look.eye_height
        * np.clip(1.0 - np.abs(u - 0.12) ** 2.4 / np.where(u < 0.12, 1.12**2.4, 0.88**2.4), 0, 1)
    )
    upper = -0.100 * look.eye_height * inner**0.80
    lower = lower**1.0 + tilt + 0.010 * (1.0 - a)
    upper = upper + tilt
    return upper + shut * (lower - upper) * 0.94, lower


def paint_eyes(canvas: Canvas, look: Look, pose: Pose) -> None:
    for side in (-1.0, 1.0):
        view = canvas.view(side * EYE_X - 0.46, -0.42, side * EYE_X + 0.46, 0.36)
        if view.x.size:
            paint_eye(canvas, view, look, pose, side)


def paint_eye(canvas: Canvas, view: View, look: Look, pose: Pose, side: float) -> None:
    half = 0.258 * look.eye_width
    local_x = (view.x - side * EYE_X) * side  # grows outwards
    u = local_x / half
    upper, lower = lid_curves(look, pose, u)
    y = view.y
    opening = view.edge(y - upper, 0.006) * view.edge(lower - y, 0.006) * view.edge((1.0 - np.abs(u)) * half, 0.004)
    lid_shading(canvas, view, look, u, upper, lower)
    ball(canvas, view, look, pose, side, opening, y - upper)
    rims(canvas, view, look, u, upper, lower)
    lashes(canvas, look, pose, side, half)


def ball(
    canvas: Canvas, view: View, look: Look, pose: Pose, side: float, opening: np.ndarray, depth: np.ndarray
) -> None:
    """Sclera, iris, pupil, catchlights, the shadow of the lid, the pink corner."""
    ix, iy = side * EYE_X + pose.gaze[0], -0.012 + pose.gaze[1]
    dx, dy = view.x - ix, view.y - iy
    r = np.hypot(dx, dy)
    bulge = 1.0 - 0.33 * np.clip(np.abs(view.x - side * EYE_X) / 0.25, 0, 1) ** 2
    white = (
        np.array([0.90, 0.875, 0.855], np.float32) * (bulge * (0.93 + 0.02 * noise(view, 0.05, look.seed)))[..., None]
    )
    inner = np.clip((-(view.x - side * EYE_X) * side - 0.16) / 0.08, 0, 1)[..., None]
    white = white * (1 - inner * np.array([0.08, 0.30, 0.28], np.float32))
    canvas.lay(view, white, opening)
    iris = linear(look.iris)
    angle = np.arctan2(dy, dx)
    fibres = 0.5 + 0.5 * np.sin(angle * 23 + 2.0 * np.sin(angle * 7 + look.seed)) * np.sin(angle * 41 + 1.3)
    glow = 0.70 + 1.25 * np.clip((dy + 0.25 * dx * -1.0) / IRIS_RADIUS, -0.4, 1.0)  # light pools opposite the key
    tone = iris * ((0.75 + 0.55 * fibres * smoothstep((r - 0.035) / 0.03)) * np.clip(glow, 0.35, 2.0))[..., None]
    tone *= (1.0 - 0.75 * smoothstep((r / IRIS_RADIUS - 0.74) / 0.26))[..., None]
    canvas.lay(view, display(tone), opening * view.edge(IRIS_RADIUS - r, 0.010))
    canvas.lay(view, np.array([0.02, 0.016, 0.015]), opening * view.edge(0.040 - r, 0.008))
    canvas.darken(view, opening * 0.62 * np.exp(-np.clip(depth, 0, None) / 0.030), (0.85, 0.95, 0.95))
    key = view.edge(0.0225 - np.hypot((dx + 0.036) * 0.9, dy + 0.040), 0.006)
    canvas.lay(view, np.array([1.0, 0.99, 0.97]), opening * key * 0.95)
    canvas.lay(view, np.array([0.85, 0.92, 1.0]), opening * 0.38 * bump(dx, dy, 0.046, 0.040, 0.022, 0.014))


def lid_shading(canvas: Canvas, view: View, look: Look, u: np.ndarray, upper: np.ndarray, lower: np.ndarray) -> None:
    """The crease above the eye, a soft lid plane, the roll under the lower lashes."""
    span = smoothstep((1.12 - np.abs(u - 0.05)) / 0.4)
    lift = 0.050 + 0.022 * (1.0 - np.clip(u, -1, 1) ** 2)
    crease = np.exp(-(((view.y - (upper - lift)) / (0.013 + 0.006 * look.age)) ** 2)) * span
    canvas.darken(view, 0.42 * look.lid_crease * crease, (0.62, 0.9, 0.95))
    above = np.exp(-(((view.y - (upper - lift - 0.05)) / 0.05) ** 2)) * span
    canvas.darken(view, 0.15 * look.lid_crease * above, (0.6, 1.0, 1.0))
    plane = np.clip((upper - view.y) / 0.05, 0, 1) * np.clip(1.0 - (upper - view.y) / 0.075, 0, 1) * span
    canvas.darken(view, 0.55 * look.makeup * plane, (0.75, 1.0, 0.95))
    under = np.exp(-(((view.y - lower - 0.035) / 0.020) ** 2)) * span
    canvas.darken(view, 0.14 * under, (0.5, 1.0, 0.9))


def rims(canvas: Canvas, view: View, look: Look, u: np.ndarray, upper: np.ndarray, lower: np.ndarray) -> None:
    span = smoothstep((1.07 - np.abs(u)) / 0.10)
    dark = display(linear(look.brow) * 0.25)
    width = 0.010 + 0.010 * look.lashes * np.clip(0.4 + 0.6 * u, 0.1, 1)
    line = np.exp(-(((view.y - upper + 0.004) / width) ** 2)) * span
    canvas.lay(view, dark, 0.88 * line)
    water = np.exp(-(((view.y - lower + 0.004) / 0.009) ** 2)) * span
    canvas.lay(view, np.array([0.80, 0.56, 0.52]) * (0.55 + 0.45 * np.mean(look.skin) / 200), 0.40 * water)
    low = np.exp(-(((view.y - lower - 0.010) / 0.010) ** 2)) * span * np.clip(0.55 + 0.5 * u, 0, 1)
    canvas.lay(view, dark, (0.28 + 0.2 * look.makeup) * low)


def lashes(canvas: Canvas, look: Look, pose: Pose, side: float, half: float) -> None:
    rng = np.random.default_rng(look.seed + 31)
    colour = display(linear(look.brow) * 0.2)
    count = int(30 + 22 * look.lashes)
    for edge, length, lift in ((0, 0.030 + 0.046 * look.lashes, -1.0), (1, 0.014 + 0.018 * look.lashes, 1.0)):
        for u in np.linspace(-0.80, 0.90, count if edge == 0 else count // 2):
            u = u + rng.normal(0, 0.022)
            root_y = float(lid_curves(look, pose, np.array([u]))[edge][0])
            grow = length * (0.55 + 0.45 * np.clip(u + 0.55, 0, 1)) * rng.uniform(0.75, 1.1)
            lean = 0.55 * u + 0.20 + rng.normal(0, 0.10)
            root = np.array([u * half, root_y])
            direction = lift * (1.0 if edge or pose.lids > 0.4 else -1.0)
            mid = root + grow * np.array([0.60 * lean, 0.30 * direction])
            tip = root + grow * np.array([0.95 * lean, 0.85 * direction])
            points = np.stack([root, mid, tip]) * [side, 1.0] + [side * EYE_X, 0.0]
            stroke(canvas, points, colour, 0.0085 if edge == 0 else 0.005, 0.0, alpha=0.72 if edge == 0 else 0.30)


def brows(canvas: Canvas, look: Look, detail: float = 1.0) -> None:
    """Brow hairs, drawn one by one over a soft base, lying along the brow from the nose outwards."""
    rng = np.random.default_rng(look.seed + 57)
    colour = display(linear(look.brow))
    for side in (-1.0, 1.0):
        view = canvas.view(side * 0.5 - 0.6, -0.75, side * 0.5 + 0.6, -0.05)
        s = np.clip((view.x * side - 0.17) / 0.72, 0, 1)
        mid = brow_y(look, s)
        thick = brow_thickness(look, s)
        ends = smoothstep((view.x * side - 0.15) / 0.12) * smoothstep((0.91 - view.x * side) / 0.14)
        base = np.exp(-(np.abs((view.y - mid) / (thick * 0.80)) ** 2.0)) * ends
        canvas.lay(view, colour, 0.60 * min(1.2, look.brow_weight) * base)
        for _ in range(int(420 * look.brow_weight * max(detail, 0.15))):
            s0 = rng.beta(1.15, 1.25)
            across = rng.normal(0, 0.36)
            x0 = 0.16 + 0.72 * s0
            y0 = float(brow_y(look, s0) + across * brow_thickness(look, s0))
            slope = float((brow_y(look, min(1.0, s0 + 0.04)) - brow_y(look, s0)) / (0.04 * 0.72))
            angle = np.arctan(slope) - 0.80 * (1.0 - s0) ** 2.2 + 0.35 * across * (0.3 + s0) - 0.12
            length = rng.uniform(0.055, 0.105) * (0.72 + 0.4 * s0)
            bend = rng.normal(0.12, 0.08) + 0.3 * (1 - s0)
            a = np.array([x0, y0])
            b = a + 0.5 * length * np.array([np.cos(angle), np.sin(angle)])
            c = b + 0.5 * length * np.array([np.cos(angle + bend), np.sin(angle + bend)])
            points = np.stack([a, b, c]) * [side, 1.0]
            stroke(canvas, points, colour * rng.uniform(0.8, 1.5), 0.0072, 0.0, alpha=0.50)


def brow_y(look: Look, s: np.ndarray | float) -> np.ndarray | float:
    arch = look.brow_arch
    return -look.brow_height + 0.035 - arch * np.sin(np.clip(s, 0, 1) ** 1.25 * np.pi * 0.95) - 0.012 * s + 0.055 * s**3


def brow_thickness(look: Look, s: np.ndarray | float) -> np.ndarray | float:
    return 0.050 * look.brow_weight**0.5 * (0.82 + 0.35 * np.sin(np.clip(s, 0, 1) * np.pi * 0.9) - 0.62 * s**1.6)


def stroke(
    canvas: Canvas, points: np.ndarray, colour: np.ndarray, width0: float, width1: float, *, alpha: float = 1.0
) -> None:
    """A tapering stroke through `points` (3, 2) in face units; widths in face units at root and tip."""
    t = np.linspace(0, 1, 9)[:, None]
    curve = (1 - t) ** 2 * points[0] + 2 * t * (1 - t) * points[1] + t**2 * points[2]
    tangent = np.gradient(curve, axis=0)
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], 1)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
    half = (width0 + (width1 - width0) * t) / 2
    ring = np.concatenate([curve + normal * half, (curve - normal * half)[::-1]])
    px = ring * canvas.unit_px + np.array(canvas.centre_px)
    low, high = np.floor(px.min(0)).astype(int) - 2, np.ceil(px.max(0)).astype(int) + 3
    height, width = canvas.rgb.shape[:2]
    low, high = np.maximum(low, 0), np.minimum(high, [width, height])
    if np.any(high <= low):
        return
    mask = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
    cv2.fillPoly(mask, [np.round((px - low - 0.5) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    patch = canvas.rgb[low[1] : high[1], low[0] : high[0]]
    patch += (colour - patch) * (mask[..., None] * (alpha / 255.0))
