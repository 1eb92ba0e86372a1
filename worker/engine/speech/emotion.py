"""Which emotion a voice proposes, from how it moves: an honest heuristic, meant as a suggestion a creator overrides.

What people do with their voices (Scherer 2003; Juslin & Laukka 2003, a meta-analysis of 104 studies): anger is loud,
bright, fast, with steep changes; happiness high, wide, bright and fast; sadness low, narrow, dull and slow with
pauses; surprise high with a very wide range; calm speech is even and soft. Without knowing the speaker, level and range
are judged against people in general, so the scores stay near each other unless a voice is clear about it.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import signal

from worker.engine.contracts import Emotion, Span
from worker.engine.speech.detection import speech_spans
from worker.engine.speech.prosody import loudness, pitch_hz
from worker.engine.speech.waveform import LEVEL_HZ, SPEECH_HZ, speech_samples

if TYPE_CHECKING:
    from worker.engine.media.audio import Audio

PROPOSED = (Emotion.CALM, Emotion.HAPPY, Emotion.SAD, Emotion.ANGRY, Emotion.SURPRISED)
MIN_SPEECH_S = 0.8
MAX_LISTENED_S = 60.0
_SHARPNESS = 1.1

# Ordinary read speech, (middle, spread), after synthetic voices in their own manner and the GRID corpus: half the
# pitch's range in semitones; its height in semitones against what is usual for low and for high voices; syllables per
# second; level above 1 kHz against below in dB; share of pauses; how suddenly it gets louder.
_USUAL = {
    "range": (3.6, 1.6),
    "height": (-0.5, 3.5),
    "rate": (3.9, 0.7),
    "brightness": (-9.5, 4.5),
    "pauses": (0.08, 0.12),
    "attack": (0.085, 0.02),
}
# How each emotion leans on each trait, after the meta-analysis' directions.
_LEANINGS = {
    Emotion.CALM: {"range": -0.5, "height": -0.2, "rate": -0.3, "brightness": -0.5, "attack": -0.6},
    Emotion.HAPPY: {"range": 0.7, "height": 0.5, "rate": 0.4, "brightness": 0.3, "attack": 0.2},
    Emotion.SAD: {"range": -0.8, "height": -0.4, "rate": -0.9, "brightness": -0.6, "pauses": 0.4, "attack": -0.3},
    Emotion.ANGRY: {"range": 0.1, "height": 0.3, "rate": 0.4, "brightness": 0.9, "pauses": -0.2, "attack": 0.8},
    Emotion.SURPRISED: {"range": 0.7, "height": 0.9, "rate": -0.1, "brightness": 0.1},
}
# How common each is before a word is heard: most speech is ordinary, surprise hardly lasts for a whole recording.
_COMMON = {Emotion.CALM: 0.6, Emotion.HAPPY: 0.2, Emotion.SAD: -0.2, Emotion.ANGRY: -0.2, Emotion.SURPRISED: -0.8}


@dataclass(frozen=True)
class EmotionProposal:
    """scores: a share in [0, 1] per emotion, adding up to 1. intensity: how clear the source is about it, in [0, 1].

    source: "voice" or, of a script, "words".
    """

    emotion: Emotion
    intensity: float
    scores: dict[Emotion, float]
    source: str = "voice"

    def as_json(self) -> dict[str, object]:
        return {
            "emotion": self.emotion.value,
            "intensity": round(self.intensity, 2),
            "source": self.source,
            "scores": {emotion.value: round(score, 3) for emotion, score in self.scores.items()},
        }


def propose_emotion(audio: "Audio", spans: list[Span] | None = None) -> EmotionProposal | None:
    """What the voice sounds like; None when too little is spoken to tell. `spans`: where, when known already."""
    samples = speech_samples(audio)[: int(MAX_LISTENED_S * SPEECH_HZ)]
    spans = speech_spans(audio) if spans is None else spans
    traits = voice_traits(samples, [span for span in spans if span.start_s < len(samples) / SPEECH_HZ])
    if traits is None:
        return None
    away = {
        name: float(np.clip((traits[name] - middle) / spread, -2.0, 2.0)) for name, (middle, spread) in _USUAL.items()
    }
    sums = {
        emotion: sum(weight * away[name] for name, weight in leaning.items()) for emotion, leaning in _LEANINGS.items()
    }
    powers = np.exp(_SHARPNESS * np.array([sums[emotion] + _COMMON[emotion] for emotion in PROPOSED]))
    shares = powers / powers.sum()
    best = int(shares.argmax())
    clear = float(np.clip((shares[best] - 1 / len(PROPOSED)) / (1 - 1 / len(PROPOSED)), 0, 1))
    scores = {emotion: float(share) for emotion, share in zip(PROPOSED, shares, strict=True)}
    return EmotionProposal(PROPOSED[best], 0.3 + 0.6 * clear, scores)


def voice_traits(samples: np.ndarray, spans: list[Span]) -> dict[str, float] | None:
    """The traits of `_USUAL`, measured; None with less than 0.8 s of speech or hardly any voiced sound."""
    spoken_s = sum(span.duration_s for span in spans)
    if spoken_s < MIN_SPEECH_S:
        return None
    f0_hz, loud = pitch_hz(samples), loudness(samples, spans)
    inside = np.zeros(len(f0_hz), bool)
    for span in spans:
        inside[int(span.start_s * LEVEL_HZ) : int(np.ceil(span.end_s * LEVEL_HZ))] = True
    voiced = f0_hz[inside & (f0_hz > 0)]
    if len(voiced) < 0.25 * LEVEL_HZ:
        return None
    semitones = 12 * np.log2(voiced / np.median(voiced))
    middle_hz = float(np.median(voiced))
    presumed_hz = 120.0 if middle_hz < 160 else 205.0
    reach_s = max(spans[-1].end_s - spans[0].start_s, spoken_s)
    return {
        # the middle half only: pitch trackers jump octaves, above all at the ends of phrases
        "range": float(np.percentile(semitones, 75) - np.percentile(semitones, 25)),
        "height": 12 * float(np.log2(middle_hz / presumed_hz)),
        "rate": _syllables(loud[inside]) / spoken_s,
        "brightness": _brightness_db(samples, inside),
        "pauses": 1 - spoken_s / reach_s,
        "attack": float(np.percentile(np.maximum(np.diff(loud[inside], n=1), 0), 95)),
    }


def _syllables(loud: np.ndarray) -> int:
    """Peaks of loudness that stand out and are at least 0.1 s apart."""
    smooth = np.convolve(loud, np.hanning(9) / np.hanning(9).sum(), mode="same")
    return len(signal.find_peaks(smooth, prominence=0.08, distance=round(0.1 * LEVEL_HZ))[0])


def _brightness_db(samples: np.ndarray, inside: np.ndarray) -> float:
    """Level of 1-5 kHz against 80-1000 Hz in speech, in dB."""
    spoken = np.repeat(inside, SPEECH_HZ // LEVEL_HZ)[: len(samples)]
    frequencies, power = signal.welch(samples[: len(spoken)][spoken], SPEECH_HZ, nperseg=1024)
    low = power[(frequencies >= 80) & (frequencies < 1000)].sum()
    high = power[(frequencies >= 1000) & (frequencies < 5000)].sum()
    return float(10 * np.log10(max(high, 1e-12) / max(low, 1e-12)))
