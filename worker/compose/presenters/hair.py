"""Hair: strands laid along guide curves and lit along their length (Kajiya & Kay 1989), curls, and cropped hair."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from scipy.interpolate import CubicSpline

from worker.compose.presenters.field import KEY_LIGHT, Canvas, View, display, linear, smoothstep
from worker.compose.presenters.look import Look

SHIFT = 4  # fractional bits of OpenCV's drawing coordinates
HALF = (KEY_LIGHT + np.array([0, 0, 1], np.float32)) / np.linalg.norm(KEY_LIGHT + np.array([0, 0, 1], np.float32))


@dataclass(frozen=True)
class Layer:
    """Hair on its own sheet: `rgb` and `mask` uint8 over `view`."""

    view: View
    rgb: np.ndarray
    mask: np.ndarray

    def lay(self, canvas: Canvas) -> None:
        canvas.lay(self.view, self.rgb.astype(np.float32) / 255.0, self.mask.astype(np.float32) / 255.0)


@dataclass(frozen=True)
class Hair:
    """All hair of a head: what is behind the neck, what lies over the face."""

    behind: Layer
    front: Layer

    def shadow(self, canvas: Canvas, view: View) -> np.ndarray:
        """The shade the front hair throws down onto the face, over `view`, [0, 1]."""
        full = np.zeros(canvas.rgb.shape[:2], np.float32)
        left, top, right, bottom = self.front.view.box
        full[top:bottom, left:right] = self.front.mask / 255.0
        x0, y0, x1, y1 = view.box
        mask = full[y0:y1, x0:x1]
        move = np.float32([[1, 0, 0.05 * view.unit_px], [0, 1, 0.09 * view.unit_px]])
        moved = cv2.warpAffine(mask, move, (mask.shape[1], mask.shape[0]))
        return 0.62 * np.maximum(view.blur(moved, 0.05), 0.8 * view.blur(moved, 0.14))


def sheet(canvas: Canvas, look: Look) -> Layer:
    view = canvas.view(-2.4, -2.7, 2.4, 3.9)
    shape = view.x.shape
    base = np.round(display(linear(look.hair)) * 255)
    return Layer(
        view, np.ascontiguousarray(np.broadcast_to(base, (*shape, 3)).astype(np.uint8)), np.zeros(shape, np.uint8)
    )


def make_hair(canvas: Canvas, look: Look, detail: float) -> Hair:
    behind, front = sheet(canvas, look), sheet(canvas, look)
    style = STYLES[look.hairstyle]
    style(behind, front, look, np.random.default_rng(look.seed + 101), detail)
    return Hair(behind, front)


def light_on_strand(points: np.ndarray, look: Look, tone: float, shift: float, depth: float) -> np.ndarray:
    """Colours (N - 1, 3) uint8 of a strand's segments. `tone` varies per strand, `depth` darkens what lies below."""
    x, y = points[:, 0], points[:, 1]
    dome = np.clip(1.0 - (x / 1.62) ** 2 - (np.minimum(y + 0.15, 0.0) / 1.95) ** 2, 0.04, 1.0)
    z = np.sqrt(dome) * 1.3
    t = np.gradient(np.stack([x, y, z], 1), axis=0)
    t /= np.linalg.norm(t, axis=1, keepdims=True) + 1e-9
    normal = np.stack([x / 1.4, np.minimum(y + 0.2, 0.0) / 1.6, z], 1)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    facing = np.clip((normal @ KEY_LIGHT + 0.55) / 1.55, 0.0, 1.0)
    along = np.linspace(0, 1, len(points))
    diffuse = np.sqrt(np.clip(1.0 - (t @ KEY_LIGHT) ** 2, 0, 1))
    diffuse = 0.72 + (diffuse - 0.72) * smoothstep(along / 0.35)  # or the parting would be a hard edge
    th = t @ HALF + shift
    shine = np.clip(1.0 - th**2, 0, 1)
    near, far = shine**110 * smoothstep(along / 0.35), shine**22 * smoothstep(along / 0.35)
    dark, bright = linear(look.hair), linear(look.hair_light)
    body = (0.30 + 0.85 * facing * diffuse) * tone * depth
    body = body * (0.50 + 0.50 * smoothstep(along / 0.16))  # roots lie in shade
    colour = dark * body[:, None] * 1.15 + bright * ((0.34 * far + 0.42 * near) * facing * depth)[:, None]
    colour += (bright - dark) * (0.16 * tone * facing * depth)[:, None]
    return np.round(display(colour[:-1]) * 255).astype(np.uint8)


