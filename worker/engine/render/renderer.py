"""One frame from one photo: expression and mouth in the photo's own pose, then the head's motion over the whole
person. Both motions are joined on coarse grids, so the photo itself is sampled only once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import cv2
import numpy as np

from worker.engine.motion.plan import FrameMotion
from worker.engine.render.batches import Stage, TorchBatches
from worker.engine.render.compositing import Compositor
from worker.engine.render.eyes import Eye
from worker.engine.render.mouth import MouthPainter, box_at
from worker.engine.render.portrait import BROWS, DIRECTIONS, EXPRESSION, SMILE, Portrait
from worker.engine.render.sampling import CpuSampler
from worker.engine.render.warping import (
    Region,
    Window,
    followed,
    full_size,
    grid_nodes,
    invert,
    looked_up,
    overlap,
    sample,
    scaled,
    within,
)
from worker.engine.speech.mouth_track import ARTICULATORS

_HEAD_STEPS, _FACE_STEPS = 2, 3  # turning a head, and a face but for its lips, are gentler than opening a mouth
_USUAL_TURN_DEG = (4.5, 3.6, 2.7)
_SHUT_FROM, _GLANCE_FROM = 0.01, 1e-4  # less is not seen
_MARGIN = 1.2  # no pixel moves farther, in inter-ocular distances


@dataclass(frozen=True)
class Sketch:
    """A frame before the photo is read. away: the displacements' grids, of the zone (head) and of the face in it.

    patches: pictures that replace what is read, with their places in the zone. motion_px: how far the head moves.
    """

    away_head: np.ndarray
    away_face: np.ndarray
    patches: list[tuple[Window, np.ndarray]]
    motion_px: float

    @property
    def places(self) -> list[tuple[tuple[slice, slice], np.ndarray]]:
        """`patches`, for `TorchBatches`."""
        return [(window.slices, rgb) for window, rgb in self.patches]


class Renderer:
    """Renders frames of one portrait. Not thread-safe: it reuses its buffers."""

    def __init__(self, portrait: Portrait, device: str = "cpu") -> None:
        """device: "cpu", or the torch device that reads the photo for many frames at once."""
        self._portrait = portrait
        zone, head = portrait.layers.zone, portrait.head
        # The photo with, as fourth channel, what moves with the person.
        photo = cv2.cvtColor(portrait.rgb, cv2.COLOR_RGB2RGBA)
        photo[..., 3] = 0
        photo[(*zone.slices, 3)] = portrait.layers.alpha
        self._photo = photo
        self._mouth = MouthPainter(portrait)
        self._away_px = np.empty((zone.height, zone.width, 2), np.float32)
        self._moved = np.zeros((zone.height, zone.width, 4), np.uint8)
        margin_px = int(_MARGIN * portrait.pose.scale_px) + 1
        self._sampler = CpuSampler(photo, (zone.x0, zone.y0), margin_px)
        self._margin = np.float32(margin_px)
        self._zone_px = zone.pixels() - self._margin
        face = portrait.face.region
        self._face_window = overlap(face, zone)
        self._batches = None if device == "cpu" else TorchBatches(self.stage(), device)
        nodes = face.nodes_px().astype(np.float32).reshape(face.grid_height, face.grid_width, 2)
        self._face_in_head = cv2.transform(nodes, head.region.to_grid)
        self._face_nodes = grid_nodes(face.grid_width, face.grid_height)
        self._below_lips = self._grid_side()
        self._lips = portrait.face.lips
        self._compositor = Compositor(
            portrait.layers, portrait.pose.scale_px, self._usual_reach_px(), self._face_window[1]
        )

    def _usual_reach_px(self) -> np.ndarray:
        """(h, w) float32 of the zone: how far each pixel moves at most in ordinary talking."""
        head = self._portrait.head
        reach = np.zeros((head.region.grid_height, head.region.grid_width), np.float32)
        for yaw in (-1, 1):
            for pitch in (-1, 1):
                for roll in (-1, 1):
                    turn = np.array([yaw, pitch, roll]) * _USUAL_TURN_DEG
                    field = head.forward(turn, np.array([0.012 * turn[0] + 0.010 * turn[2], 0.006 * turn[1]]), 0.012)
                    reach = np.maximum(reach, np.abs(field).max(axis=-1))
        return full_size(reach, head.region)

    def _grid_side(self) -> np.ndarray:
        """(grid_height, grid_width, 1): 0 above the photo's lip line, 1 below, for the field outside the mouth box."""
        portrait = self._portrait
        region = portrait.face.region
        nodes = region.nodes_px()
        down = portrait.pose.rotation[:2, 1]
        middle = (portrait.upper_line.mean(axis=0) + portrait.lower_line.mean(axis=0)) / 2
        below = (nodes - middle) @ (down / np.linalg.norm(down)) / (0.05 * portrait.pose.scale_px)
        return np.clip(below * 0.5 + 0.5, 0, 1).reshape(region.grid_height, region.grid_width, 1).astype(np.float32)

    @property
    def portrait(self) -> Portrait:
        """What is rendered."""
        return self._portrait

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the frames."""
        return self._portrait.rgb.shape[1], self._portrait.rgb.shape[0]

    def weights(self, motion: FrameMotion) -> np.ndarray:
        """(K,) weights of the portrait's expression directions."""
        weights = np.zeros(DIRECTIONS)
        weights[: len(ARTICULATORS)] = motion.articulation
        weights[BROWS], weights[SMILE] = motion.brows, motion.smile
        weights[EXPRESSION] = motion.expression
        return weights + self._portrait.rest

    def render(self, motion: FrameMotion, out: np.ndarray | None = None) -> np.ndarray:
        """(H, W, 3) uint8: a fresh array, or `out`, whose old content does not matter."""
        frame = np.empty_like(self._portrait.rgb) if out is None else out
        if self._batches is not None:
            return next(self._together([motion], frame))
        sketch = self._drawn(motion)
        np.copyto(frame, self._portrait.shown)
        self._compositor.blend(self._moved, frame, sketch.motion_px)
        return frame

    def frames(self, motions: Iterable[FrameMotion]) -> Iterator[np.ndarray]:
        """The frames of `motions` in order, (H, W, 3) uint8; each array is reused for the frame after it.

        The same pictures as from `render`; on a torch device many of them are made at once.
        """
        canvas, coming = np.empty_like(self._portrait.rgb), iter(motions)
        if self._batches is None:
            for motion in coming:
                yield self.render(motion, canvas)
            return
        while batch := list(islice(coming, self._batches.frames_at_once)):
            yield from self._together(batch, canvas)

    def stage(self) -> Stage:
        """What a torch device needs to know of the portrait."""
        layers, face = self._portrait.layers, self._portrait.face.region
        inner, outer = self._face_window
        return Stage(
            photo=self._photo,
            plate=layers.plate,
            reach=cv2.convertScaleAbs(layers.reach, alpha=255),
            corner=(layers.zone.x0, layers.zone.y0),
            face_size=(face.height, face.width),
            face_part=inner.slices,
            face_place=outer.slices,
        )

    def _together(self, motions: list[FrameMotion], canvas: np.ndarray) -> Iterator[np.ndarray]:
        """Frames of one batch on a torch device, one after the other in `canvas`."""
        assert self._batches is not None
        sketches = [self.sketch(motion) for motion in motions]
        grids = (np.stack([one.away_head for one in sketches]), np.stack([one.away_face for one in sketches]))
        blended = self._batches.blended(*grids, [one.places for one in sketches])
        zone = canvas[self._portrait.layers.zone.slices]
        for sketch, picture in zip(sketches, blended, strict=True):
            np.copyto(canvas, self._portrait.shown)
            for run in self._compositor.runs(sketch.motion_px):
                zone[run.slices] = picture[run.slices]
            yield canvas

    def render_person(self, motion: FrameMotion) -> np.ndarray:
        """(H, W, 4) uint8, a fresh array: the person alone; the fourth channel is how much of a pixel is the person."""
        sketch = self._drawn(motion, whole=True)
        alone = np.zeros((*self._portrait.rgb.shape[:2], 4), np.uint8)
        zone = alone[self._portrait.layers.zone.slices]
        for run in self._compositor.runs(sketch.motion_px):
            part = self._moved[run.slices]
            zone[run.slices] = part
            zone[(*run.slices, 3)] = self._compositor.share(part, run)
        return alone

    def _drawn(self, motion: FrameMotion, *, whole: bool = False) -> Sketch:
        """Draw the moved person into the zone's buffer.

        whole: all of the person, even where a still head leaves the photo as it is.
        """
        sketch = self.sketch(motion, whole=whole)
        self._sampler.sample(self._away_px, self._compositor.bands(sketch.motion_px), self._moved)
        for window, rgb in sketch.patches:
            self._moved[(*window.slices, np.s_[:3])] = rgb
        return sketch

    def sketch(self, motion: FrameMotion, *, whole: bool = False) -> Sketch:
        """Where everything comes from, in grids and, in the zone's buffer, at full size; and mouth and eyes drawn."""
        portrait = self._portrait
        weights = self.weights(motion)
        upper, lower = self._speaking(weights)
        turned = portrait.head.forward(motion.turn_deg, motion.shift, motion.breath)
        motion_px = max(_farthest(turned), 1.0 if whole else 0.0)
        back = self._within_margin(invert(turned, portrait.head.region, steps=_HEAD_STEPS))
        full_size(back + self._margin, portrait.head.region, self._away_px)
        # Where the pixels around mouth and eyes lie on the resting face; what is drawn there needs to know.
        contours = self._mouth.contours(weights)
        mouth = self._place(self._mouth.box(contours), turned)
        mouth_rest_px = self._sources_px(mouth)
        eyes = [(eye, window, self._sources_px(window)) for eye, window in self._busy_eyes(motion, turned)]
        spoken, lips = upper.copy(), self._lips.slices
        spoken[lips] += (lower[lips] - upper[lips]) * self._below_lips[lips]
        joined = self._within_margin(self._joined(back, spoken))
        self._put_face(joined)
        patches = [(window, self._eye(motion, eye, window, rest_px)) for eye, window, rest_px in eyes]
        if mouth_rest_px.size:
            drawn = self._mouth.paint(mouth_rest_px, upper, lower, contours, weights, motion.articulation)
            patches.append((mouth, drawn))
        return Sketch(back, joined, patches, motion_px)

    def _within_margin(self, field: np.ndarray) -> np.ndarray:
        limit = self._sampler.margin_px - 1.0
        return field if _farthest(field) <= limit else np.clip(field, -limit, limit)

    def _sources_px(self, window: Window) -> np.ndarray:
        """(h, w, 2) float32: where the pixels of a part of the zone come from, as far as is known by now."""
        return cv2.add(self._away_px[window.slices], self._zone_px[window.slices])

    def _put_face(self, joined: np.ndarray) -> None:
        """The face's grid (grid_height, grid_width, 2) at full size into the zone's displacements."""
        region = self._portrait.face.region
        inner, outer = self._face_window
        place, away = self._away_px[outer.slices], joined + self._margin
        if place.shape[:2] == (region.height, region.width):
            full_size(away, region, place)
        else:  # the face reaches beyond what may move
            place[:] = full_size(away, region)[inner.slices]

    def _speaking(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Backward fields of the expression on the face's grid, as the upper and as the lower lip sees it."""
        face = self._portrait.face
        upper_forward, lower_forward = face.fields(weights - self._portrait.rest)
        upper = invert(upper_forward, face.region, steps=_FACE_STEPS)
        upper[self._lips.slices] = invert(upper_forward, face.region, self._lips)
        lower_lips = invert(lower_forward, face.region, self._lips)
        if face.upper_rest is not None and face.lower_rest is not None:
            upper = followed(upper, face.upper_rest, face.region)
            lower_lips = followed(lower_lips, face.lower_rest, face.region, self._lips)
        lower = upper.copy()
        lower[self._lips.slices] = lower_lips
        return upper, lower

    def _joined(self, back: np.ndarray, spoken: np.ndarray) -> np.ndarray:
        """Backward field of head and expression together on the face's grid, in output coordinates."""
        step_x, step_y = self._portrait.face.region.step
        turned = looked_up(back, self._face_in_head)
        at = cv2.add(self._face_nodes, scaled(turned, 1 / step_x, 1 / step_y))
        return cv2.add(turned, looked_up(spoken, at, beyond=cv2.BORDER_CONSTANT))

    def _busy_eyes(self, motion: FrameMotion, turned: np.ndarray) -> list[tuple[Eye, Window]]:
        """Eyes that blink or glance, with their places in the zone."""
        if motion.blink <= _SHUT_FROM and np.abs(motion.glance).max() <= _GLANCE_FROM:
            return []
        places = [(eye, self._place(eye.box, turned)) for eye in self._portrait.eyes]
        return [(eye, window) for eye, window in places if window.x1 > window.x0 and window.y1 > window.y0]

    def _eye(self, motion: FrameMotion, eye: Eye, window: Window, rest_px: np.ndarray) -> np.ndarray:
        """(h, w, 3) uint8: an eye that blinks or glances. rest_px: where its pixels lie on the resting face."""
        source_px = ball_px = self._sources_px(window)
        if np.abs(motion.glance).max() > _GLANCE_FROM:
            ball_px = eye.glanced(source_px, rest_px, motion.glance)
        if motion.blink > _SHUT_FROM:
            return eye.blinked(source_px, ball_px, eye.lids(rest_px), self._portrait.rgb, motion.blink)
        return sample(self._portrait.rgb, ball_px)

    def _place(self, box: Region, turned: np.ndarray) -> Window:
        """Where `box` of the resting face is after the head's motion, in the zone's pixels."""
        zone = self._portrait.layers.zone
        return within(box_at(box, self._shift_at(turned, box), zone), zone)

    def _shift_at(self, turned: np.ndarray, box: Region) -> np.ndarray:
        """(2,) px by which the head's forward field moves the middle of `box`."""
        to_grid = self._portrait.head.region.to_grid
        column, row = to_grid @ [(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2, 1.0]
        rows, columns = turned.shape[:2]
        return turned[min(max(round(float(row)), 0), rows - 1), min(max(round(float(column)), 0), columns - 1)]


def _farthest(field: np.ndarray) -> float:
    return float(cv2.norm(field, cv2.NORM_INF))
