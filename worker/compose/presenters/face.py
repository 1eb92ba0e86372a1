"""The head: outline, height field, skin and lips. Proportions after Farkas, *Anthropometry of the Head and Face*."""

from dataclasses import dataclass

import numpy as np

from worker.compose.presenters.field import (
    Canvas,
    View,
    bump,
    cast_shadow,
    display,
    linear,
    noise,
    outline_radius,
    skin_light,
    smoothstep,
)
from worker.compose.presenters.look import Look

MOUTH_Y = 1.09
CHIN_Y = 1.755
CENTRE_Y = 0.10


@dataclass(frozen=True)
class Pose:
    """What moves in a drawn face. `gap`: inner-lip gap in face units (0 closed, 0.45 wide); `lids`: 1 open, 0 shut."""

    gap: float = 0.0
    lids: float = 1.0
    gaze: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class Lips:
    """Curves of the mouth over the window: `t` = -1…1 from corner to corner, y of each edge in face units."""

    t: np.ndarray
    env: np.ndarray
    top: np.ndarray
    upper_inner: np.ndarray
    lower_inner: np.ndarray
    bottom: np.ndarray


def lip_curves(look: Look, pose: Pose, x: np.ndarray) -> Lips:
    half = 0.395 * look.mouth_width * (1.0 - 0.10 * min(1.0, pose.gap / 0.45))
    t = x / half
    a = np.clip(np.abs(t), 0.0, 1.0)
    env = np.sqrt(np.clip(1.0 - a**2, 0.0, 1.0))
    corners = -0.050 * look.smile * a**2.2
    line = MOUTH_Y + corners + 0.014 * np.exp(-((t / 0.20) ** 2)) - 0.010 * np.exp(-(((a - 0.42) / 0.22) ** 2))
    bow = 1.0 - 0.20 * np.exp(-((t / 0.15) ** 2)) + 0.10 * np.exp(-(((a - 0.24) / 0.14) ** 2))
    top = line - 0.118 * look.upper_lip * (1.0 - a**1.5) * bow
    fuller = np.clip(1.0 - a**2.3, 0.0, 1.0) ** 0.85
    open_env = np.clip(1.0 - a**2.4, 0.0, 1.0)
    lower_inner = line + pose.gap * open_env
    upper_inner = line - 0.06 * pose.gap * open_env
    thin = 1.0 - 0.25 * min(1.0, pose.gap / 0.45)
    bottom = lower_inner + 0.172 * look.lower_lip * fuller * thin
    return Lips(t, env, top - 0.06 * pose.gap * open_env, upper_inner, lower_inner, bottom)


def outline(look: Look, pose: Pose, view: View) -> np.ndarray:
    """Signed distance to the edge of the head (positive inside), and the normalised radius, each (h, w)."""
    w, jaw = look.face_width, look.jaw_width * look.face_width
    drop = pose.gap * 0.85
    chin = CHIN_Y * (0.5 + 0.5 * look.chin_length) + 0.045 * (look.chin_length - 1.0) + drop
    points = [
        (0.0, chin),
        (0.20 * jaw, chin - 0.022),
        (0.40 * jaw, chin - 0.125),
        (0.62 * jaw, chin - 0.30 - 0.1 * drop),
        (0.80 * jaw, 1.17 + 0.45 * drop),
        (0.93 * (0.4 * w + 0.6 * jaw), 0.88 + 0.2 * drop),
        (1.02 * w, 0.50),
        (1.075 * w, 0.10),
        (1.085 * w, -0.30),
        (1.05 * w, -0.75),
        (0.93 * w, -1.18),
        (0.70 * w, -1.52),
        (0.38 * w, -1.72),
        (0.0, -1.78),
    ]
    radius = outline_radius(points, CENTRE_Y, view.x, view.y)
    r = np.hypot(view.x, view.y - CENTRE_Y)
    return np.stack([radius - r, r / radius])


def skull(view: View, rho: np.ndarray) -> np.ndarray:
    return (1.02 * np.sqrt(np.clip(1.04 - np.clip(rho, 0, 1.02) ** 2.5, 0.0, None))).astype(np.float32)


