"""Beards and glasses: what sits on the finished face."""

import cv2
import numpy as np

from worker.compose.presenters.eyes import stroke
from worker.compose.presenters.face import Pose, beard_area, head_view, lip_curves, outline
from worker.compose.presenters.field import Canvas, display, linear
from worker.compose.presenters.hair import sample, scatter
from worker.compose.presenters.look import Look


def beard(canvas: Canvas, look: Look, pose: Pose, detail: float) -> None:
    """Beard hairs growing down and outwards; short ones read as stubble."""
    if look.beard < 0.25:
        return
    view = head_view(canvas)
    signed, _ = outline(look, pose, view)
    area = beard_area(view, lip_curves(look, pose, view.x)) * (signed > 0.01)
    step = max(1, round(0.05 * view.unit_px))
    area = np.minimum(area, np.roll(area, -step, axis=0))  # hairs grow down: none may root just above the lips
    rng = np.random.default_rng(look.seed + 201)
    colour = display(linear(look.brow))
    for x, y in scatter(rng, (-1.1, 0.2, 1.1, 2.3), int(15000 * detail * look.beard)):
        if rng.random() > sample(area, view, x, y) ** 1.5:
            continue
        angle = np.pi / 2 + 0.75 * x * -1.0 + rng.normal(0, 0.35)
        length = rng.uniform(0.03, 0.06) * (0.5 + look.beard)
        root = np.array([x, y])
        tip = root + length * np.array([np.cos(angle), np.sin(angle)])
        points = np.stack([root, (root + tip) / 2 + rng.normal(0, 0.006, 2), tip])
        stroke(canvas, points, colour * rng.uniform(0.5, 1.7), 0.0075, 0.0, alpha=0.62)


def glasses(canvas: Canvas, look: Look) -> None:
    """Thin round-cornered frames, a hint of reflection, and their shadow on the skin."""
    view = canvas.view(-1.4, -0.7, 1.4, 0.8)
    dark = display(linear((52, 36, 30)))
    ax = np.abs(view.x)
    qx = np.maximum(np.abs(ax - 0.53) - 0.20, 0.0)
    qy = np.maximum(np.abs(view.y - 0.05) - 0.12, 0.0)
    signed = 0.19 - np.hypot(qx, qy)
    frame = view.edge(0.020 - np.abs(signed), 0.004)
    bridge = view.edge(0.016 - np.abs(view.y + 0.05 + 0.35 * (0.02 - view.x**2)), 0.004) * (ax < 0.155)
    arm = (
        view.edge(0.020 - np.abs(view.y + 0.06 + 0.03 * (ax - 0.9)), 0.004)
        * (ax > 0.915)
        * (ax < 1.09 * look.face_width)
    )
    shape = np.clip(frame + bridge + arm, 0, 1)
    move = np.float32([[1, 0, 0.025 * view.unit_px], [0, 1, 0.05 * view.unit_px]])
    cast = cv2.warpAffine(shape.astype(np.float32), move, (shape.shape[1], shape.shape[0]))
    canvas.darken(view, 0.34 * view.blur(cast, 0.018), (0.75, 1.0, 1.0))
    glint = view.edge(signed - 0.02) * np.clip(1.0 - np.abs((view.x + 1.3 * view.y) % 1.06 - 0.62) / 0.10, 0, 1)
    canvas.lay(view, np.array([1.0, 1.0, 1.0]), 0.07 * glint)
    shine = 1.0 + 1.6 * np.exp(-(((view.y + 0.24 - 0.10 * view.x) / 0.05) ** 2))
    canvas.lay(view, np.clip(dark * shine[..., None], 0, 1), shape)
