"""Backdrop, neck, shoulders, clothes and ears."""

from dataclasses import replace

import numpy as np

from worker.compose.presenters.field import (
    FILL_LIGHT,
    KEY_LIGHT,
    Canvas,
    View,
    bump,
    display,
    linear,
    noise,
    normals,
    skin_light,
    smoothstep,
)
from worker.compose.presenters.look import Look

RAISED = 0.20  # face units by which the body sits higher than the numbers below


def backdrop(canvas: Canvas, look: Look) -> None:
    """A studio wall: a pool of light behind the head, falling off to the corners."""
    view = canvas.everything()
    near, far = linear(look.backdrop), linear(look.backdrop_second)
    pool = np.exp(-(((view.x + 0.9) / 3.0) ** 2) - ((view.y - 0.1) / 2.9) ** 2)
    light = far + (near - far) * pool[..., None]
    light = (
        light * (1.0 + 0.018 * noise(view, 1.3, look.seed + 71) + 0.010 * noise(view, 0.35, look.seed + 72))[..., None]
    )
    canvas.rgb[:] = display(light)


def ears(canvas: Canvas, look: Look) -> None:
    for side in (-1.0, 1.0):
        cx = side * 1.10 * look.face_width
        view = canvas.view(cx - 0.35, -0.35, cx + 0.35, 1.0)
        if not view.x.size:
            continue
        out = (view.x - cx) * side
        lean = out - 0.10 * (0.3 - view.y)
        r = np.hypot(lean / 0.145, (view.y - 0.26) / (0.37 + 0.05 * (view.y < 0.28)))
        z = 0.18 * np.sqrt(np.clip(1.05 - r**2.4, 0, None))
        ridge = np.exp(-(((r - 0.80) / 0.13) ** 2))
        z = (
            z
            + 0.045 * ridge
            - 0.10 * bump(lean, view.y, -0.01, 0.30, 0.065, 0.20)
            + 0.03 * bump(lean, view.y, -0.03, 0.12, 0.04, 0.12)
        )
        albedo = linear(look.skin) * 0.92 + (linear(look.blush) - linear(look.skin)) * 0.35
        shadow = np.clip(0.30 - 0.9 * out, 0, 0.6) * 0.7 + (0.28 if side > 0 else 0.0)
        light = skin_light(
            view,
            z.astype(np.float32),
            np.broadcast_to(albedo, (*z.shape, 3)).astype(np.float32),
            np.full_like(z, 0.4),
            shadow=shadow.astype(np.float32),
        )
        canvas.lay(view, display(light), view.edge((1.0 - r) * 0.16, 0.006))
        if look.earrings:
            d = np.hypot(out - 0.015, view.y - 0.72)
            canvas.lay(view, np.array([0.86, 0.68, 0.36]) * (1.15 - 4.0 * d)[..., None], view.edge(0.042 - d, 0.004))
            canvas.lay(
                view,
                np.array([1.0, 0.97, 0.88]),
                view.edge(0.011 - np.hypot(out - 0.005 + 0.01 * side, view.y - 0.706), 0.008),
            )


def neck(canvas: Canvas, look: Look, chin_y: float) -> None:
    """Neck, its tendons, the hollow between the collar bones and the soft shadow of the jaw."""
    view = canvas.view(-3.2, 0.6, 3.2, 99.0)
    x, y = view.x, view.y + RAISED
    ax = np.abs(x)
    flare = smoothstep((y - 1.98) / 0.80)
    half = look.neck_width * (1.0 + 0.05 * (1.9 - y)) + 1.75 * flare**1.6
    z = 0.55 * np.sqrt(np.clip(1.03 - np.clip(ax / half, 0, 1.01) ** 2.3, 0, None))
    tendon = np.exp(-(((ax - (0.50 - 0.36 * np.clip((y - 1.6) / 1.15, 0, 1))) / 0.085) ** 2))
    z = z + 0.020 * tendon * smoothstep((y - 1.7) / 0.5) - 0.07 * bump(x, y, 0, 2.82, 0.13, 0.14)
    bone = np.exp(-(((y - (2.86 - 0.10 * ax)) / 0.07) ** 2)) * smoothstep((ax - 0.14) / 0.25)
    z = z + 0.050 * bone
    if look.beard > 0.3 or look.neck_width > 0.8:
        z = z + 0.035 * bump(x, y, 0, 2.25, 0.10, 0.16)
    base = linear(look.skin) * 0.95
    albedo = base * (1.0 + 0.02 * noise(view, 0.3, look.seed + 81))[..., None]
    jaw = chin_y + RAISED + 0.20 - 0.55 * (ax / 0.9) ** 2 + 0.06 * x
    under = 1.0 - smoothstep((y - jaw + 0.16) / 0.50)
    shadow = np.clip(0.80 * under + 0.35 * smoothstep((x - 0.2) / 0.7), 0, 0.9)
    light = skin_light(
        view, z.astype(np.float32), albedo.astype(np.float32), np.full_like(z, 0.35), shadow=shadow.astype(np.float32)
    )
    light *= (1.0 - 0.32 * under)[..., None]
    trapezius = np.minimum(y - shoulder_line(look, ax), 1.4 - ax)
    inside = np.maximum(np.minimum(half - ax, 1.10 * look.neck_width - ax), trapezius)
    canvas.lay(view, display(light), view.edge(inside, 0.008))