def nose_height(look: Look, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    length = look.nose_length
    tip_y, base_y = 0.60 * length, 0.75 * length
    along = np.clip((y + 0.18) / (tip_y + 0.18), 0.0, 1.0)
    width = (0.125 + 0.045 * along**2) * (0.55 + 0.45 * look.nose_width)
    start = smoothstep((y + 0.42) / 0.35)
    ridge = (0.070 * look.nose_bridge + 0.185 * along**1.5) * np.exp(-((x / (1.08 * width)) ** 2)) * start
    flank = 0.11 * along**1.3 * np.exp(-((x / (2.0 * width)) ** 2)) * smoothstep((y + 0.30) / 0.4)
    under = 1.0 - smoothstep((y - tip_y + 0.07) / (base_y - tip_y + 0.10))
    tip = 0.125 * bump(x, y, 0.0, tip_y - 0.005, 0.155 * (0.4 + 0.6 * look.nose_width), 0.125)
    ax = np.abs(x)
    wing_x = wing_centre(look)
    wing_y = (y - tip_y - 0.045) / 0.105
    wings = 0.030 + 0.150 * np.sqrt(
        np.clip(1.0 - ((ax - wing_x) / (0.100 * look.nose_width)) ** 2 - wing_y**2, 0.0, None)
    )
    crease = 0.035 * bump(ax, y, wing_x + 0.105 * look.nose_width, tip_y + 0.02, 0.035, 0.085)
    wings = wings * (np.hypot((ax - wing_x) / (0.100 * look.nose_width), wing_y) < 1.0)
    middle = (ridge + flank) * under + tip
    wide = flank * under
    # a soft maximum: the wings come out from behind the tip instead of adding to it
    return (
        0.03 * np.logaddexp(middle / 0.03, (wide + wings) / 0.03)
        - 0.03 * np.log(2.0) * np.exp(-np.abs(middle) / 0.02)
        - crease
    )


def wing_centre(look: Look) -> float:
    return 0.175 * look.nose_width


def folds(look: Look, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Nasolabial folds, lines under the eyes, forehead and chin creases: deeper with age."""
    ax = np.abs(x)
    s = np.clip((y - 0.66) / 0.52, 0.0, 1.0)
    fold_x = 0.30 * look.nose_width + 0.22 * s**0.9
    gate = smoothstep((y - 0.60) / 0.15) * (1.0 - smoothstep((y - 1.05) / 0.22))
    z = -(0.004 + 0.036 * look.age) * np.exp(-(((ax - fold_x) / 0.035) ** 2)) * gate
    z += (0.005 + 0.024 * look.age) * np.exp(-(((ax - fold_x - 0.10) / 0.075) ** 2)) * gate
    bag_y = 0.17 + 0.05 * np.cos((ax - 0.5) * 4.0)
    z += (
        -(0.0015 + 0.016 * look.age)
        * np.exp(-(((y - bag_y - 0.02) / 0.022) ** 2))
        * np.exp(-(((ax - 0.46) / 0.20) ** 2))
    )
    for i, line_y in enumerate((-0.62, -0.78, -0.93)):
        wave = line_y + 0.02 * np.cos(x * 5.0 + i)
        z += -0.009 * max(0.0, look.age - 0.35) * np.exp(-(((y - wave) / 0.016) ** 2)) * np.exp(-((x / 0.62) ** 2))
    crow = np.exp(-(((ax - 0.86) / 0.07) ** 2)) * np.exp(-(((y - 0.02) / 0.12) ** 2))
    z += 0.006 * max(0.0, look.age - 0.3) * crow * np.sin((y * 1.0 + (ax - 0.8) * 0.8) * 75.0)
    return z.astype(np.float32)


def lip_height(look: Look, lips: Lips, y: np.ndarray) -> np.ndarray:
    inside = np.abs(lips.t) < 1.0
    up = (lips.upper_inner - y) / np.maximum(lips.upper_inner - lips.top, 0.01)
    low = (y - lips.lower_inner) / np.maximum(lips.bottom - lips.lower_inner, 0.01)
    z = 0.050 * look.upper_lip * lips.env * np.exp(-(((up - 0.42) / 0.46) ** 2))
    z = z + 0.085 * look.lower_lip * lips.env * np.exp(-(((low - 0.45) / 0.44) ** 2))
    groove = np.exp(-(((y - lips.upper_inner) / 0.020) ** 2)) + np.exp(-(((y - lips.lower_inner) / 0.020) ** 2))
    z = z - 0.022 * np.clip(lips.env * 1.6, 0, 1) * groove
    cavity = (up < 0.0) & (low < 0.0)
    return np.where(inside, np.where(cavity, -0.05, z), 0.0).astype(np.float32)


def relief(look: Look, pose: Pose, view: View, lips: Lips) -> np.ndarray:
    """Everything that stands out from or sinks into the skull."""
    x, y = view.x, view.y
    ax = np.abs(x)
    jaw = y - 0.85 * pose.gap * smoothstep((y - MOUTH_Y) / 0.20)
    z = 0.055 * bump(ax, y, 0.44, -0.27, 0.40, 0.13) - 0.020 * bump(x, y, 0.0, -0.26, 0.11, 0.10)
    z += -0.125 * bump(ax, y, 0.46, 0.0, 0.33, 0.20) - 0.055 * bump(ax, y, 0.24, -0.06, 0.13, 0.16)
    z += 0.085 * bump(ax, y, 0.50, 0.015, 0.215, 0.135)
    z += 0.080 * look.cheek * bump(ax, y, 0.66, 0.40, 0.30, 0.22) - 0.03 * bump(ax, y, 0.78, 0.95, 0.22, 0.26)
    z += 0.045 * bump(ax, y, 0.24, 1.0, 0.28, 0.20)  # muzzle over the teeth
    z += -0.026 * bump(x, y, 0.0, 0.88, 0.045, 0.09) + 0.014 * bump(ax, y, 0.085, 0.89, 0.035, 0.09)
    z += -0.060 * bump(x, jaw, 0.0, 1.37, 0.26, 0.065) - 0.020 * bump(ax, jaw, 0.42, 1.20, 0.07, 0.10)
    z += 0.090 * bump(x, jaw, 0.0, 1.56, 0.27, 0.16)
    z += -0.045 * bump(ax, y, 0.98, -0.45, 0.16, 0.35) + 0.03 * bump(x, y, 0.0, -0.85, 0.5, 0.35)
    return (z + nose_height(look, x, y) + folds(look, x, y) + lip_height(look, lips, y)).astype(np.float32)


def skin_colour(look: Look, view: View, lips: Lips) -> np.ndarray:
    """Linear albedo (h, w, 3): base tone, blood under cheeks, nose and ears, cooler jaw, freckles, beard, lips."""
    x, y = view.x, view.y
    ax = np.abs(x)
    base, blush, lip = linear(look.skin), linear(look.blush), linear(look.lips)
    red = 0.24 * bump(ax, y, 0.62, 0.48, 0.34, 0.26) + 0.30 * bump(x, y, 0.0, 0.60, 0.24, 0.20)
    red += 0.16 * bump(x, y, 0.0, 1.66, 0.28, 0.18) + 0.13 * bump(ax, y, 0.48, 0.16, 0.26, 0.06)
    red += 0.15 * bump(ax, y, 0.45, -0.14, 0.30, 0.10) + 0.4 * look.makeup * bump(ax, y, 0.76, 0.40, 0.25, 0.20)
    red += 0.035 * noise(view, 0.16, look.seed) + 0.02 * noise(view, 0.045, look.seed + 1)
    colour = base + (blush - base) * np.clip(red, 0.0, 0.9)[..., None]
    colour *= (1.0 + 0.030 * noise(view, 0.35, look.seed + 2) + 0.012 * noise(view, 0.020, look.seed + 3))[..., None]
    shadowy = 0.10 * bump(ax, y, 0.42, 0.13, 0.20, 0.09) + 0.12 * look.makeup * bump(ax, y, 0.52, -0.09, 0.26, 0.09)
    colour *= 1.0 - shadowy[..., None] * np.array([0.7, 1.0, 0.85], np.float32)
    if look.freckles:
        spots = smoothstep((noise(view, 0.030, look.seed + 5) - 1.35) / 0.5)
        where = bump(ax, y, 0.42, 0.36, 0.45, 0.24) + bump(x, y, 0.0, 0.3, 0.2, 0.3)
        colour *= 1.0 - (look.freckles * 0.38 * spots * np.clip(where, 0, 1))[..., None] * np.array([0.5, 0.9, 1.0])
    if look.beard:
        colour += (linear(look.brow) * 1.2 - colour) * (0.60 * min(1.0, look.beard * 1.6) * beard_area(view, lips))[
            ..., None
        ]
    mask = lip_cover(view, lips)
    lip_tone = (
        lip * (1.0 - 0.10 * np.abs(np.sin(lips.t * 34 + 0.4 * noise(view, 0.05, look.seed + 7))) * lips.env)[..., None]
    )
    lip_tone = lip_tone * np.where(y < lips.upper_inner, 0.86, 1.0)[..., None]
    return colour + (lip_tone - colour) * (mask * (0.80 + 0.15 * look.makeup))[..., None]


def lip_cover(view: View, lips: Lips) -> np.ndarray:
    soft = 0.022
    upper = view.edge(view.y - lips.top, soft) * (view.y <= lips.upper_inner)
    lower = view.edge(lips.bottom - view.y, soft) * (view.y > lips.upper_inner)
    return (upper + lower) * view.edge((1.0 - np.abs(lips.t)) * 0.39, soft)


def beard_area(view: View, lips: Lips) -> np.ndarray:
    """Where a beard grows, [0, 1]: jaw, chin, moustache and the tuft under the lip."""
    x, y = view.x, view.y
    ax = np.abs(x)
    cheek_line = 0.36 + 0.86 * np.clip((1.02 - ax) / 0.62, 0, 1) ** 1.15
    jaw = smoothstep((y - cheek_line) / 0.16)
    moustache = smoothstep((y - 0.86 + 0.05 * ax) / 0.08) * smoothstep((0.52 - ax) / 0.12)
    bare = bump(ax, y, 0.20, 1.40, 0.13, 0.055) * 0.75
    return np.clip(np.maximum(jaw, moustache) - bare, 0, 1) * (1.0 - np.clip(lip_cover(view, lips) * 1.4, 0, 1))


def paint_mouth_inside(canvas: Canvas, view: View, lips: Lips, pose: Pose) -> None:
    """Cavity, upper teeth, tongue and lower teeth of an open mouth."""
    if pose.gap <= 0.004:
        return
    depth = view.y - lips.upper_inner
    opening = view.edge(depth) * view.edge(lips.lower_inner - view.y) * (np.abs(lips.t) < 1.0)
    ramp = np.clip(depth / (pose.gap + 0.01), 0, 1)[..., None]
    canvas.lay(view, np.array([0.20, 0.07, 0.07]) * (0.7 + 0.6 * ramp), opening)
    tongue = bump(view.x, view.y, 0.0, MOUTH_Y + pose.gap * 1.02, 0.24, 0.36 * pose.gap)
    canvas.lay(view, np.array([0.62, 0.28, 0.27]), opening * np.clip(tongue * 1.1, 0, 0.9))
    span = np.clip(1.0 - (np.abs(lips.t) / 0.86) ** 4, 0, 1)
    teeth = view.edge(min(0.115, max(0.0, pose.gap - 0.08)) * np.sqrt(span) - depth, 0.012) * (span > 0)
    seams = 1.0 - 0.10 * np.exp(-((np.abs((view.x / 0.085) % 1.0 - 0.5) / 0.06) ** 2))
    tone = (0.93 - 0.30 * np.clip(np.abs(lips.t), 0, 1) ** 2) * seams * (0.72 + 0.28 * np.clip(depth / 0.06, 0, 1))
    canvas.lay(view, tone[..., None] * np.array([1.0, 0.96, 0.90]), opening * teeth)


def paint_head(canvas: Canvas, look: Look, pose: Pose, hair_shadow: np.ndarray | None = None) -> np.ndarray:
    """Paint head and lips. Returns the head's coverage over its window of the canvas, (h, w) in [0, 1]."""
    view = head_view(canvas)
    signed, rho = outline(look, pose, view)
    lips = lip_curves(look, pose, view.x)
    z = skull(view, rho) + relief(look, pose, view, lips)
    z += 0.00012 * noise(view, 0.020, look.seed + 9) + 0.00022 * noise(view, 0.012, look.seed + 10)  # pores
    z = np.where(signed > -0.02, z, z - 0.0).astype(np.float32)
    albedo = skin_colour(look, view, lips).astype(np.float32)
    shiny = np.clip(
        0.55 + 0.5 * bump(view.x, view.y, 0, -0.7, 0.6, 0.4) + 0.5 * bump(view.x, view.y, 0, 0.5, 0.2, 0.4), 0, 1.2
    )
    below = (view.y > lips.upper_inner).astype(np.float32)
    gloss = shiny + lip_cover(view, lips) * (below * (0.9 + 0.8 * look.makeup) - 0.35 * (1.0 - below))
    if look.beard:
        gloss = gloss * (1.0 - 0.85 * beard_area(view, lips))
    shadow = 0.75 * view.blur(cast_shadow(view, view.blur(z, 0.015)), 0.035)
    if hair_shadow is not None:
        shadow = 1.0 - (1.0 - shadow) * (1.0 - hair_shadow)
    light = skin_light(view, z, albedo, gloss.astype(np.float32), shadow=shadow)
    cover = view.edge(signed, 0.006)
    canvas.lay(view, display(light), cover)
    nostrils(canvas, view, look)
    mouth_line(canvas, view, lips, pose)
    paint_mouth_inside(canvas, view, lips, pose)
    return cover


def head_view(canvas: Canvas) -> View:
    return canvas.view(-1.32, -1.95, 1.32, 2.45)


def nostrils(canvas: Canvas, view: View, look: Look) -> None:
    """The two dark openings, the crease around each wing, and the shade under the tip."""
    ax = np.abs(view.x)
    w, y0 = look.nose_width, 0.700 * look.nose_length
    tilt = (view.y - y0) + 0.30 * (ax - 0.115 * w) + 0.8 * (ax - 0.115 * w) ** 2 / w
    hole = np.exp(-(np.abs((ax - 0.118 * w) / (0.068 * w)) ** 2.6) - np.abs(tilt / 0.027) ** 2)
    canvas.darken(view, 0.78 * smoothstep(hole * 1.3), (0.78, 0.95, 0.95))
    rx, ry = (ax - wing_centre(look)) / (0.106 * w), (view.y - 0.645 * look.nose_length) / 0.112
    arc = np.exp(-(((np.hypot(rx, ry) - 1.0) / 0.14) ** 2)) * smoothstep((rx + 0.15) / 0.7)
    canvas.darken(view, 0.30 * view.blur(arc.astype(np.float32), 0.008), (0.6, 0.95, 1.0))
    canvas.darken(view, 0.14 * bump(view.x, view.y, 0, y0 + 0.06, 0.19 * w, 0.035), (0.6, 1.0, 1.0))


def mouth_line(canvas: Canvas, view: View, lips: Lips, pose: Pose) -> None:
    inside = smoothstep((1.04 - np.abs(lips.t)) / 0.10)
    thin = 0.010 + 0.008 * lips.env
    line = np.exp(-(((view.y - lips.upper_inner) / thin) ** 2)) * inside
    canvas.darken(view, 0.62 * line, (0.72, 0.98, 0.98))
    corner = np.exp(-(((np.abs(lips.t) - 1.0) / 0.07) ** 2) - ((view.y - lips.upper_inner) / 0.03) ** 2)
    canvas.darken(view, 0.34 * corner, (0.65, 1.0, 1.0))
    if pose.gap > 0.004:
        lower = np.exp(-(((view.y - lips.lower_inner) / 0.012) ** 2)) * inside
        canvas.darken(view, 0.25 * lower, (0.72, 0.98, 0.98))
