"""How the voice moves: loudness, pitch, and the accents a head nods on."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft, ndimage

from worker.engine.contracts import Span
from worker.engine.speech.detection import speech_spans
from worker.engine.speech.mouth_track import Accent, Phoneme, Prosody
from worker.engine.speech.phonemes import is_vowel
from worker.engine.speech.waveform import HOP_LENGTH, LEVEL_HZ, SPEECH_HZ, centred_windows, level_db, speech_samples

if TYPE_CHECKING:
    from worker.engine.media.audio import Audio

PITCH_RANGE_HZ = (65.0, 500.0)
PITCH_WINDOW = 640  # 40 ms
VOICED_CORRELATION = 0.45
BLOCK_FRAMES = 1024
LOUDNESS_EXPONENT = 0.6  # Stevens: loudness grows with pressure^0.6
MIN_ACCENT_GAP_S = 0.25
ENERGY_SMOOTHING_S = 0.02


def analyse_prosody(
    audio: "Audio",
    times_s: np.ndarray,
    spans: Sequence[Span] | None = None,
    phonemes: Sequence[Phoneme] = (),
) -> Prosody:
    """Prosody at frame times.

    Args:
        audio: the voice.
        times_s: (T,) seconds, any spacing.
        spans: where somebody speaks, when known already.
        phonemes: with stress marks, when known: accents then sit on stressed vowels.
    """
    samples = speech_samples(audio)
    spans = speech_spans(audio) if spans is None else spans
    return prosody_of(samples, pitch_hz(samples), times_s, spans, phonemes)


def prosody_of(
    samples: np.ndarray,
    f0_hz: np.ndarray,
    times_s: np.ndarray,
    spans: Sequence[Span],
    phonemes: Sequence[Phoneme] = (),
) -> Prosody:
    """As `analyse_prosody`, for 16 kHz samples whose pitch is known already."""
    energy = loudness(samples, spans)
    grid_s = np.arange(len(energy)) / LEVEL_HZ
    at = np.clip(np.round(times_s * LEVEL_HZ).astype(int), 0, len(f0_hz) - 1)
    inside = (times_s >= 0) & (times_s <= len(samples) / SPEECH_HZ)
    return Prosody(
        energy=(np.interp(times_s, grid_s, energy) * inside).astype(np.float32),
        f0_hz=(f0_hz[at] * inside).astype(np.float32),
        accents=find_accents(energy, f0_hz, phonemes),
        speech_spans=list(spans),
    )


def loudness(samples: np.ndarray, spans: Sequence[Span]) -> np.ndarray:
    """(N // 160 + 1,) float32 in [0, 1] every 10 ms: loudness above the room, 1 = the speaker's own 95th percentile."""
    amplitude = 10 ** (level_db(samples) / 20)
    spoken = np.zeros(len(amplitude), bool)
    for span in spans:
        spoken[int(span.start_s * LEVEL_HZ) : int(np.ceil(span.end_s * LEVEL_HZ))] = True
    if not spoken.any():
        return np.zeros(len(amplitude), np.float32)
    loud = float(np.percentile(amplitude[spoken], 95))
    room = min(float(np.percentile(amplitude, 5)), 0.3 * loud)
    relative = np.clip((amplitude - room) / max(loud - room, 1e-9), 0.0, 1.0) ** LOUDNESS_EXPONENT
    return ndimage.gaussian_filter1d(relative, ENERGY_SMOOTHING_S * LEVEL_HZ).astype(np.float32)


def pitch_hz(samples: np.ndarray) -> np.ndarray:
    """(N // 160 + 1,) float32, 0 where unvoiced: normalised autocorrelation (Boersma 1993), all frames at once."""
    count = len(samples) // HOP_LENGTH + 1
    window = np.hanning(PITCH_WINDOW).astype(np.float32)
    own = _autocorrelation(window[None])[0]
    shortest, longest = int(SPEECH_HZ / PITCH_RANGE_HZ[1]), int(SPEECH_HZ / PITCH_RANGE_HZ[0])
    pitch = np.zeros(count, np.float32)
    for first in range(0, count, BLOCK_FRAMES):
        block = centred_windows(samples, PITCH_WINDOW, first, min(BLOCK_FRAMES, count - first))
        correlation = _autocorrelation((block - block.mean(axis=1, keepdims=True)) * window)
        power = correlation[:, :1]
        normal = correlation[:, shortest:longest] / np.maximum(power * own[shortest:longest] / own[0], 1e-9)
        # Octave cost: of two equal peaks the shorter period is the pitch.
        lags = np.arange(shortest, longest)
        scored = normal - 0.06 * np.log2(lags / shortest)
        best = scored.argmax(axis=1)
        voiced = (normal[np.arange(len(block)), best] > VOICED_CORRELATION) & (power[:, 0] > 1e-5)
        pitch[first : first + BLOCK_FRAMES] = np.where(voiced, SPEECH_HZ / lags[best], 0.0)
    # A lone voiced or unvoiced frame is a mistake.
    steady = ndimage.median_filter(pitch, 5, mode="nearest")
    return np.where((pitch > 0) & (steady > 0), steady, 0.0).astype(np.float32)


def _autocorrelation(frames: np.ndarray) -> np.ndarray:
    """(n, lags) of frames (n, `PITCH_WINDOW`), right for lags up to the longest period."""
    size = 1024  # at least window and longest period together, or its end would wrap around to its beginning
    spectrum = fft.rfft(frames, size, axis=1)  # SciPy's stays in float32: half the time
    power = spectrum.real**2 + spectrum.imag**2
    return fft.irfft(power, size, axis=1)[:, : frames.shape[1]].astype(np.float32)


def find_accents(energy: np.ndarray, f0_hz: np.ndarray, phonemes: Sequence[Phoneme] = ()) -> list[Accent]:
    """Accents at least 0.25 s apart: loud, high or stressed syllables. `energy`, `f0_hz`: (G,) every 10 ms."""
    if not len(energy) or float(energy.max()) <= 0.0:
        return []
    smooth = ndimage.gaussian_filter1d(energy, 0.05 * LEVEL_HZ)
    prominence = smooth - ndimage.gaussian_filter1d(smooth, 0.6 * LEVEL_HZ)
    voiced = f0_hz > 0
    height = np.zeros(len(energy), np.float32)
    if voiced.any():
        height[voiced] = np.log2(f0_hz[voiced] / np.median(f0_hz[voiced]))
    score = prominence + 0.5 * ndimage.gaussian_filter1d(np.clip(height, -0.5, 0.5), 0.05 * LEVEL_HZ)
    if phonemes:
        peaks = [
            int((0.6 * p.start_s + 0.4 * p.end_s) * LEVEL_HZ) for p in phonemes if p.stress == 2 and is_vowel(p.symbol)
        ]
    else:
        peaks = np.flatnonzero((score[1:-1] > score[:-2]) & (score[1:-1] >= score[2:]) & (smooth[1:-1] > 0.3)) + 1
    peaks = [int(peak) for peak in peaks if peak < len(score)]
    if not peaks:
        return []
    ranked = sorted(peaks, key=lambda peak: -float(score[peak]))
    low, high = (float(value) for value in np.percentile(score[peaks], [10, 95]))
    kept: list[int] = []
    for peak in ranked:
        if all(abs(peak - other) >= MIN_ACCENT_GAP_S * LEVEL_HZ for other in kept):
            kept.append(peak)
    strength = {peak: float(np.clip((score[peak] - low) / max(high - low, 1e-6), 0.05, 1.0)) for peak in kept}
    return [Accent(peak / LEVEL_HZ, strength[peak]) for peak in sorted(kept)]