def draw_strand(layer: Layer, points: np.ndarray, colours: np.ndarray, width: float) -> None:
    """A strand with a tapering tip. `width` in face units."""
    view = layer.view
    origin = np.array([view.x[0, 0], view.y[0, 0]])
    px = np.round((points - origin) * view.unit_px * (1 << SHIFT)).astype(int).tolist()
    thick = max(1, round(width * view.unit_px))
    last = len(px) - 1
    for i, colour in enumerate(colours.tolist()):
        w = thick if i < 0.72 * last else max(1, thick // 2)
        cv2.line(layer.rgb, px[i], px[i + 1], colour, w, cv2.LINE_AA, SHIFT)
        cv2.line(layer.mask, px[i], px[i + 1], 255, w, cv2.LINE_AA, SHIFT)


def fill(layer: Layer, outline: np.ndarray, look: Look, shade: float) -> None:
    """A solid lock of hair under the strands, so that no wall shines through."""
    view = layer.view
    origin = np.array([view.x[0, 0], view.y[0, 0]])
    px = [np.round((outline - origin) * view.unit_px * (1 << SHIFT)).astype(np.int32)]
    colour = tuple(float(v) for v in np.round(display(linear(look.hair) * shade) * 255))
    cv2.fillPoly(layer.rgb, px, colour, cv2.LINE_AA, SHIFT)
    cv2.fillPoly(layer.mask, px, 255, cv2.LINE_AA, SHIFT)


def curve(control: np.ndarray, samples: int) -> np.ndarray:
    steps = np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(control, axis=0), axis=1))]
    return CubicSpline(steps / steps[-1], control, axis=0)(np.linspace(0, 1, samples))


@dataclass(frozen=True)
class Fall:
    """Hair that falls from a parting: a front and a back guide for the right side, and how it waves."""

    front: tuple[tuple[float, float], ...]
    back: tuple[tuple[float, float], ...]
    part_x: float
    wave: float
    wave_length: float
    count: int
    samples: int = 40


LONG = Fall(
    front=(
        (0, -1.16), (0.48, -1.06), (0.90, -0.62), (1.04, -0.05), (1.10, 0.65), (1.05, 1.45), (1.02, 2.25), (1.12, 3.05)
    ),
    back=(
        (0, -1.97), (0.72, -1.84), (1.24, -1.22), (1.43, -0.35), (1.52, 0.55), (1.62, 1.45), (1.70, 2.25), (1.62, 3.05)
    ),
    part_x=0.26, wave=0.125, wave_length=1.35, count=2300,
)  # fmt: skip
BOB = Fall(
    front=(
        (0, -1.14), (0.50, -1.04), (0.92, -0.60), (1.06, -0.05), (1.13, 0.50), (1.10, 0.98), (1.00, 1.36), (0.86, 1.56)
    ),
    back=(
        (0, -2.00), (0.72, -1.88), (1.26, -1.26), (1.46, -0.40), (1.55, 0.40), (1.53, 0.98), (1.40, 1.42), (1.18, 1.66)
    ),
    part_x=-0.30, wave=0.030, wave_length=1.6, count=1900,
)  # fmt: skip


