"""Many frames at once on a torch device: grids brought to full size, the photo read, the person laid over the plate.

The same steps with the same rounding as on the CPU (`sampling`, `compositing`), so both give the same picture within
rounding. Only grids and the small pictures of mouth and eyes travel there, only finished pixels come back. Needs torch
and NumPy alone, so that it can be compared on machines that have nothing else (see `parity`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

Place = tuple[slice, slice]  # rows and columns of the zone
_STEPS_PER_PX = 32  # OpenCV's fixed-point maps
_BATCH_BYTES = 1 << 30  # of intermediate results
_BYTES_PER_PX = 80
_MOST_FRAMES = 32


@dataclass(frozen=True)
class Stage:
    """What does not change from frame to frame.

    photo: (H, W, 4) uint8, the fourth channel says what moves with the person. plate: (h, w, 3) uint8, behind the
    person; reach: (h, w) uint8, how far a pixel may change; both of the zone, whose upper left pixel in the photo is
    `corner` (x, y). face_size: (height, width) of the face's rectangle; `face_part` of it lies in the zone, at
    `face_place`.
    """

    photo: np.ndarray
    plate: np.ndarray
    reach: np.ndarray
    corner: tuple[int, int]
    face_size: tuple[int, int]
    face_part: Place
    face_place: Place


class TorchBatches:
    """Reads and blends frames of one portrait, whose photo stays on the device."""

    def __init__(self, stage: Stage, device: str) -> None:
        """device: a torch device, such as "cuda"."""
        import torch  # costs seconds: only where it does the work

        self._stage, self._device = stage, torch.device(device)
        height, width = stage.reach.shape
        self._photo = self._put(stage.photo).permute(2, 0, 1)[None].float()
        self._plate = self._put(stage.plate).float()
        self._reach = self._put(stage.reach).float()[..., None]
        x, y = stage.corner
        xs, ys = np.arange(x, x + width, dtype=np.float32), np.arange(y, y + height, dtype=np.float32)
        self._base = self._put(np.stack(np.meshgrid(xs, ys), axis=-1))
        # With align_corners the centres of the first and the last pixel are at -1 and 1, as here.
        self._to_unit = self._put(np.array([2 / max(side - 1, 1) for side in stage.photo.shape[1::-1]], np.float32))
        self.frames_at_once = int(np.clip(_BATCH_BYTES // (height * width * _BYTES_PER_PX), 1, _MOST_FRAMES))

    def _put(self, array: np.ndarray) -> "torch.Tensor":
        import torch

        return torch.from_numpy(np.ascontiguousarray(array)).to(self._device)

    def blended(
        self,
        away_head: np.ndarray,
        away_face: np.ndarray,
        patches: Sequence[Sequence[tuple[Place, np.ndarray]]],
    ) -> np.ndarray:
        """(n, h, w, 3) uint8: the zone of n frames.

        away_head, away_face: (n, rows, columns, 2) float32, displacements in px on the grids of the zone and of the
        face. patches: of each frame, pictures (h, w, 3) uint8 that replace what is read, with their places in the zone.
        """
        import torch
        from torch.nn.functional import grid_sample

        with torch.inference_mode():
            away = self._full_size(away_head, self._stage.reach.shape)
            of_face = self._full_size(away_face, self._stage.face_size)
            away[(slice(None), *self._stage.face_place)] = of_face[(slice(None), *self._stage.face_part)]
            at = self._base + torch.round(away * _STEPS_PER_PX) / _STEPS_PER_PX
            photo = self._photo.expand(len(at), -1, -1, -1)
            read = grid_sample(photo, at * self._to_unit - 1, padding_mode="border", align_corners=True)
            read = torch.round(read.permute(0, 2, 3, 1))
            for index, ones in enumerate(patches):
                for place, rgb in ones:
                    read[(index, *place, slice(3))] = self._put(rgb).float()
            share = torch.round(read[..., 3:] * self._reach / 255)
            person = torch.round(read[..., :3] * share / 255)
            behind = torch.round(self._plate * (255 - share) / 255)
            return (person + behind).clamp_(0, 255).to(torch.uint8).cpu().numpy()

    def _full_size(self, grids: np.ndarray, size: tuple[int, ...]) -> "torch.Tensor":
        """(n, height, width, 2) of grids (n, rows, columns, 2), as `warping.full_size` does it."""
        from torch.nn.functional import interpolate

        channels_first = self._put(grids).permute(0, 3, 1, 2)
        full = interpolate(channels_first, size=size, mode="bilinear", align_corners=False)
        return full.permute(0, 2, 3, 1).contiguous()
