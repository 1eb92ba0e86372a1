"""Finding the hidden mark again: whiten, search size and place by the pilots, sample the cells, decode.

Frames are summed as they are (which serves single pictures and very short clips), and turned with each of the mark's
periods after the mean was taken away (in which everything that stands still has cancelled). All are whitened locally.
For every size the mark could have, a circular cross-correlation with the pilots, by FFT, tries every place at once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from scipy import fft
from scipy.special import erfc

from worker.compose.hidden_mark_code import CODE_BITS, CRC_BITS, decode
from worker.compose.hidden_mark_pattern import (
    CANVAS_CELLS,
    CELLS_SHORT,
    LAYOUTS,
    PERIODS_S,
    expected,
    pilots,
    roles,
)
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.decode import decode_video
from worker.engine.media.images import load_image
from worker.engine.media.kinds import MediaKind, sniff_kind

SHORT_SIDE_PX = 256  # frames are read at this size: 8 px for a cell of an uncut picture
MAX_READ_S = 60.0
READ_RATE_HZ = 12.5
_CELL_SAMPLES = 2  # per cell and direction, when places are searched
_FFT_SIDE = CANVAS_CELLS * _CELL_SAMPLES
MIN_SIZE, MAX_SIZE = 0.42, 1.35  # of a cell, relative to that of an uncut picture
SIZE_STEP = 0.012
CUT_LEVELS = 8.0  # of 255, on average, between two moments: more than anybody moves
SHOT_MIN_S = 1.0  # shorter ones are summed with the next: a shot within one turn of signs would cancel
SOFT_CELLS = 0.5  # how widely a cell is averaged before it is sampled: as wide as it is soft itself
KEPT_FITS = 3
LEAST_CLARITY = 8.0  # below, not even the pilots stand out, and a code that fits would be an accident
CERTAIN_CLARITY = 55.0  # noise reaches this once in some million searches
_SUMS = {layout: 1 + len(periods) for layout, periods in PERIODS_S.items()}
# at most, with those of the mirrored picture
_CODES = 2 * KEPT_FITS * sum(sums * (sums + 1) for sums in _SUMS.values())
CHANCE_OF_CODE = _CODES / 2**CRC_BITS  # that one of the codes tried passes its check by accident


@dataclass(frozen=True)
class Fit:
    """Where the pilots were found: a cell's size, the first cell's corner, in px of the sum, and how clearly."""

    cell_px: float
    x_px: float
    y_px: float
    clarity: float


def read_file(path: Path) -> tuple[int | None, float]:
    """The number that a file carries, if any, and the confidence; a mirrored picture is read as well.

    Raises:
        EngineFailure: as `hidden_mark.read_hidden_mark`.
    """
    sums = accumulate(_moments(path))
    straight = read_sums(sums)
    if straight[0] is not None:
        return straight
    mirrored = read_sums({period_s: np.ascontiguousarray(sum_[:, ::-1]) for period_s, sum_ in sums.items()})
    return mirrored if mirrored[0] is not None else max(straight, mirrored, key=lambda reading: reading[1])


def _moments(path: Path) -> Iterator[tuple[np.ndarray, float]]:
    """(luma (h, w) float32, pts_s) a dozen times a second."""
    kind = sniff_kind(path)
    if kind is MediaKind.SOUND:
        raise EngineFailure(FailureCode.FILE_WRONG_KIND, needed="video", found=kind.value)
    if kind is MediaKind.PICTURE:
        yield _luma(load_image(path).rgb), 0.0
        return
    due_s = 0.0
    for frame in decode_video(path, end_s=MAX_READ_S):
        if frame.pts_s < due_s - 0.001:
            continue
        due_s = max(due_s + 1 / READ_RATE_HZ, frame.pts_s)
        yield _luma(frame.rgb()), frame.pts_s


def _luma(rgb: np.ndarray) -> np.ndarray:
    height, width = rgb.shape[:2]
    scale = SHORT_SIDE_PX / min(width, height)
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)


def accumulate(moments: Iterator[tuple[np.ndarray, float]]) -> dict[float, np.ndarray]:
    """period in s → the whitened sum, (h, w) complex64, of what turns with it; 0: the mean, all there is of pictures.

    Frames of another size than the first are passed over. Raises EngineFailure(FILE_UNREADABLE) when there is none.
    """
    periods_s = sorted({period_s for periods in PERIODS_S.values() for period_s in periods})
    total: np.ndarray | None = None
    shot: _Shot | None = None
    turning: dict[float, np.ndarray] = {}
    count = 0
    for luma, pts_s in moments:
        if total is None or shot is None:
            total, shot = np.zeros_like(luma), _Shot(luma, pts_s, periods_s)
            turning = {period_s: np.zeros(luma.shape, np.complex64) for period_s in periods_s}
        if luma.shape != total.shape:
            continue
        if shot.is_over(luma, pts_s):
            shot.add_to(turning)
            shot = _Shot(luma, pts_s, periods_s)
        shot.take(luma, pts_s)
        total += luma
        count += 1
    if total is None or shot is None:
        raise EngineFailure(FailureCode.FILE_UNREADABLE)
    shot.add_to(turning)
    sums = {0.0: whiten((total / count).astype(np.complex64))}
    if count > 4:
        sums |= {period_s: whiten(sum_ / count) for period_s, sum_ in turning.items()}
    return sums


class _Shot:
    """What is summed between two cuts: there, what stands still cancels; across a cut nothing does."""

    def __init__(self, luma: np.ndarray, pts_s: float, periods_s: Sequence[float]) -> None:
        self._start_s, self._latest = pts_s, luma
        self._total, self._count = np.zeros_like(luma), 0
        self._turning = {period_s: np.zeros(luma.shape, np.complex64) for period_s in periods_s}
        self._turns = dict.fromkeys(periods_s, 0j)

    def is_over(self, luma: np.ndarray, pts_s: float) -> bool:
        """Whether this moment belongs to another shot: much has changed at once, and not only just before."""
        return pts_s - self._start_s >= SHOT_MIN_S and float(np.abs(luma - self._latest).mean()) > CUT_LEVELS

    def take(self, luma: np.ndarray, pts_s: float) -> None:
        self._latest = luma
        self._total += luma
        self._count += 1
        for period_s, sum_ in self._turning.items():
            turn = complex(np.exp(-2j * np.pi * pts_s / period_s))
            sum_ += np.complex64(turn) * luma
            self._turns[period_s] += turn

    def add_to(self, turning: dict[float, np.ndarray]) -> None:
        for period_s, sum_ in self._turning.items():
            turning[period_s] += sum_ - np.complex64(self._turns[period_s]) * (self._total / self._count)


def whiten(sum_: np.ndarray) -> np.ndarray:
    """Coarse structure taken away, the rest divided by its own local size: no part of the picture outweighs another."""
    cell = SHORT_SIDE_PX / CELLS_SHORT
    rest = sum_ - _blur(sum_, 0.8 * cell)
    power = cv2.GaussianBlur(np.abs(rest) ** 2, (0, 0), 1.5 * cell)
    floor = 0.02 * float(np.median(power)) + 1e-6
    return (rest / np.sqrt(power + floor)).astype(np.complex64)


def _blur(field: np.ndarray, sigma_px: float) -> np.ndarray:
    return cv2.GaussianBlur(_two_planes(field), (0, 0), sigma_px).view(np.complex64)[..., 0]


def _two_planes(field: np.ndarray) -> np.ndarray:
    """Complex (h, w) as OpenCV knows it: (h, w, 2) float32."""
    return np.ascontiguousarray(field, np.complex64).view(np.float32).reshape(*field.shape, 2)


@lru_cache(maxsize=len(LAYOUTS))
def _pilot_spectrum(layout: int) -> np.ndarray:
    known = np.where(pilots(), expected(layout), 0)
    rim = 4  # so that the interpolation runs on where the pattern repeats
    size = ((CANVAS_CELLS + 2 * rim) * _CELL_SAMPLES,) * 2
    fine = cv2.resize(_two_planes(np.pad(known, rim, mode="wrap")), size, interpolation=cv2.INTER_CUBIC)
    cut = slice(rim * _CELL_SAMPLES, -rim * _CELL_SAMPLES)
    fine = np.ascontiguousarray(fine[cut, cut]).view(np.complex64)[..., 0]
    fine /= np.sqrt(np.mean(np.abs(fine) ** 2))
    return np.conj(fft.fft2(fine)).astype(np.complex64)


def match(sum_: np.ndarray, cell_px: float, layout: int) -> np.ndarray:
    """|correlation|² with the pilots at every place, (_FFT_SIDE, _FFT_SIDE); what chance gives on average is 1.

    sum_: softened by about half a sample, which is cell_px / _CELL_SAMPLES wide.
    """
    height, width = sum_.shape
    step = cell_px / _CELL_SAMPLES
    size = (min(_FFT_SIDE, int(width / step)), min(_FFT_SIDE, int(height / step)))
    matrix = np.array([[step, 0, (step - 1) / 2], [0, step, (step - 1) / 2]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    sheet = np.zeros((_FFT_SIDE, _FFT_SIDE), np.complex64)
    sheet[: size[1], : size[0]] = cv2.warpAffine(_two_planes(sum_), matrix, size, flags=flags).view(np.complex64)[
        ..., 0
    ]
    correlation = fft.ifft2(fft.fft2(sheet) * _pilot_spectrum(layout))
    power = np.abs(correlation) ** 2
    return power / power.mean()


def best_fits(sum_: np.ndarray, layout: int) -> list[Fit]:
    """The clearest places of all sizes, clearest first.

    Sizes are tried from an uncut picture's outwards, and once one is beyond doubt, only those beside it.
    """
    sizes = np.geomspace(MIN_SIZE, MAX_SIZE, int(np.ceil(np.log(MAX_SIZE / MIN_SIZE) / SIZE_STEP)))
    fits: list[Fit] = []
    softened: dict[int, np.ndarray] = {}
    certain_px: float | None = None
    for cell_px in sizes[np.argsort(np.abs(np.log(sizes)))] * (SHORT_SIDE_PX / CELLS_SHORT):
        if certain_px is not None and abs(np.log(cell_px / certain_px)) > 3 * SIZE_STEP:
            continue
        step = float(cell_px) / _CELL_SAMPLES
        level = round(2 * np.log2(step))
        if level not in softened:
            softened[level] = _blur(sum_, 0.5 * 2 ** (level / 2))
        clarity = match(softened[level], float(cell_px), layout)
        y, x = np.unravel_index(int(clarity.argmax()), clarity.shape)
        fits.append(Fit(float(cell_px), int(x) * step, int(y) * step, float(clarity[y, x])))
        if fits[-1].clarity > CERTAIN_CLARITY and certain_px is None:
            certain_px = float(cell_px)
    return sorted(fits, key=lambda fit: -fit.clarity)[:KEPT_FITS]


def refine(sums: list[np.ndarray], fit: Fit, layout: int) -> Fit:
    """Climb to the place and size at which the pilots agree most, in steps of a third of a cell down to a twentieth."""
    softened = [_blur(sum_, 0.9 * SOFT_CELLS * fit.cell_px) for sum_ in sums]
    best, best_power = fit, -1.0
    step_px = fit.cell_px / 3
    while step_px > fit.cell_px / 20:
        size_step = 2 * step_px / SHORT_SIDE_PX  # moves the far edge by as much as the steps in place
        around = [
            replace(
                best,
                cell_px=best.cell_px * (1 + size * size_step),
                x_px=best.x_px + x * step_px,
                y_px=best.y_px + y * step_px,
            )
            for size in (-1, 0, 1)
            for x in (-1, 0, 1)
            for y in (-1, 0, 1)
        ]
        power, moved = max(((_pilot_power(softened, one, layout), one) for one in around), key=lambda pair: pair[0])
        if power <= best_power * 1.0001:
            step_px /= 2
        else:
            best, best_power = moved, power
    return best


def _pilot_power(softened: list[np.ndarray], fit: Fit, layout: int) -> float:
    power = 0.0
    for sum_ in softened:
        leaning, role = lean(sum_, fit, layout)
        known = leaning[role >= CODE_BITS]
        power += float(abs(known.sum()) ** 2 / ((np.abs(known) ** 2).sum() + 1e-9)) if known.size else 0.0
    return power


def lean(softened: np.ndarray, fit: Fit, layout: int) -> tuple[np.ndarray, np.ndarray]:
    """Every cell inside the picture, (n,) complex: how it leans to its expected sign; and its role, (n,) int."""
    height, width = softened.shape
    places, numbers = [], []
    for origin, length in ((fit.x_px, width), (fit.y_px, height)):
        cells = np.arange(int(np.floor(-origin / fit.cell_px)), int(np.ceil((length - origin) / fit.cell_px)))
        place = (cells + 0.5) * fit.cell_px + origin - 0.5
        inside = (place >= 0) & (place <= length - 1)
        places.append(place[inside].astype(np.float32))
        numbers.append(cells[inside] % CANVAS_CELLS)
    map_x, map_y = np.meshgrid(*places)
    window = np.ix_(numbers[1], numbers[0])
    seen = cv2.remap(_two_planes(softened), map_x, map_y, cv2.INTER_LINEAR).view(np.complex64)[..., 0]
    leaning = seen * np.conj(expected(layout)[window])
    return leaning.ravel(), roles()[window].ravel()


def soft_values(sum_: np.ndarray, fit: Fit, layout: int) -> np.ndarray:
    """(CODE_BITS,) how much each of the code's signs leans to +1, scaled by what the pilots tell of the noise."""
    leaning, role = lean(_blur(sum_, SOFT_CELLS * fit.cell_px), fit, layout)
    mean = leaning[role >= CODE_BITS].mean()
    along = (leaning * np.conj(mean)).real / max(abs(mean), 1e-9)
    noise = float(np.var(along[role >= CODE_BITS])) + 1e-9
    return np.bincount(role, along, minlength=CODE_BITS)[:CODE_BITS] * abs(mean) / noise