def falling(fall: Fall, behind: Layer, front: Layer, look: Look, rng: np.random.Generator, detail: float) -> None:
    bottom = fall.front[-1][1]
    inner = min(1.0, fall.back[-1][0])
    right = [(1.25, -0.6), (1.42, 0.6), (inner + 0.28, bottom - 0.1), (inner, bottom)]
    back = np.array([(-1.25, -0.6), *right, *((-x, y) for x, y in reversed(right[1:]))])
    fill(behind, np.concatenate([curve(back[1:5], 30), curve(back[5:], 30)]), look, 0.16)
    for _ in range(int(700 * detail)):
        x = rng.uniform(-1.25, 1.25)
        control = np.array(
            [
                (x * 0.9, 0.2),
                (x * 1.08, 0.9),
                (x * 1.05, (0.9 + bottom) / 2),
                (x * inner, bottom - rng.uniform(-0.08, 0.25)),
            ]
        )
        points = curve(control, 18) + waves(fall, rng, 18, 0.5)
        draw_strand(behind, points, light_on_strand(points, look, rng.uniform(0.6, 1.2), 0.0, 0.30), 0.012)
    for side in (-1.0, 1.0):
        lock_fill(fall, front, look, side)
    depths = np.sort(rng.beta(1.0, 1.15, int(fall.count * 2 * detail)))[::-1]
    for d in depths:
        side = 1.0 if rng.random() < 0.5 else -1.0
        n = int(fall.samples * rng.uniform(0.85, 1.2))  # uneven steps, or the shading would band
        points = guide(fall, float(d), side, n, rng.normal(0, 0.026, 2)) + waves(fall, rng, n, 1.0)
        if rng.random() < 0.75:
            points = points[: int(n * rng.uniform(0.80, 1.0))]
        depth = 0.62 + 0.38 * np.sin(np.clip(1.15 - abs(d - 0.45), 0, 1) * np.pi / 2) ** 2
        clump = 0.82 + 0.36 * np.sin(d * 34.0 + side * 2.0) * 0.5
        colours = light_on_strand(
            points, look, float(rng.normal(1.0, 0.20) * clump), float(rng.normal(0.02, 0.06)), float(depth)
        )
        draw_strand(front, points, colours, float(rng.choice([0.008, 0.012, 0.017])))


def guide(fall: Fall, d: float, side: float, samples: int, jitter: np.ndarray) -> np.ndarray:
    control = np.array(fall.front) * (1.0 - d) + np.array(fall.back) * d
    control[:, 0] *= side
    reach = np.clip(1.0 - np.abs(control[:, 0]) / 1.0, 0, 1)
    control[:, 0] += fall.part_x * (1.0 - 0.35 * d) * reach
    control[1:] += jitter * np.linspace(0.2, 1.6, len(control) - 1)[:, None]
    return curve(control, samples)


def waves(fall: Fall, rng: np.random.Generator, samples: int, amount: float) -> np.ndarray:
    t = np.linspace(0, 1, samples)
    run = t * 5.2 / fall.wave_length * np.pi
    sway = fall.wave * amount * np.clip(t * 1.5 - 0.25, 0, 1)
    phase = rng.normal(0, 0.45)
    loose = rng.normal(0, 0.02) * t**2
    return np.stack([sway * np.sin(run + phase) + loose * 3, 0.25 * sway * np.cos(run + phase)], 1)


def lock_fill(fall: Fall, front: Layer, look: Look, side: float) -> None:
    none = np.zeros(2)
    inner = guide(fall, 0.05, side, 60, none)[:-9]
    outer = guide(fall, 0.94, side, 60, none)[:-9]
    fill(front, np.concatenate([inner, outer[::-1]]), look, 0.30)


def long_hair(behind: Layer, front: Layer, look: Look, rng: np.random.Generator, detail: float) -> None:
    falling(LONG, behind, front, look, rng, detail)


def bob(behind: Layer, front: Layer, look: Look, rng: np.random.Generator, detail: float) -> None:
    falling(BOB, behind, front, look, rng, detail)


def hairline(x: np.ndarray | float) -> np.ndarray | float:
    """y of a short haircut's edge: forehead, temple corner, sideburn."""
    a = np.abs(x)
    return (
        -1.08
        + 0.05 * a**2
        + 0.55 * smoothstep(np.asarray((a - 0.66) / 0.30))
        + 0.75 * smoothstep(np.asarray((a - 0.93) / 0.12))
    )


def crop_cover(view: View, look: Look, lift: float) -> np.ndarray:
    """Where cropped hair grows, [0, 1], fading over the temples. `lift`: how far it stands off the skull."""
    ax = np.abs(view.x)
    w = look.face_width
    top = 1.0 - (ax / ((1.10 + lift) * w)) ** 2.3 - (np.clip(-(view.y + 0.55), 0, None) / (1.23 + lift)) ** 2.3
    edge = hairline(view.x / w) - view.y
    side_fade = 1.0 - 0.72 * smoothstep((view.y + 0.75) / 0.85)
    low = 1.0 - smoothstep((view.y - 0.20) / 0.22)
    return view.edge(top * 0.5, 0.02) * smoothstep((edge + 0.04) / 0.14) * side_fade * low


