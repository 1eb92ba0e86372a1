"""The one large step of a frame, the photo read at every pixel's source, on whatever does it fastest.

Both ways follow one convention: pixel centres lie at whole numbers, sources are rounded to 1/32 px, weights are
bilinear, borders are continued. So both give the same picture within rounding.
"""

from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np

from worker.engine.render.warping import Window

if TYPE_CHECKING:
    import torch

_STEPS_PER_PX = 32  # OpenCV's fixed-point maps; the other way is rounded alike


class Sampler(Protocol):
    """Reads one photo."""

    def sample(self, source_px: np.ndarray, windows: tuple[Window, ...], out: np.ndarray) -> None:
        """Fill `windows` of `out` (h, w, 4) uint8 with the photo at `source_px` (h, w, 2) float32."""


class CpuSampler:
    """OpenCV's fixed-point path, window by window so that its maps stay in the cache."""

    def __init__(self, photo: np.ndarray, size: tuple[int, int]) -> None:
        """photo: (H, W, 4) uint8. size: (width, height) of what is sampled."""
        self._photo = photo
        self._whole = np.empty((size[1], size[0], 2), np.int16)
        self._part = np.empty((size[1], size[0]), np.uint16)

    def sample(self, source_px: np.ndarray, windows: tuple[Window, ...], out: np.ndarray) -> None:
        for window in windows:
            whole, part = self._whole[window.slices], self._part[window.slices]
            cv2.convertMaps(source_px[window.slices], None, cv2.CV_16SC2, whole, part)
            cv2.remap(self._photo, whole, part, cv2.INTER_LINEAR, out[window.slices], cv2.BORDER_REPLICATE)


class TorchSampler:
    """`grid_sample` on a device that torch knows; the photo stays there."""

    def __init__(self, photo: np.ndarray, device: str) -> None:
        """photo: (H, W, 4) uint8. device: a torch device, such as "cuda"."""
        import torch  # costs seconds: only where it does the work

        self._device = torch.device(device)
        self._photo = torch.from_numpy(photo).to(self._device).permute(2, 0, 1)[None].float()
        height, width = photo.shape[:2]
        # With align_corners the centres of the first and the last pixel are at -1 and 1, as here.
        self._to_unit = torch.tensor([2 / max(width - 1, 1), 2 / max(height - 1, 1)], device=self._device)

    def sample(self, source_px: np.ndarray, windows: tuple[Window, ...], out: np.ndarray) -> None:
        if not windows:
            return
        x0, y0 = min(window.x0 for window in windows), min(window.y0 for window in windows)
        x1, y1 = max(window.x1 for window in windows), max(window.y1 for window in windows)
        part = np.s_[y0:y1, x0:x1]
        out[part] = self.read(source_px[part][None])[0].cpu().numpy()

    def read(self, source_px: np.ndarray) -> "torch.Tensor":
        """(n, h, w, 4) uint8 on the device, for a batch of sources (n, h, w, 2) float32."""
        import torch
        from torch.nn.functional import grid_sample

        at = torch.from_numpy(np.ascontiguousarray(source_px)).to(self._device)
        at = torch.round(at * _STEPS_PER_PX) / _STEPS_PER_PX
        photo = self._photo.expand(len(at), -1, -1, -1)
        seen = grid_sample(photo, at * self._to_unit - 1, mode="bilinear", padding_mode="border", align_corners=True)
        return seen.add_(0.5).clamp_(0, 255).to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def make_sampler(photo: np.ndarray, size: tuple[int, int], device: str) -> Sampler:
    """The sampler for "cpu" or a torch device. photo: (H, W, 4) uint8; size: (width, height) of what is sampled."""
    return CpuSampler(photo, size) if device == "cpu" else TorchSampler(photo, device)
