"""The one place that turns displacement fields into moved pixels. Everything else only builds the fields.

Convention: a *forward* field says by how much each source pixel moves; a *backward* map says where each output pixel
comes from. Fields live on a coarse grid and are given in pixels; OpenCV's `remap` does the sampling.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

INVERSION_STEPS = 5  # the fields are gentle (Lipschitz < 0.6): the error falls below a hundredth of a pixel

_CAREFUL_STEPS, _CAREFUL_SHARE = 120, 0.4


@dataclass(frozen=True)
class Region:
    """A rectangle of the picture, half-open, and the coarse grid laid over it.

    The grid's nodes are the centres of equal cells, as the pixels of a smaller picture of the same rectangle would be:
    node (j, i) sits at pixel (x0 + (i + ½) · step_x - ½, y0 + (j + ½) · step_y - ½).
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
        return self.width / self.grid_width, self.height / self.grid_height

    @property
    def slices(self) -> tuple[slice, slice]:
        return slice(self.y0, self.y1), slice(self.x0, self.x1)

    @property
    def to_grid(self) -> np.ndarray:
        """(2, 3) float32: picture coordinates → (column, row) in the grid."""
        step_x, step_y = self.step
        return np.array(
            [[1 / step_x, 0, (0.5 - self.x0) / step_x - 0.5], [0, 1 / step_y, (0.5 - self.y0) / step_y - 0.5]],
            np.float32,
        )

    def nodes_px(self) -> np.ndarray:
        """(grid_height · grid_width, 2) float64 picture coordinates of the grid's nodes, row by row."""
        step_x, step_y = self.step
        xs = self.x0 + (np.arange(self.grid_width) + 0.5) * step_x - 0.5
        ys = self.y0 + (np.arange(self.grid_height) + 0.5) * step_y - 0.5
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
    columns = max(4, round((right - left) / step_px))
    rows = max(4, round((bottom - top) / step_px))
    return Region(left, top, right, bottom, columns, rows)


def invert(
    forward_px: np.ndarray, region: Region, window: "Window | None" = None, steps: int = INVERSION_STEPS
) -> np.ndarray:
    """Backward displacement (grid_height, grid_width, 2) float32 of a forward one: output(x) = source(x + backward(x)).

    window: only these nodes of the grid; their rows and columns give the result's shape.
    Fixed-point iteration b ← -f(x + b) (Chen et al. 2008, "A simple fixed-point approach to invert a deformation
    field").
    """
    inside = (window or Window(0, 0, region.grid_width, region.grid_height)).slices
    step_x, step_y = region.step
    # In units of the grid, so that each step is one addition and one look-up.
    away = scaled(forward_px, -1 / step_x, -1 / step_y)
    nodes = grid_nodes(region.grid_width, region.grid_height)[inside]
    backward = away[inside]
    at, found = np.empty(nodes.shape, np.float32), np.empty(nodes.shape, np.float32)
    for _ in range(steps):
        np.add(nodes, backward, out=at)
        backward = cv2.remap(away, at, None, cv2.INTER_LINEAR, found, cv2.BORDER_REPLICATE)
    return scaled(backward, step_x, step_y)


def scaled(field: np.ndarray, factor_x: float, factor_y: float) -> np.ndarray:
    """A field (rows, columns, 2) float32, its x and y multiplied."""
    rows, columns, _ = field.shape
    # Whole rows: a product with two factors for the last axis would be worked out two numbers at a time.
    return (field.reshape(rows, 2 * columns) * _repeated(factor_x, factor_y, columns)).reshape(field.shape)


@lru_cache(maxsize=32)
def _repeated(factor_x: float, factor_y: float, columns: int) -> np.ndarray:
    row = np.tile(np.array([factor_x, factor_y], np.float32), columns)
    row.flags.writeable = False
    return row


def invert_steep(forward_px: np.ndarray, region: Region) -> np.ndarray:
    """`invert` for fields that may compress or stretch strongly: many small steps, each kept from overshooting."""
    step = np.array(region.step, np.float32)
    nodes = grid_nodes(region.grid_width, region.grid_height)
    backward = np.zeros_like(forward_px)
    for _ in range(_CAREFUL_STEPS):
        found = -looked_up(forward_px, nodes + backward / step)
        backward += _CAREFUL_SHARE * (found - backward)
    return backward


