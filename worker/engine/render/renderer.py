"""One frame from one photo: expression and mouth in the photo's own pose, then the head's motion over the whole
person.
"""

import cv2
import numpy as np

from worker.engine.motion.plan import FrameMotion
from worker.engine.render.lips import spline_matrix
from worker.engine.render.portrait import BROWS, DIRECTIONS, EXPRESSION, SMILE, Portrait
from worker.engine.render.warping import full_size, invert, sample
from worker.engine.speech.mouth_track import ARTICULATORS, Articulator

_JAW = ARTICULATORS.index(Articulator.JAW)
_TONGUE = ARTICULATORS.index(Articulator.TONGUE)
_TEETH_PER_CHIN = 1.3  # bone moves a little more than the skin over the chin
_TEETH_PER_LIP = 0.78
_TABLE = 160


class Renderer:
    """Renders frames of one portrait. Not thread-safe: it reuses its buffers."""

    def __init__(self, portrait: Portrait) -> None:
        self._portrait = portrait
        zone = portrait.layers.zone
        # The photo with, as fourth channel, what moves with the person; then the same with the frame's face in it.
        self._photo = cv2.cvtColor(portrait.rgb, cv2.COLOR_RGB2RGBA)
        self._photo[..., 3] = 0
        self._photo[(*zone.slices, 3)] = portrait.layers.alpha
        self._spoken = self._photo.copy()
        self._spline = spline_matrix()
        face, box = portrait.face.region, portrait.mouth_box
        self._face_px, self._mouth_px = face.pixels(), box.pixels()
        self._zone_px = portrait.layers.zone.pixels()
        self._below_lips = self._grid_side()
        line = np.concatenate([portrait.upper_line, portrait.lower_line])
        self._mouth_origin = line.mean(axis=0)
        ends = portrait.upper_line[[0, -1]]
        axis = (ends[1] - ends[0]) / np.linalg.norm(ends[1] - ends[0])
        self._axis, self._normal = axis, np.array([-axis[1], axis[0]])
        offset = self._mouth_px - self._mouth_origin.astype(np.float32)
        self._along = offset @ axis.astype(np.float32)
        self._across = offset @ self._normal.astype(np.float32)
        self._reach = float(np.abs(self._along).max()) + 1.0
        place = (self._along / self._reach * 0.5 + 0.5) * (_TABLE - 1)
        self._index = np.clip(place.astype(np.int32), 0, _TABLE - 2)
        self._share = (place - self._index).astype(np.float32)

    def _grid_side(self) -> np.ndarray:
        """(grid_height, grid_width, 1): 0 above the photo's lip line, 1 below, for the field outside the mouth box."""
        portrait = self._portrait
        region = portrait.face.region
        nodes = region.nodes_px()
        down = portrait.pose.rotation[:2, 1]
        middle = (portrait.upper_line.mean(axis=0) + portrait.lower_line.mean(axis=0)) / 2
        below = (nodes - middle) @ (down / np.linalg.norm(down)) / (0.05 * portrait.pose.scale_px)
        return np.clip(below * 0.5 + 0.5, 0, 1).reshape(region.grid_height, region.grid_width, 1).astype(np.float32)

    def render(self, motion: FrameMotion) -> np.ndarray:
        """(H, W, 3) uint8, a fresh array."""
        self._speak(motion)
        return self._move_head(motion)

    def weights(self, motion: FrameMotion) -> np.ndarray:
        """(K,) weights of the portrait's expression directions."""
        weights = np.zeros(DIRECTIONS)
        weights[: len(ARTICULATORS)] = motion.articulation
        weights[BROWS], weights[SMILE] = motion.brows, motion.smile
        weights[EXPRESSION] = motion.expression
        return weights + self._portrait.rest

    def _speak(self, motion: FrameMotion) -> None:
        face, region = self._portrait.face, self._portrait.face.region
        weights = self.weights(motion)
        upper, lower = (invert(field, region) for field in face.fields(weights))
        both = full_size(upper + (lower - upper) * self._below_lips, region)
        source_px = cv2.add(self._face_px, both)
        rows, columns = region.slices
        self._spoken[rows, columns] = sample(self._photo, source_px)
        self._draw_eyes(motion, source_px)
        self._draw_mouth(weights, motion, full_size(upper, region), full_size(lower, region))

    def _draw_eyes(self, motion: FrameMotion, source_px: np.ndarray) -> None:
        portrait, photo = self._portrait, self._portrait.rgb
        region = portrait.face.region
        glancing = bool(np.abs(motion.glance).max() > 1e-4)
        for eye in portrait.eyes:
            if motion.blink <= 0.01 and not glancing:
                continue
            top, left = eye.box.y0 - region.y0, eye.box.x0 - region.x0
            at = source_px[top : top + eye.box.height, left : left + eye.box.width]
            rows, columns = eye.box.slices
            ball = eye.glanced(at, motion.glance) if glancing else at
            drawn = sample(photo, ball) if motion.blink <= 0.01 else eye.blinked(at, ball, photo, motion.blink)
            self._spoken[rows, columns, :3] = drawn

    def _contours(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Tables (TABLE,) of the lips' inner edges across the mouth's axis, at even places along it."""
        portrait = self._portrait
        rows = []
        for line, moves in ((portrait.upper_line, portrait.upper_moves), (portrait.lower_line, portrait.lower_moves)):
            smooth = self._spline @ (line + np.tensordot(weights, moves, axes=1)) - self._mouth_origin
            rows.append((smooth @ self._axis, smooth @ self._normal))
        places = np.linspace(-self._reach, self._reach, _TABLE)
        upper, lower = (np.interp(places, np.maximum.accumulate(x), y) for x, y in rows)
        return upper.astype(np.float32), np.maximum(lower, upper).astype(np.float32)

    def _spread(self, table: np.ndarray) -> np.ndarray:
        """A contour table's value at each pixel of the mouth box."""
        return table[self._index] * (1 - self._share) + table[self._index + 1] * self._share

    def _draw_mouth(self, weights: np.ndarray, motion: FrameMotion, upper: np.ndarray, lower: np.ndarray) -> None:
        portrait, photo = self._portrait, self._portrait.rgb
        box, region = portrait.mouth_box, portrait.face.region
        soft = portrait.softness_px
        upper_edge, lower_edge = self._contours(weights)
        top, bottom = self._spread(upper_edge), self._spread(lower_edge)
        inside = np.s_[box.y0 - region.y0 : box.y1 - region.y0, box.x0 - region.x0 : box.x1 - region.x0]
        upper_lip = sample(photo, self._mouth_px + upper[inside]).astype(np.float32)
        lower_lip = sample(photo, self._mouth_px + lower[inside]).astype(np.float32)
        from_top, to_bottom = self._across - top, bottom - self._across
        gap = bottom - top
        side = np.clip((self._across - (top + bottom) / 2) / soft + 0.5, 0, 1)[..., None]
        face = upper_lip + (lower_lip - upper_lip) * side
        opening = np.clip(from_top / soft + 0.5, 0, 1) * np.clip(to_bottom / soft + 0.5, 0, 1)
        opening *= np.clip(gap / (1.2 * soft) - 0.25, 0, 1)
        widest = float(gap.max())
        if portrait.was_open:  # lips that never touched in the photo have no dark line yet where they meet
            line = np.exp(-(((self._across - (top + bottom) / 2) / (0.016 * portrait.pose.scale_px)) ** 2))
            line *= np.clip(1 - np.abs(self._along) / (0.42 * portrait.pose.scale_px), 0, 1) ** 0.5
            face *= (1 - 0.42 * line)[..., None]
        if widest > 0.3:
            rim = 0.030 * portrait.pose.scale_px
            outside = np.maximum(np.maximum(-from_top, -to_bottom), 0)
            near = np.exp(-outside / rim) * np.clip(gap / (0.06 * portrait.pose.scale_px), 0, 1)
            face *= (1 - 0.30 * near)[..., None]
            cavity = self._interior(weights, motion, from_top, to_bottom, gap)
            face += (cavity - face) * opening[..., None]
        rows, columns = box.slices
        self._spoken[rows, columns, :3] = np.clip(face + 0.5, 0, 255).astype(np.uint8)

    def _interior(
        self, weights: np.ndarray, motion: FrameMotion, from_top: np.ndarray, to_bottom: np.ndarray, gap: np.ndarray
    ) -> np.ndarray:
        """The shaded inside of the mouth, (h, w, 3) float32 of the mouth box."""
        portrait = self._portrait
        scale = portrait.pose.scale_px
        spoken = weights - portrait.rest
        chin = spoken @ portrait.chin_moves
        lip = spoken @ portrait.lower_moves[:, 5]
        jaw = chin * _TEETH_PER_CHIN
        if np.hypot(*(lip * _TEETH_PER_LIP)) > np.hypot(*jaw):
            jaw = lip * _TEETH_PER_LIP
        down = portrait.pose.rotation[:2, 1]
        tongue = jaw - down * (0.10 * scale * float(motion.articulation[_TONGUE]))
        # Light falls in through the opening: darker under the upper lip, at the lips and where it is hardly open.
        lit = 1 - 0.50 * np.exp(-np.maximum(from_top, 0) / (0.024 * scale))
        lit *= 1 - 0.25 * np.exp(-np.maximum(to_bottom, 0) / (0.018 * scale))
        lit *= np.clip(0.68 + 0.32 * gap / (0.08 * scale), 0.68, 1)
        return portrait.interior.draw(jaw, tongue, lit)

    def _move_head(self, motion: FrameMotion) -> np.ndarray:
        portrait = self._portrait
        layers, head = portrait.layers, portrait.head
        field = head.forward(motion.turn_deg, motion.shift, motion.breath)
        source_px = cv2.add(self._zone_px, full_size(invert(field, head.region), head.region))
        moved = sample(self._spoken, source_px)
        alpha = cv2.multiply(moved[..., 3].astype(np.float32), layers.reach, scale=1 / 255)
        frame = portrait.rgb.copy()
        rows, columns = layers.zone.slices
        person = cv2.cvtColor(moved, cv2.COLOR_RGBA2RGB)
        frame[rows, columns] = cv2.blendLinear(person, layers.plate, alpha, cv2.subtract(1.0, alpha))
        return frame