def read_sums(sums: dict[float, np.ndarray]) -> tuple[int | None, float]:
    """The number in the sums, and 1 − the chance of finding as much where there is no mark."""
    clearest = 0.0
    for layout in LAYOUTS:
        own = [sums[period_s] for period_s in (0.0, *PERIODS_S[layout]) if period_s in sums]
        number, clarity = _read_layout(own, layout)
        if number is not None:
            return number, 1.0 - _chance_of(clarity) * CHANCE_OF_CODE
        clearest = max(clearest, clarity)
    return None, 1.0 - _chance_of(clearest)


def _read_layout(sums: list[np.ndarray], layout: int) -> tuple[int | None, float]:
    clearest = 0.0
    for searched in reversed(sums):  # where still things have cancelled, the mark is clearest
        for coarse in best_fits(searched, layout):
            clearest = max(clearest, coarse.clarity)
            if coarse.clarity < LEAST_CLARITY:
                break
            fit = refine(sums, coarse, layout)
            soft = [soft_values(sum_, fit, layout) for sum_ in sums]
            for values in [np.sum(soft, axis=0), *soft] if len(soft) > 1 else soft:
                number = decode(values)
                if number is not None:
                    return number, coarse.clarity
    return None, clearest


def _chance_of(clarity: float) -> float:
    """How likely noise alone reaches as much anywhere we look: at most as a real number's square does, when the sum
    has one phase only (the mean), and less where it has two.
    """
    searches = 2 * sum(_SUMS.values())  # with those of the mirrored picture
    places = searches * (_FFT_SIDE / _CELL_SAMPLES) ** 2 * np.log(MAX_SIZE / MIN_SIZE) / SIZE_STEP
    return float(min(1.0, places * erfc(np.sqrt(clarity / 2))))
