"""The one place that turns displacement fields into moved pixels. Everything else only builds the fields.

Convention: a *forward* field says by how much each source pixel moves; a *backward* map says where each output pixel
comes from. Fields live on a coarse grid and are given in pixels; OpenCV's `remap` does the sampling.
"""

from dataclasses import dataclass

import cv2
import numpy as np

INVERSION_STEPS = 5  # the fields are gentle (Lipschitz < 0.6): the error falls below a hundredth of a pixel


@dataclass(frozen=True)
class Region:
    """A rectangle of the picture, half-open, and the coarse grid laid over it.

    Grid node (j, i) sits at pixel (x0 + i · step_x, y0 + j · step_y); first and last nodes lie on the rectangle's
    outermost pixels.
    """

    x0: int
    y0: int
    x1: int
    y1: int
    grid_width: int
    grid_height: int

    @property
    def width(self) -> int:
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        return self.y1 - self.y0

    @property
    def step(self) -> tuple[float, float]:
        return (self.width - 1) / (self.grid_width - 1), (self.height - 1) / (self.grid_height - 1)

    @property
    def slices(self) -> tuple[slice, slice]:
        return slice(self.y0, self.y1), slice(self.x0, self.x1)

    def nodes_px(self) -> np.ndarray:
        """(grid_height · grid_width, 2) float64 picture coordinates of the grid's nodes, row by row."""
        xs = np.linspace(self.x0, self.x1 - 1, self.grid_width)
        ys = np.linspace(self.y0, self.y1 - 1, self.grid_height)
        return np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)

    def pixels(self) -> np.ndarray:
        """(height, width, 2) float32 picture coordinates of the region's pixels."""
        xs = np.arange(self.x0, self.x1, dtype=np.float32)
        ys = np.arange(self.y0, self.y1, dtype=np.float32)
        return np.stack(np.meshgrid(xs, ys), axis=-1)


def region_around(x0: float, y0: float, x1: float, y1: float, size: tuple[int, int], step_px: float) -> Region:
    """A region clipped to a picture of `size` (width, height), with grid nodes about `step_px` apart."""
    left, top = max(0, int(np.floor(x0))), max(0, int(np.floor(y0)))
    right, bottom = min(size[0], int(np.ceil(x1)) + 1), min(size[1], int(np.ceil(y1)) + 1)
    columns = max(4, round((right - left) / step_px) + 1)
    rows = max(4, round((bottom - top) / step_px) + 1)
    return Region(left, top, right, bottom, columns, rows)


def invert(forward_px: np.ndarray, region: Region) -> np.ndarray:
    """Backward displacement (grid_height, grid_width, 2) float32 of a forward one: output(x) = source(x + backward(x)).

    Fixed-point iteration b ← -f(x + b) (Chen et al. 2008, "A simple fixed-point approach to invert a deformation
    field").
    """
    step = np.array(region.step, np.float32)
    columns, rows = np.meshgrid(
        np.arange(region.grid_width, dtype=np.float32), np.arange(region.grid_height, dtype=np.float32)
    )
    nodes = np.stack([columns, rows], axis=-1)
    backward = -forward_px
    for _ in range(INVERSION_STEPS):
        at = nodes + backward / step
        backward = -cv2.remap(forward_px, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return backward


def full_size(grid: np.ndarray, region: Region, box: Region | None = None) -> np.ndarray:
    """A grid's values (grid_height, grid_width[, C]) float32 at each pixel of the region, or of `box` within it."""
    box = box or region
    step_x, step_y = region.step
    to_grid = np.array([[1 / step_x, 0, (box.x0 - region.x0) / step_x], [0, 1 / step_y, (box.y0 - region.y0) / step_y]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(grid, to_grid, (box.width, box.height), flags=flags, borderMode=cv2.BORDER_REPLICATE)


def sample(image: np.ndarray, at_px: np.ndarray, *, sharp: bool) -> np.ndarray:
    """`image` sampled at picture coordinates (h, w, 2) float32; `sharp` uses a cubic kernel."""
    kernel = cv2.INTER_CUBIC if sharp else cv2.INTER_LINEAR
    return cv2.remap(image, at_px[..., 0], at_px[..., 1], kernel, borderMode=cv2.BORDER_REPLICATE)