def shoulder_line(look: Look, ax: np.ndarray) -> np.ndarray:
    """y of the clothes' upper edge: the trapezius, the shoulder, then straight down the arm."""
    w = look.shoulder_width
    slope = 2.06 + 0.66 * (1.0 - np.exp(-np.clip(ax - 0.60, 0, None) / (0.36 * w)))
    over = np.clip((ax - 0.66 * w) / (0.34 * w), 0, 1)
    return slope + 0.95 * (1.0 - np.sqrt(np.clip(1.0 - over**2.2, 0, 1)))


def neckline(look: Look, ax: np.ndarray) -> np.ndarray:
    """y of the garment's opening at the neck."""
    if look.garment == "turtle":
        return 2.07 - 0.12 * ax**2
    if look.garment == "vneck":
        return 2.18 + 1.55 * np.clip(1.0 - ax / 0.86, 0, 1) ** 1.05
    if look.garment in ("shirt", "blazer"):
        return 2.10 + 1.12 * np.clip(1.0 - ax / 0.70, 0, 1) ** 1.1
    if look.garment == "scoop":
        return 2.30 + 0.88 * np.sqrt(np.clip(1.0 - (ax / 1.12) ** 2.2, 0, 1))
    return 2.16 + 0.50 * np.sqrt(np.clip(1.0 - (ax / 0.92) ** 2.2, 0, 1))  # crew


def cloth_light(view: View, z: np.ndarray, albedo: np.ndarray) -> np.ndarray:
    n = normals(view, view.blur(z.astype(np.float32), 0.012))
    key = np.clip((n @ KEY_LIGHT + 0.25) / 1.25, 0, None) ** 1.1
    fill = np.clip(n @ FILL_LIGHT, 0, None)
    sky = 0.75 - 0.25 * n[..., 1]
    cavity = np.clip((view.blur(z.astype(np.float32), 0.12) - z) * 3.5, -0.15, 0.6)
    return albedo * ((0.95 * key + 0.18 * fill + 0.26 * sky) * (1.0 - cavity))[..., None]


def garment(canvas: Canvas, look: Look) -> None:
    view = canvas.view(-99.0, 1.5, 99.0, 99.0)
    view = replace(view, y=view.y + RAISED)
    x, y = view.x, view.y
    ax = np.abs(x)
    top = shoulder_line(look, ax)
    if look.garment == "turtle":
        tube = 0.74 + 0.12 * smoothstep((y - 2.0) / 0.35)
        top = np.where(ax < tube, np.minimum(top, 2.07 - 0.12 * ax**2), top)
    opening = neckline(look, ax)
    body = np.minimum(y - top, look.shoulder_width - ax)
    signed = np.minimum(body, y - opening)
    across = np.clip(ax / look.shoulder_width, 0, 1)
    z = 1.0 * np.sqrt(np.clip(1.05 - across**2.4, 0, None)) + 0.30 * smoothstep((y - top) / 0.5)
    z = z + 0.14 * bump(ax, y, 1.0, 4.4, 0.9, 0.9) + fabric_folds(view, look)
    if look.garment == "turtle":
        roll = (y < 2.46 - 0.10 * ax**2) * (ax < 0.88)
        z = np.where(roll, 0.9 + 0.55 * np.sqrt(np.clip(1.04 - (ax / 0.90) ** 2.2, 0, None)), z)
    albedo = linear(look.garment_colour) * (1.0 + weave(view, look))[..., None]
    light = cloth_light(view, z, albedo)
    shade = np.exp(-np.clip(y - 1.95, 0, None) / 0.45) * np.exp(-(((x - 0.25) / 0.9) ** 2))
    light *= (1.0 - 0.45 * shade)[..., None]
    soft_shadow = np.exp(-np.clip(opening - y, 0, None) / 0.06) * (y < opening) * (y > top)
    canvas.darken(view, 0.38 * soft_shadow, (0.7, 0.95, 1.0))
    canvas.lay(view, display(light), view.edge(signed, 0.006))
    trim(canvas, view, look, opening, top)


def fabric_folds(view: View, look: Look) -> np.ndarray:
    x, y = view.x, view.y
    drape = 0.016 * noise(view, 0.75, look.seed + 90) + 0.004 * noise(view, 0.22, look.seed + 91)
    pull = 0.022 * np.sin((np.abs(x) * 1.1 + y * 0.9) * 6.0 + 1.2 * noise(view, 0.9, look.seed + 92))
    return drape + pull * smoothstep((y - 3.0) / 1.0)


def weave(view: View, look: Look) -> np.ndarray:
    if look.garment == "turtle":
        return 0.10 * np.sin(view.x * 60 + 0.5 * noise(view, 0.4, look.seed + 94)) + 0.03 * noise(
            view, 0.02, look.seed + 93
        )
    return 0.035 * noise(view, 0.018, look.seed + 93)


