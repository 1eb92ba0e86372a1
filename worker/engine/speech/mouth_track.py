"""The seam between speech and motion: what the mouth does, and the prosody the head follows, at frame times."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from worker.engine.contracts import Span


class Viseme(StrEnum):
    """Classes of phonemes that look alike on the lips (many to one), after Fisher 1968 and the JALI set (2016)."""

    REST = "rest"
    PP = "pp"  # p b m: lips touch
    FF = "ff"  # f v: lower lip to upper teeth
    TH = "th"  # tongue between teeth
    DD = "dd"  # t d n l: tongue behind teeth
    SS = "ss"  # s z: teeth together
    SH = "sh"  # ʃ ʒ tʃ dʒ: teeth together, lips rounded
    KK = "kk"  # k g ŋ x h: tongue only
    RR = "rr"  # r: slight rounding
    AA = "aa"  # a ɑ: wide open
    EH = "eh"  # ɛ e æ ə ʌ: half open
    IY = "iy"  # i ɪ j: spread
    OH = "oh"  # o ɔ: rounded open
    UW = "uw"  # u ʊ w y: rounded narrow


VISEMES: tuple[Viseme, ...] = tuple(Viseme)


class Articulator(StrEnum):
    """What lips, jaw and tongue do, each roughly in [0, 1] for ordinary speech (width in [-1, 1])."""

    OPENNESS = "openness"  # inner-lip gap: 0 = touching, 1 = the speaker's wide vowel (95th percentile)
    JAW = "jaw"  # jaw drop: 0 = teeth together, 1 = as in a wide /a/
    WIDTH = "width"  # mouth corners: -1 = pursed, 0 = rest, +1 = spread
    PROTRUSION = "protrusion"  # lips pushed forward, as in /u/ and /ʃ/
    PRESS = "press"  # lips pressed together, as in /m/
    LIP_TUCK = "lip_tuck"  # lower lip drawn to the upper teeth, as in /f/
    UPPER_RAISE = "upper_raise"  # upper lip lifted, shows upper teeth
    LOWER_DROP = "lower_drop"  # lower lip drawn down, shows lower teeth
    TONGUE = "tongue"  # tongue tip visible: 0 = hidden low, 1 = at or between the teeth


ARTICULATORS: tuple[Articulator, ...] = tuple(Articulator)


@dataclass(frozen=True)
class Phoneme:
    """One speech sound.

    symbol: IPA in espeak-ng's spelling, without stress marks.
    stress: 0 none, 1 secondary, 2 primary.
    certainty: 1 where the sound is known; less where it was only heard. Rules bind as strongly as they are certain.
    """

    symbol: str
    start_s: float
    end_s: float
    stress: int = 0
    certainty: float = 1.0


@dataclass(frozen=True)
class Accent:
    """A stressed moment in the voice; `strength` in [0, 1]. Head nods and brow raises hang on these."""

    time_s: float
    strength: float


@dataclass(frozen=True)
class Prosody:
    """How the voice moves. Arrays are at the frame times of the track they travel with.

    energy: (T,) float32 in [0, 1], loudness relative to the speaker's own 95th percentile.
    f0_hz: (T,) float32, 0 where unvoiced.
    speech_spans: where somebody speaks (s); pauses of 0.4 s and more lie between them.
    """

    energy: np.ndarray
    f0_hz: np.ndarray
    accents: Sequence[Accent]
    speech_spans: Sequence[Span]


@dataclass(frozen=True)
class MouthTrack:
    """What the mouth does at each output frame.

    times_s: (T,) float64, presentation times of the frames, in seconds of the audio.
    articulation: (T, A) float32, columns in the order of `ARTICULATORS`.
    viseme_weights: (T, V) float32 in [0, 1], columns in the order of `VISEMES`, rows sum to 1.
    prosody: loudness, pitch, accents and speech spans.
    phonemes: exact or decoded phonemes when the method had them.
    method: "script" (exact times), "decoded" (recogniser), or "learned" (network).
    """

    times_s: np.ndarray
    articulation: np.ndarray
    viseme_weights: np.ndarray
    prosody: Prosody
    phonemes: Sequence[Phoneme] = field(default=())
    method: str = "learned"

    def __post_init__(self) -> None:
        frames = len(self.times_s)
        if self.articulation.shape != (frames, len(ARTICULATORS)):
            raise ValueError(f"articulation is {self.articulation.shape}, expected {(frames, len(ARTICULATORS))}")
        if self.viseme_weights.shape != (frames, len(VISEMES)):
            raise ValueError(f"viseme_weights is {self.viseme_weights.shape}, expected {(frames, len(VISEMES))}")

    def column(self, articulator: Articulator) -> np.ndarray:
        """(T,) values of one articulator."""
        return self.articulation[:, ARTICULATORS.index(articulator)]

    @property
    def openness(self) -> np.ndarray:
        return self.column(Articulator.OPENNESS)