def cropped(behind: Layer, front: Layer, look: Look, rng: np.random.Generator, detail: float) -> None:
    """Hair a few millimetres long: a soft cap, then thousands of short bent hairs."""
    view = front.view
    cover = crop_cover(view, look, 0.05)
    dome = np.sqrt(np.clip(1.0 - (view.x / 1.35) ** 2 - ((view.y + 0.35) / 1.65) ** 2, 0.02, 1))
    facing = np.clip(
        (view.x / 1.35 * KEY_LIGHT[0] + (view.y + 0.35) / 1.65 * KEY_LIGHT[1] + dome * KEY_LIGHT[2] + 0.25) / 1.25, 0, 1
    )
    cap = (
        linear(look.hair) * (0.25 + 0.85 * facing)[..., None] + linear(look.hair_light) * (0.20 * facing**3)[..., None]
    )
    front.rgb[:] = np.round(display(cap) * 255).astype(np.uint8)
    front.mask[:] = np.round(cover * 0.86 * 255).astype(np.uint8)
    for x, y in scatter(rng, (-1.22, -1.95, 1.22, 0.35), int(15000 * detail)):
        if rng.random() > sample(cover, view, x, y):
            continue
        angle = np.arctan2(y + 0.9, x * 1.2) + rng.normal(0, 0.7)
        length = rng.uniform(0.020, 0.045)
        end = np.array([x + length * np.cos(angle), y + length * np.sin(angle)])
        points = np.stack([[x, y], (np.array([x, y]) + end) / 2 + rng.normal(0, 0.006, 2), end])
        colours = light_on_strand(points, look, float(rng.lognormal(0, 0.35)), float(rng.normal(0, 0.3)), 1.0)
        draw_strand(front, points, colours, 0.005)


SWEPT_CROWN = (
    (-0.98, -0.86), (-1.02, -1.30), (-0.70, -1.70), (-0.02, -1.88), (0.66, -1.72), (1.02, -1.32), (0.98, -0.88),
    (0.62, -1.12), (0.0, -1.14), (-0.62, -1.10),
)  # fmt: skip


def swept(behind: Layer, front: Layer, look: Look, rng: np.random.Generator, detail: float) -> None:
    """Longer on top, brushed up and to one side; short, fading sides."""
    cropped(behind, front, look, rng, detail * 0.6)
    crown = (np.array(SWEPT_CROWN) - [0, -1.1]) * [0.90, 0.86] + [0, -1.1]
    fill(front, np.concatenate([curve(crown[:7], 60), curve(crown[6:], 30), crown[:1]]), look, 0.26)
    order = np.sort(rng.uniform(0, 1, int(3800 * detail)))[::-1]
    for d in order:
        u = rng.uniform(-1, 1)
        width = 0.98 - 0.42 * d**1.6
        root = np.array([width * u, -1.02 - 0.06 * np.cos(u * 2.0) - 0.62 * d + 0.17 * abs(u) ** 3 * (1 - d)])
        reach = rng.uniform(0.50, 0.82) * (1.0 - 0.35 * d)
        crown = np.array([0.88 * u + 0.06, -2.02 + 0.34 * u**2 + 0.10 * rng.random()])
        sweep = np.array([[0.0, 0.0], [-0.03, -0.05], [0.03, -0.10], [0.13, -0.07]]) * (1.0 - 0.3 * d)
        control = root + (crown - root) * (reach * np.array([0.0, 0.36, 0.70, 1.0]))[:, None] + sweep
        control[1:, 0] += 0.05 * np.sin(u * 9.0 + d * 4.0) * np.array([0.4, 1.0, 1.3])
        points = curve(control, 16)
        clump = 0.85 + 0.25 * np.sin(u * 21.0 + 5.0 * d)
        depth = 0.45 + 0.55 * (1.0 - d) ** 0.5
        colours = light_on_strand(
            points, look, float(rng.normal(1.0, 0.18) * clump), float(rng.normal(0.05, 0.10)), float(depth)
        )
        draw_strand(front, points, colours, float(rng.choice([0.010, 0.015, 0.020])))


