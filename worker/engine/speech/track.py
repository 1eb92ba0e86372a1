"""Voice → mouth track: from exact phonemes (scripts) or from sound alone (recordings)."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from worker.engine.contracts import Span
from worker.engine.speech.coarticulation import (
    GRID_HZ,
    MOUTH_LEAD_S,
    coarticulate,
    grid_times,
    shape_spans,
    speaking_spans,
)
from worker.engine.speech.detection import spans_from, speech_probability, spoken_frames
from worker.engine.speech.effort import opening_gain
from worker.engine.speech.learned import Fusion, articulate, fold_fusion
from worker.engine.speech.mouth_track import ARTICULATORS, Articulator, MouthTrack, Phoneme, Prosody
from worker.engine.speech.prosody import loudness, pitch_hz, prosody_of
from worker.engine.speech.rules import PAUSE_S, apply_rules
from worker.engine.speech.soft_articulation import FRAMES_PER_S, heard_phonemes
from worker.engine.speech.waveform import SPEECH_HZ, speech_samples

if TYPE_CHECKING:
    from worker.engine.media.audio import Audio

MIN_RANGE_FRAMES = 50
# Where 10 and 90 % of openness in speech lie, against the clip's 95th percentile: medians of the tracked GRID clips.
RANGE_PERCENTILES, TYPICAL_RANGE = (10, 90), (0.06, 0.95)
MAX_RANGE_GAIN = 5.0
# Beliefs flicker faster than lips: with this, the share of movement above 4 Hz is that of the tracked GRID lips.
HEARD_SMOOTHING_S = 0.03


def mouth_track_from_phonemes(phonemes: Sequence[Phoneme], audio: "Audio", times_s: np.ndarray) -> MouthTrack:
    """The mouth for known sounds: exact closures, coarticulated shapes, opening by stress and loudness.

    Args:
        phonemes: ordered in time, not overlapping; gaps of 0.4 s and more are pauses.
        audio: the voice the phonemes belong to.
        times_s: (T,) output frame times in seconds, increasing, any spacing.
    """
    times_s = np.asarray(times_s, np.float64)
    samples = speech_samples(audio)
    spans = speaking_spans(phonemes, PAUSE_S)
    spoken_s = phonemes[-1].end_s if phonemes else 0.0
    duration_s = max(spoken_s, len(samples) / SPEECH_HZ)
    grid_s = grid_times(duration_s)
    loud = _fit(loudness(samples, spans), len(grid_s))
    articulation, visemes = coarticulate(shape_spans(phonemes, loud), grid_s, lead_s=MOUTH_LEAD_S)
    f0_hz = pitch_hz(samples)
    _open_by_effort(articulation, opening_gain(samples, f0_hz, spans))
    articulation, visemes = apply_rules(articulation, visemes, phonemes, spans)
    prosody = prosody_of(samples, f0_hz, times_s, spans, phonemes)
    return _at_frames(articulation, visemes, times_s, prosody, phonemes, "script")


@dataclass(frozen=True)
class HeardVoice:
    """What was heard in a recording, before anybody asks for frames; see `hear_voice`.

    samples: (N,) float32 at 16 kHz. articulation, visemes: (G, A) and (G, V) float32, `GRID_HZ` a second.
    """

    samples: np.ndarray
    spans: Sequence[Span]
    articulation: np.ndarray
    visemes: np.ndarray
    phonemes: Sequence[Phoneme]
    f0_hz: np.ndarray

    def at(self, times_s: np.ndarray) -> MouthTrack:
        """The mouth at (T,) output frame times in seconds, increasing, any spacing."""
        times_s = np.asarray(times_s, np.float64)
        prosody = prosody_of(self.samples, self.f0_hz, times_s, self.spans)
        return _at_frames(self.articulation, self.visemes, times_s, prosody, self.phonemes, "learned")


def mouth_track_from_audio(audio: "Audio", times_s: np.ndarray, *, fusion: Fusion | None = None) -> MouthTrack:
    """The mouth for a recording in any language, from its sound alone: `hear_voice`, read at (T,) output frame times.

    Without speech the track is a closed, still mouth (callers refuse such audio in the preflight).
    """
    return hear_voice(audio, fusion=fusion).at(times_s)


def hear_voice(audio: "Audio", *, fusion: Fusion | None = None) -> HeardVoice:
    """Everything that takes long about a recording and does not depend on a video's frames.

    A recogniser's encoder, trained on real voices, hears; our network, and the coarticulation of the phones it believes
    in, say what the mouth does; the rules of articulation have the last word.

    Args:
        audio: the voice.
        fusion: other fusion weights than the shipped ones, for honest scores on clips that shaped those
            (`learned.fold_fusion`).
    """
    samples = speech_samples(audio)
    with ThreadPoolExecutor(1, thread_name_prefix="hearing") as beside:
        hearing = beside.submit(articulate, samples, fusion)
        spans = spans_from(samples, speech_probability(samples), PAUSE_S)
        f0_hz = pitch_hz(samples)
        gain = opening_gain(samples, f0_hz, spans)
        found = hearing.result()
    # A frame's sound is centred half a frame after its index; the mouth is ahead of the sound.
    grid_s = grid_times(len(samples) / SPEECH_HZ)
    articulation, visemes = (
        _moved(curve, grid_s, MOUTH_LEAD_S - 0.5 / FRAMES_PER_S) for curve in (found.articulation, found.visemes)
    )
    phonemes = heard_phonemes(found.believed, spans)
    articulation = ndimage.gaussian_filter1d(articulation, HEARD_SMOOTHING_S * GRID_HZ, axis=0, mode="nearest")
    _reach_full_range(articulation, spans)
    _open_by_effort(articulation, gain)
    articulation, visemes = apply_rules(articulation, visemes, phonemes, spans)
    return HeardVoice(samples, spans, articulation, visemes, phonemes, f0_hz)


def mouth_track_without_clip(clip_name: str, audio: "Audio", times_s: np.ndarray) -> MouthTrack:
    """`mouth_track_from_audio` with the weights that were fitted without this clip (the shipped ones, where the clip
    shaped nothing): for honest scores."""
    return mouth_track_from_audio(audio, times_s, fusion=fold_fusion(clip_name))


def _moved(curve: np.ndarray, grid_s: np.ndarray, lead_s: float) -> np.ndarray:
    """(G, C): the curve read `lead_s` later, so that it comes that much earlier; held at its ends."""
    if not len(curve):
        return np.zeros((len(grid_s), curve.shape[1]), np.float32)
    position = np.clip((grid_s + lead_s) * FRAMES_PER_S, 0, len(curve) - 1)
    index = np.minimum(position.astype(int), max(0, len(curve) - 2))
    part = (position - index)[:, None].astype(np.float32)
    following = np.minimum(index + 1, len(curve) - 1)
    return (curve[index] * (1 - part) + curve[following] * part).astype(np.float32)


def _reach_full_range(articulation: np.ndarray, spans: Sequence[Span]) -> None:
    """Averaged beliefs move less than mouths: stretches openness and jaw to the range of real ones. In place."""
    spoken = spoken_frames(spans, len(articulation) * SPEECH_HZ // GRID_HZ)[: len(articulation)]
    if spoken.sum() < MIN_RANGE_FRAMES:
        return
    for articulator in (Articulator.OPENNESS, Articulator.JAW):
        column = articulation[:, ARTICULATORS.index(articulator)]
        low, high = np.percentile(column[: len(spoken)][spoken], RANGE_PERCENTILES)
        gain = min(MAX_RANGE_GAIN, (TYPICAL_RANGE[1] - TYPICAL_RANGE[0]) / max(float(high - low), 1e-3))
        column[:] = TYPICAL_RANGE[0] + gain * (column - low)


def _open_by_effort(articulation: np.ndarray, gain: np.ndarray) -> None:
    """Lips and jaw open further in a raised voice, less in a whisper. In place."""
    gain = np.pad(gain[: len(articulation)], (0, max(0, len(articulation) - len(gain))), constant_values=1.0)
    for articulator in (Articulator.OPENNESS, Articulator.JAW):
        articulation[:, ARTICULATORS.index(articulator)] *= gain


def _fit(values: np.ndarray, count: int) -> np.ndarray:
    """Pads with zeros or cuts to `count`."""
    return np.pad(values[:count], (0, max(0, count - len(values))))


def _at_frames(
    articulation: np.ndarray,
    visemes: np.ndarray,
    times_s: np.ndarray,
    prosody: Prosody,
    phonemes: Sequence[Phoneme],
    method: str,
) -> MouthTrack:
    """Reads the grid at frame times; before and after it the mouth rests."""
    position = np.clip(times_s * GRID_HZ, 0.0, len(articulation) - 1.001)
    index = position.astype(int)
    part = (position - index)[:, None].astype(np.float32)
    return MouthTrack(
        times_s=times_s,
        articulation=articulation[index] * (1 - part) + articulation[index + 1] * part,
        viseme_weights=visemes[index] * (1 - part) + visemes[index + 1] * part,
        prosody=prosody,
        phonemes=list(phonemes),
        method=method,
    )