def followed(first: np.ndarray, second: np.ndarray, region: Region, window: "Window | None" = None) -> np.ndarray:
    """Backward field of two motions: back through `first` (the nodes of `window`), from there through `second`."""
    step_x, step_y = region.step
    nodes = grid_nodes(region.grid_width, region.grid_height)
    if window is not None:
        nodes = nodes[window.slices]
    at = cv2.add(nodes, scaled(first, 1 / step_x, 1 / step_y))
    return cv2.add(first, looked_up(second, at))


@lru_cache(maxsize=8)
def grid_nodes(columns: int, rows: int) -> np.ndarray:
    """(rows, columns, 2) float32 indices (column, row) of a grid's nodes; read-only."""
    xs, ys = np.meshgrid(np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32))
    nodes = np.stack([xs, ys], axis=-1)
    nodes.flags.writeable = False
    return nodes


@dataclass(frozen=True)
class Window:
    """A half-open rectangle of columns and rows."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def slices(self) -> tuple[slice, slice]:
        return slice(self.y0, self.y1), slice(self.x0, self.x1)


def overlap(inner: Region, outer: Region) -> tuple[Window, Window]:
    """What two rectangles have in common: in the pixels of the one, and of the other."""
    x0, y0 = max(inner.x0, outer.x0), max(inner.y0, outer.y0)
    x1, y1 = min(inner.x1, outer.x1), min(inner.y1, outer.y1)
    common = Region(x0, y0, x1, y1, 1, 1)
    return within(common, inner), within(common, outer)


def within(box: Region, zone: Region) -> Window:
    """The place of `box` in `zone`'s own pixels."""
    return Window(box.x0 - zone.x0, box.y0 - zone.y0, box.x1 - zone.x0, box.y1 - zone.y0)


def full_size(grid: np.ndarray, region: Region, out: np.ndarray | None = None) -> np.ndarray:
    """A grid's values (grid_height, grid_width[, C]) float32 at each pixel of the region, bilinearly; into `out` if
    given.
    """
    return cv2.resize(grid, (region.width, region.height), dst=out, interpolation=cv2.INTER_LINEAR)


def looked_up(grid: np.ndarray, at: np.ndarray, *, beyond: int = cv2.BORDER_REPLICATE) -> np.ndarray:
    """Values of `grid` (rows, columns[, C]) float32 at places `at` (h, w, 2) given in (column, row), bilinearly."""
    return cv2.remap(grid, at, None, cv2.INTER_LINEAR, borderMode=beyond)


def in_grid(at_px: np.ndarray, region: Region) -> np.ndarray:
    """(h, w, 2) float32: picture coordinates as (column, row) in the region's grid."""
    (factor_x, _, shift_x), (_, factor_y, shift_y) = region.to_grid.tolist()
    return cv2.add(scaled(at_px, factor_x, factor_y), (shift_x, shift_y, 0, 0))


def sample(image: np.ndarray, at_px: np.ndarray, how: int = cv2.INTER_LINEAR) -> np.ndarray:
    """`image` (H, W[, C]) sampled at picture coordinates (h, w, 2) float32, bilinearly or as `how` says; its borders
    are continued.

    Pixel centres lie at whole numbers. Maps are rounded to 1/32 px first (OpenCV's fixed-point path): half the time,
    and no visible difference. Four channels are faster than three.
    """
    whole, part = cv2.convertMaps(at_px, None, cv2.CV_16SC2)
    return cv2.remap(image, whole, part, how, borderMode=cv2.BORDER_REPLICATE)


def unit(values: np.ndarray) -> np.ndarray:
    """`values`, a fresh float array, kept within [0, 1] in place; for small pictures much quicker than `np.clip`."""
    np.maximum(values, 0, out=values)
    return np.minimum(values, 1, out=values)


def thrice(values: np.ndarray) -> np.ndarray:
    """(h, w, 3) of (h, w): a factor for RGB; NumPy's own broadcasting over a last axis of one is slow."""
    return cv2.merge((values, values, values))