def trim(canvas: Canvas, view: View, look: Look, opening: np.ndarray, top: np.ndarray) -> None:
    """Collar band, roll, shirt collar or lapels on top of the garment."""
    x, y = view.x, view.y
    ax = np.abs(x)
    below = y - opening
    if look.garment in ("crew", "vneck", "scoop"):
        band = view.edge(0.085 - below, 0.006) * view.edge(below, 0.006) * view.edge(y - top)
        profile = 1.0 + 0.22 * np.cos(np.clip(below / 0.085, 0, 1) * np.pi) - 0.10 * smoothstep((x - 0.2) / 0.6)
        rib = 1.0 + (0.05 * np.sin(np.arctan2(x, y - 1.9) * 170) if look.garment == "crew" else 0.0)
        canvas.lay(view, np.clip(display(linear(look.garment_colour)) * 0.92 * (profile * rib)[..., None], 0, 1), band)
        canvas.darken(view, 0.30 * np.exp(-(((below - 0.095) / 0.012) ** 2)) * (y > top) * (ax < 1.0))
    elif look.garment == "turtle":
        fold_y = 2.46 - 0.10 * ax**2
        canvas.darken(
            view, 0.42 * np.exp(-np.clip(y - fold_y, 0, None) / 0.06) * (y > fold_y) * smoothstep((0.90 - ax) / 0.22)
        )
        canvas.darken(view, 0.20 * np.exp(-(((y - fold_y + 0.02) / 0.02) ** 2)) * smoothstep((0.90 - ax) / 0.22))
    else:
        collar(canvas, view, look)


def collar(canvas: Canvas, view: View, look: Look) -> None:
    """A shirt collar; with a blazer also the shirt under it and the lapels."""
    x, y = view.x, view.y
    ax = np.abs(x)
    shirt = linear(look.garment_second if look.garment == "blazer" else look.garment_colour)
    fall = 1.02 - 0.30 * smoothstep((x - 0.0) / 1.0)
    if look.garment == "blazer":
        inner = 2.50 + 3.2 * np.clip(1.02 - ax, 0, 1)
        under = np.minimum(np.minimum(y - neckline(look, ax), inner - y), y - shoulder_line(look, ax))
        fold = 1.0 + 0.03 * noise(view, 0.25, look.seed + 95)
        canvas.lay(
            view, display(shirt * 0.80) * (fall * fold)[..., None], view.edge(np.minimum(under, 0.80 - ax), 0.006)
        )
        canvas.darken(view, 0.55 * np.exp(-np.abs(x) / 0.012) * (y > 3.3), (1, 1, 1))
    v = np.clip((y - 2.02) / 1.16, 0, 1)
    outer_edge = 0.76 - 0.20 * v**2.2
    inner_edge = 0.655 * (1.0 - v) ** 0.90
    ends = np.minimum(y - 2.02 - 0.9 * np.clip(ax - 0.66, 0, 1), 3.16 - 0.60 * np.abs(ax - 0.36) - y)
    wing = np.minimum(np.minimum(outer_edge - ax, ax - inner_edge), ends)
    on_body = view.edge(y - shoulder_line(look, ax))
    canvas.darken(view, 0.40 * view.edge(wing + 0.05, 0.10) * on_body, (1, 1, 1))
    tone = display(shirt) * (fall * (0.96 - 0.14 * smoothstep((ax - outer_edge + 0.25) / 0.3)))[..., None]
    canvas.lay(view, np.clip(tone, 0, 1), view.edge(wing, 0.005))
    if look.garment == "blazer":
        lapel(canvas, view, look)


def lapel(canvas: Canvas, view: View, look: Look) -> None:
    x, y = view.x, view.y
    ax = np.abs(x)
    s = np.clip((y - 2.25) / 2.3, 0, 1)
    inner_edge = 0.78 * (1.0 - s) ** 1.02 + 0.02
    outer_edge = 0.92 + 0.56 * np.clip(s / 0.42, 0, 1) - 1.10 * np.clip((s - 0.42) / 0.58, 0, 1) ** 1.2
    notch = np.maximum(np.abs(y - 3.14 + 0.35 * (ax - 1.3)) - 0.022, 1.16 - ax)
    shape = np.minimum(
        np.minimum(outer_edge - ax, ax - inner_edge), np.minimum(y - shoulder_line(look, ax) + 0.03, notch)
    )
    on_body = view.edge(y - shoulder_line(look, ax))
    canvas.darken(view, 0.45 * view.edge(shape + 0.06, 0.14) * (1 - view.edge(shape)) * on_body, (1, 1, 1))
    side = 1.16 - 0.30 * smoothstep((x + 0.6) / 1.4)
    grain = 1.0 + 0.03 * noise(view, 0.018, look.seed + 97)
    canvas.lay(
        view, np.clip(display(linear(look.garment_colour)) * (side * grain)[..., None], 0, 1), view.edge(shape, 0.006)
    )
    canvas.lay(
        view, display(linear(look.garment_colour) * 2.2), 0.35 * np.exp(-(((shape - 0.012) / 0.010) ** 2)) * (shape > 0)
    )