def curls(behind: Layer, front: Layer, look: Look, rng: np.random.Generator, detail: float) -> None:
    """A round crown of small coils, drawn from the rim towards the face."""
    centre, radii = np.array([0.0, -0.50]), np.array([1.78, 1.62])
    angles = np.linspace(0, 2 * np.pi, 80)
    fill(behind, centre + 0.90 * radii * np.stack([np.cos(angles), np.sin(angles)], 1), look, 0.14)
    spots = []
    for x, y in scatter(rng, (-1.95, -2.45, 1.95, 1.25), int(5200 * detail)):
        r = np.hypot(*((np.array([x, y]) - centre) / radii))
        bumpy = (
            1.0
            + 0.035 * np.sin(7 * np.arctan2(y - centre[1], x) + 1.0)
            + 0.025 * np.sin(13 * np.arctan2(y - centre[1], x))
        )
        edge = curl_hairline(x + rng.normal(0, 0.045)) + rng.normal(0, 0.03)
        if r < bumpy and y < edge:
            spots.append((r, x, y, edge - y))
    solid = [(x, y) for r, x, y, _ in spots if y < curl_hairline(max(0.0, abs(x) - 0.16)) - 0.12 and r < 0.93]
    for x, y in solid:
        blob(front, x, y, 0.11, look)
    spots.sort(key=lambda s: -s[0] + rng.normal(0, 0.25))
    for r, x, y, room in spots:
        radius = rng.uniform(0.045, 0.085) * (0.7 if room < 0.08 else 1.0)
        turns = rng.uniform(1.0, 1.9)
        t = np.linspace(0, 1, 20)
        angle = rng.uniform(0, 6.28) + t * turns * 6.28 * rng.choice([-1, 1])
        drift = rng.normal(0, 0.06, 2)
        points = np.stack(
            [x + radius * np.cos(angle) + drift[0] * t, y + 0.8 * radius * np.sin(angle) + drift[1] * t], 1
        )
        depth = float(np.clip(rng.normal(0.95, 0.22), 0.4, 1.3) * (0.75 + 0.35 * (1.0 - r)))
        colours = light_on_strand(points, look, float(rng.normal(1.0, 0.2)), float(rng.normal(0, 0.1)), depth)
        draw_strand(front, points, colours, float(rng.choice([0.013, 0.018, 0.023])))


def curl_hairline(x: float) -> float:
    a = abs(x)
    return float(
        -1.02
        + 0.10 * a**2
        + 0.62 * smoothstep(np.asarray((a - 0.62) / 0.34))
        + 1.35 * smoothstep(np.asarray((a - 0.96) / 0.14))
    )


def blob(layer: Layer, x: float, y: float, radius: float, look: Look) -> None:
    view = layer.view
    origin = np.array([view.x[0, 0], view.y[0, 0]])
    px = tuple(int(v) for v in np.round((np.array([x, y]) - origin) * view.unit_px))
    colour = tuple(float(v) for v in np.round(display(linear(look.hair) * 0.22) * 255))
    cv2.circle(layer.rgb, px, int(radius * view.unit_px), colour, -1, cv2.LINE_AA)
    cv2.circle(layer.mask, px, int(radius * view.unit_px), 255, -1, cv2.LINE_AA)


def scatter(
    rng: np.random.Generator, box: tuple[float, float, float, float], count: int
) -> Iterator[tuple[float, float]]:
    for x, y in zip(rng.uniform(box[0], box[2], count), rng.uniform(box[1], box[3], count), strict=True):
        yield float(x), float(y)


def sample(field: np.ndarray, view: View, x: float, y: float) -> float:
    row = int((y - view.y[0, 0]) * view.unit_px)
    column = int((x - view.x[0, 0]) * view.unit_px)
    return float(field[np.clip(row, 0, field.shape[0] - 1), np.clip(column, 0, field.shape[1] - 1)])


def bald(behind: Layer, front: Layer, look: Look, rng: np.random.Generator, detail: float) -> None:
    """No hair at all."""


STYLES = {"long": long_hair, "bob": bob, "crop": cropped, "swept": swept, "curls": curls, "bald": bald}
