"""Voice → mouth track: from exact phonemes (scripts) or from sound alone (recordings)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from worker.engine.speech.coarticulation import (
    GRID_HZ,
    MOUTH_LEAD_S,
    coarticulate,
    grid_times,
    shape_spans,
    speaking_spans,
)
from worker.engine.speech.decoding import decode_phonemes
from worker.engine.speech.detection import spans_from, speech_probability
from worker.engine.speech.mouth_track import MouthTrack, Phoneme, Prosody
from worker.engine.speech.prosody import analyse_prosody, loudness
from worker.engine.speech.rules import PAUSE_S, apply_rules
from worker.engine.speech.waveform import SPEECH_HZ, speech_samples

if TYPE_CHECKING:
    from worker.engine.media.audio import Audio


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
    articulation, visemes = apply_rules(articulation, visemes, phonemes, spans)
    prosody = analyse_prosody(audio, times_s, spans, phonemes)
    return _at_frames(articulation, visemes, times_s, prosody, phonemes, "script")


def mouth_track_from_audio(audio: "Audio", times_s: np.ndarray) -> MouthTrack:
    """The mouth for a recording in any language, from its sound alone.

    Args:
        audio: the voice.
        times_s: (T,) output frame times in seconds, increasing, any spacing.

    Without speech the track is a closed, still mouth (callers refuse such audio in the preflight).
    """
    times_s = np.asarray(times_s, np.float64)
    samples = speech_samples(audio)
    probability = speech_probability(samples)
    spans = spans_from(samples, probability, PAUSE_S)
    phonemes = decode_phonemes(samples, spans)
    grid_s = grid_times(len(samples) / SPEECH_HZ)
    loud = _fit(loudness(samples, spans), len(grid_s))
    articulation, visemes = coarticulate(shape_spans(phonemes, loud), grid_s, lead_s=MOUTH_LEAD_S)
    articulation, visemes = apply_rules(articulation, visemes, phonemes, spans)
    prosody = analyse_prosody(audio, times_s, spans)
    return _at_frames(articulation, visemes, times_s, prosody, phonemes, "decoded")


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
