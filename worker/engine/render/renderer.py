"""One frame from one photo: expression and mouth in the photo's own pose, then the head's motion over the whole
person. Both motions are joined on coarse grids, so the photo itself is sampled only once.
"""

import cv2
import numpy as np

from worker.engine.motion.plan import FrameMotion
from worker.engine.render.compositing import Compositor
from worker.engine.render.eyes import Eye
from worker.engine.render.face_fields import FaceFields
from worker.engine.render.mouth import MouthPainter, box_at
from worker.engine.render.portrait import BROWS, DIRECTIONS, EXPRESSION, SMILE, Portrait
from worker.engine.render.sampling import make_sampler
from worker.engine.render.warping import Region, Window, followed, full_size, invert, looked_up
from worker.engine.speech.mouth_track import ARTICULATORS

_HEAD_STEPS = 3  # turning a head is far gentler than opening a mouth
_USUAL_TURN_DEG = (4.5, 3.6, 2.7)
_SHUT_FROM, _GLANCE_FROM = 0.01, 1e-4  # less is not seen
_SAME_PX = 0.05  # displacements this alike count as the same
_LIPS_MARGIN = 4  # grid nodes


class Renderer:
    """Renders frames of one portrait. Not thread-safe: it reuses its buffers."""

    def __init__(self, portrait: Portrait, device: str = "cpu") -> None:
        """device: "cpu", or the torch device that samples the photo."""
        self._portrait = portrait
        zone, head = portrait.layers.zone, portrait.head
        # The photo with, as fourth channel, what moves with the person.
        photo = cv2.cvtColor(portrait.rgb, cv2.COLOR_RGB2RGBA)
        photo[..., 3] = 0
        photo[(*zone.slices, 3)] = portrait.layers.alpha
        self._mouth = MouthPainter(portrait)
        self._zone_px = zone.pixels()
        self._source_px = np.empty_like(self._zone_px)
        self._moved = np.zeros((zone.height, zone.width, 4), np.uint8)
        self._sampler = make_sampler(photo, (zone.width, zone.height), device)
        face = portrait.face.region
        self._joined_px = np.empty((face.height, face.width, 2), np.float32)
        self._face_window = _overlap(face, zone)
        nodes = face.nodes_px().astype(np.float32).reshape(face.grid_height, face.grid_width, 2)
        self._face_in_head = cv2.transform(nodes, head.region.to_grid)
        self._face_nodes = cv2.transform(nodes, face.to_grid)
        self._below_lips = self._grid_side()
        self._lips = _lips_window(portrait.face)
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
        motion_px = self._move(motion)
        frame = np.empty_like(self._portrait.rgb) if out is None else out
        np.copyto(frame, self._portrait.rgb)
        self._compositor.blend(self._moved, frame, self._compositor.runs(motion_px))
        return frame

    def render_person(self, motion: FrameMotion) -> np.ndarray:
        """(H, W, 4) uint8, a fresh array: the person alone; the fourth channel is how much of a pixel is the person."""
        motion_px = self._move(motion, whole=True)
        alone = np.zeros((*self._portrait.rgb.shape[:2], 4), np.uint8)
        zone = alone[self._portrait.layers.zone.slices]
        for run in self._compositor.runs(motion_px):
            part = self._moved[run.slices]
            zone[run.slices] = part
            share = self._compositor.share(part, run)
            zone[(*run.slices, 3)] = cv2.convertScaleAbs(share, alpha=255)
        return alone

    def _move(self, motion: FrameMotion, *, whole: bool = False) -> float:
        """Draw the moved person into the zone's buffer; returns how far the head's motion reaches, in px.

        whole: all of the person, even where a still head leaves the photo as it is.
        """
        portrait = self._portrait
        weights = self.weights(motion)
        upper, lower = self._speaking(weights)
        turned = portrait.head.forward(motion.turn_deg, motion.shift, motion.breath)
        motion_px = max(_farthest(turned), 1.0 if whole else 0.0)
        back = invert(turned, portrait.head.region, steps=_HEAD_STEPS)
        # Where each pixel lies on the resting face; then, within the face, where it lies in the photo.
        full_size(back, portrait.head.region, self._source_px)
        cv2.add(self._source_px, self._zone_px, dst=self._source_px)
        contours = self._mouth.contours(weights)
        mouth = self._place(self._mouth.box(contours), turned)
        mouth_rest_px = self._source_px[mouth.slices].copy()
        eyes = [(eye, window, self._source_px[window.slices].copy()) for eye, window in self._busy_eyes(motion, turned)]
        inner, outer = self._face_window
        spoken = upper + (lower - upper) * self._below_lips
        full_size(self._joined(back, spoken), portrait.face.region, self._joined_px)
        cv2.add(self._joined_px[inner.slices], self._zone_px[outer.slices], dst=self._source_px[outer.slices])
        patches = [self._eye(motion, *eye) for eye in eyes]
        self._sampler.sample(self._source_px, self._compositor.bands(motion_px), self._moved)
        if mouth_rest_px.size:
            drawn = self._mouth.paint(mouth_rest_px, upper, lower, contours, weights, motion.articulation)
            patches.append((mouth, drawn))
        for window, rgb in patches:
            if rgb is not None:
                self._moved[(*window.slices, np.s_[:3])] = rgb
        return motion_px

    def _speaking(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Backward fields of the expression on the face's grid, as the upper and as the lower lip sees it."""
        face = self._portrait.face
        upper_forward, lower_forward = face.fields(weights - self._portrait.rest)
        upper = invert(upper_forward, face.region)
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
        at = cv2.add(self._face_nodes, cv2.multiply(turned, (1 / step_x, 1 / step_y, 0, 0)))
        return cv2.add(turned, looked_up(spoken, at, beyond=cv2.BORDER_CONSTANT))

    def _busy_eyes(self, motion: FrameMotion, turned: np.ndarray) -> list[tuple[Eye, Window]]:
        """Eyes that blink or glance, with their places in the zone."""
        if motion.blink <= _SHUT_FROM and np.abs(motion.glance).max() <= _GLANCE_FROM:
            return []
        places = [(eye, self._place(eye.box, turned)) for eye in self._portrait.eyes]
        return [(eye, window) for eye, window in places if window.x1 > window.x0 and window.y1 > window.y0]

    def _eye(
        self, motion: FrameMotion, eye: Eye, window: Window, rest_px: np.ndarray
    ) -> tuple[Window, np.ndarray | None]:
        """Picture of a blinking eye, or none: a mere glance goes straight into the source coordinates."""
        source_px, lids = self._source_px[window.slices], eye.lids(rest_px)
        glancing = np.abs(motion.glance).max() > _GLANCE_FROM
        ball_px = eye.glanced(source_px, lids, motion.glance) if glancing else source_px
        if motion.blink > _SHUT_FROM:
            return window, eye.blinked(source_px, ball_px, lids, self._portrait.rgb, motion.blink)
        source_px[:] = ball_px
        return window, None

    def _place(self, box: Region, turned: np.ndarray) -> Window:
        """Where `box` of the resting face is after the head's motion, in the zone's pixels."""
        zone = self._portrait.layers.zone
        return _within(box_at(box, self._shift_at(turned, box), zone), zone)

    def _shift_at(self, turned: np.ndarray, box: Region) -> np.ndarray:
        """(2,) px by which the head's forward field moves the middle of `box`."""
        to_grid = self._portrait.head.region.to_grid
        column, row = to_grid @ [(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2, 1.0]
        rows, columns = turned.shape[:2]
        return turned[min(max(round(float(row)), 0), rows - 1), min(max(round(float(column)), 0), columns - 1)]


def _farthest(field: np.ndarray) -> float:
    return float(np.abs(field).max())


def _within(box: Region, zone: Region) -> Window:
    """The place of `box` in `zone`'s own pixels."""
    return Window(box.x0 - zone.x0, box.y0 - zone.y0, box.x1 - zone.x0, box.y1 - zone.y0)


def _overlap(face: Region, zone: Region) -> tuple[Window, Window]:
    """What face and zone have in common: in the face's own pixels, and in the zone's."""
    x0, y0 = max(face.x0, zone.x0), max(face.y0, zone.y0)
    x1, y1 = min(face.x1, zone.x1), min(face.y1, zone.y1)
    common = Region(x0, y0, x1, y1, 1, 1)
    return _within(common, face), _within(common, zone)


def _lips_window(face: FaceFields) -> Window:
    """The part of the face's grid where upper and lower lip move differently."""
    region = face.region
    apart = np.abs(face.upper - face.lower).max(axis=0).reshape(region.grid_height, region.grid_width, 2).max(axis=-1)
    if face.upper_rest is not None and face.lower_rest is not None:
        apart = np.maximum(apart, np.abs(face.upper_rest - face.lower_rest).max(axis=-1))
    rows, columns = (np.flatnonzero((apart > _SAME_PX).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return Window(0, 0, 1, 1)
    return Window(
        max(0, int(columns[0]) - _LIPS_MARGIN),
        max(0, int(rows[0]) - _LIPS_MARGIN),
        min(region.grid_width, int(columns[-1]) + 1 + _LIPS_MARGIN),
        min(region.grid_height, int(rows[-1]) + 1 + 2 * _LIPS_MARGIN),
    )
