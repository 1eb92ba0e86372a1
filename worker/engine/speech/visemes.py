"""What each speech sound asks of lips, jaw and tongue, for the letters espeak-ng uses in its languages.

Shapes follow Fisher (1968), Cohen & Massaro (1993) and JALI (2016): one target per articulator, and a dominance that
says how strongly the sound insists on it. A tongue-only sound (k, t, n) insists on nothing the lips do.
"""

from dataclasses import dataclass, replace
from itertools import zip_longest

from worker.engine.speech.mouth_track import Viseme
from worker.engine.speech.phonemes import base_letters


@dataclass(frozen=True)
class Shape:
    """Targets per articulator (units of `Articulator`) and dominances in [0, 1] for four groups of them."""

    viseme: Viseme
    openness: float
    jaw: float
    width: float = 0.0
    protrusion: float = 0.0
    press: float = 0.0
    lip_tuck: float = 0.0
    upper_raise: float = 0.0
    lower_drop: float = 0.0
    tongue: float = 0.0
    opening_dominance: float = 1.0  # openness, jaw, upper_raise, lower_drop
    rounding_dominance: float = 1.0  # width, protrusion
    contact_dominance: float = 1.0  # press, lip_tuck
    tongue_dominance: float = 0.6

    def targets(self) -> tuple[float, ...]:
        """In the order of `ARTICULATORS`."""
        opening = (self.openness, self.jaw, self.width, self.protrusion, self.press)
        return (*opening, self.lip_tuck, self.upper_raise, self.lower_drop, self.tongue)

    def dominances(self) -> tuple[float, ...]:
        """One per articulator, in the order of `ARTICULATORS`."""
        opening, rounding = self.opening_dominance, self.rounding_dominance
        contact = self.contact_dominance
        return (opening, opening, rounding, rounding, contact, contact, opening, opening, self.tongue_dominance)


REST = Shape(Viseme.REST, 0.0, 0.0)


def _vowel(viseme: Viseme, openness: float, jaw: float, width: float, protrusion: float = 0.0) -> Shape:
    spread = max(width, 0.0)
    return Shape(
        viseme, openness, jaw, width, protrusion,
        upper_raise=0.15 * openness + 0.2 * spread,
        lower_drop=0.25 * openness + 0.2 * spread,
        tongue=0.15 if viseme in (Viseme.IY, Viseme.EH) else 0.0,
        rounding_dominance=1.0 if abs(width) + protrusion > 0.3 else 0.6,
    )  # fmt: skip


_LIPS_TOUCH = Shape(Viseme.PP, 0.0, 0.12, 0.0, 0.05, press=0.8, rounding_dominance=0.15)
_LIP_TO_TEETH = Shape(
    Viseme.FF, 0.07, 0.15, 0.1, 0.0, lip_tuck=1.0, upper_raise=0.3, opening_dominance=0.95, rounding_dominance=0.3
)
_TONGUE_OUT = Shape(
    Viseme.TH, 0.25, 0.22, 0.1, tongue=1.0, lower_drop=0.2, opening_dominance=0.6, rounding_dominance=0.2,
    tongue_dominance=1.0,
)  # fmt: skip
_TONGUE_TIP = Shape(
    Viseme.DD, 0.22, 0.18, 0.1, tongue=0.6, lower_drop=0.1, opening_dominance=0.35, rounding_dominance=0.1,
    contact_dominance=0.6, tongue_dominance=0.9,
)  # fmt: skip
_HISS = Shape(
    Viseme.SS, 0.17, 0.08, 0.35, upper_raise=0.25, lower_drop=0.4, tongue=0.3, opening_dominance=0.8,
    rounding_dominance=0.4, tongue_dominance=0.7,
)  # fmt: skip
_HUSH = Shape(
    Viseme.SH, 0.22, 0.1, -0.35, 0.65, upper_raise=0.3, lower_drop=0.4, tongue=0.2, opening_dominance=0.8,
    rounding_dominance=0.9, tongue_dominance=0.7,
)  # fmt: skip
_TONGUE_BACK = Shape(Viseme.KK, 0.28, 0.28, 0.05, opening_dominance=0.2, rounding_dominance=0.08, contact_dominance=0.6)
_BREATH = replace(_TONGUE_BACK, opening_dominance=0.05, rounding_dominance=0.02, contact_dominance=0.5)
_R_ROUND = Shape(Viseme.RR, 0.26, 0.22, -0.25, 0.45, tongue=0.1, opening_dominance=0.55, rounding_dominance=0.6)
_GLIDE_W = Shape(Viseme.UW, 0.10, 0.14, -0.9, 1.0, opening_dominance=0.95)
_GLIDE_J = Shape(Viseme.IY, 0.25, 0.18, 0.5, tongue=0.2, opening_dominance=0.5, rounding_dominance=0.7)

_V = Viseme
SHAPE_BY_LETTER: dict[str, Shape] = {
    **{"ɑ": _vowel(_V.AA, 1.0, 1.0, 0.0), "a": _vowel(_V.AA, 0.95, 0.92, 0.15), "ɐ": _vowel(_V.AA, 0.7, 0.62, 0.05)},
    **{"ɒ": _vowel(_V.OH, 0.7, 0.75, -0.3, 0.4), "æ": _vowel(_V.EH, 0.85, 0.75, 0.4)},
    **{
        "ʌ": _vowel(_V.EH, 0.66, 0.6, 0.05),
        "ə": _vowel(_V.EH, 0.4, 0.33, 0.0),
        "ɜ": _vowel(_V.EH, 0.45, 0.4, -0.1, 0.15),
    },
    **{"ɚ": _vowel(_V.RR, 0.36, 0.32, -0.2, 0.3), "ɝ": _vowel(_V.RR, 0.4, 0.36, -0.2, 0.3)},
    **{
        "ɘ": _vowel(_V.EH, 0.42, 0.36, 0.1),
        "ɞ": _vowel(_V.EH, 0.5, 0.45, -0.2, 0.2),
        "ᵊ": _vowel(_V.EH, 0.35, 0.3, 0.0),
    },
    **{"ɛ": _vowel(_V.EH, 0.6, 0.5, 0.4), "e": _vowel(_V.EH, 0.46, 0.38, 0.55)},
    **{"ɪ": _vowel(_V.IY, 0.36, 0.28, 0.45), "i": _vowel(_V.IY, 0.3, 0.2, 0.75), "ɨ": _vowel(_V.IY, 0.3, 0.22, 0.3)},
    **{"ᵻ": _vowel(_V.IY, 0.33, 0.26, 0.35), "ɯ": _vowel(_V.IY, 0.28, 0.22, 0.3), "ɤ": _vowel(_V.EH, 0.4, 0.38, 0.1)},
    **{"o": _vowel(_V.OH, 0.42, 0.42, -0.55, 0.65), "ɔ": _vowel(_V.OH, 0.6, 0.6, -0.4, 0.5)},
    **{"ɵ": _vowel(_V.OH, 0.36, 0.34, -0.4, 0.5), "ɶ": _vowel(_V.OH, 0.6, 0.6, -0.25, 0.4)},
    **{"u": _vowel(_V.UW, 0.2, 0.2, -0.8, 0.9), "ʊ": _vowel(_V.UW, 0.3, 0.28, -0.5, 0.6)},
    **{"y": _vowel(_V.UW, 0.2, 0.17, -0.65, 0.85), "ʏ": _vowel(_V.UW, 0.28, 0.24, -0.45, 0.6)},
    **{"ʉ": _vowel(_V.UW, 0.22, 0.2, -0.6, 0.75), "ø": _vowel(_V.OH, 0.34, 0.32, -0.5, 0.7)},
    **{"œ": _vowel(_V.OH, 0.45, 0.42, -0.35, 0.55)},
    **dict.fromkeys("pbmʙɓ", _LIPS_TOUCH),
    **dict.fromkeys("ɸβ", replace(_LIPS_TOUCH, openness=0.08, press=0.25)),
    **dict.fromkeys("fvɱⱱ", _LIP_TO_TEETH),
    "ʋ": replace(_LIP_TO_TEETH, openness=0.12, lip_tuck=0.7, opening_dominance=0.8),
    **dict.fromkeys("θð", _TONGUE_OUT),
    **dict.fromkeys("tdnʈɖɳɗɲɟcʄ", _TONGUE_TIP),
    **dict.fromkeys("lɫɭʎʟɺɮ", replace(_TONGUE_TIP, openness=0.3, jaw=0.25, tongue=0.85)),
    **dict.fromkeys("rɾɽ", replace(_TONGUE_TIP, openness=0.28, jaw=0.22, tongue=0.7)),
    **dict.fromkeys("szɬ", _HISS),
    **dict.fromkeys("ʃʒ", _HUSH),
    **dict.fromkeys("ʂʐ", replace(_HUSH, width=-0.2, protrusion=0.4)),
    **dict.fromkeys("ɕʑ", replace(_HUSH, width=0.1, protrusion=0.25)),
    **dict.fromkeys("kgɡŋxɣχʁqɢɴɰʀɠħʕʢʡɧ", _TONGUE_BACK),
    "ç": replace(_TONGUE_BACK, width=0.35, openness=0.25, jaw=0.2, opening_dominance=0.4, rounding_dominance=0.4),
    "ʝ": replace(_TONGUE_BACK, width=0.35, openness=0.25, jaw=0.2, opening_dominance=0.4, rounding_dominance=0.4),
    **dict.fromkeys("hɦʔ", _BREATH),
    **dict.fromkeys("ɹɻ", _R_ROUND),
    **dict.fromkeys("wʍ", _GLIDE_W),
    "ɥ": replace(_GLIDE_W, width=-0.6, protrusion=0.85),
    "j": _GLIDE_J,
}
# espeak and Piper write these in plain ASCII, or look-alikes, in a few languages.
_SPELT_AS = {
    "A": "ɑ",
    "E": "ɛ",
    "I": "ɪ",
    "O": "ɔ",
    "U": "ʊ",
    "S": "ʃ",
    "Z": "ʒ",
    "N": "ŋ",
    "R": "ʁ",
    "ɩ": "ɪ",
    "ε": "ɛ",
}
SHAPE_BY_LETTER |= {letter: SHAPE_BY_LETTER[meant] for letter, meant in _SPELT_AS.items()}

VISEME_BY_PHONEME: dict[str, Viseme] = {letter: shape.viseme for letter, shape in SHAPE_BY_LETTER.items()}
_STOPS, _FRICATIVES = frozenset("tdʈɖckgɡ"), frozenset("szʃʒɕʑʂʐxɬç")


def shapes_of(symbol: str) -> list[Shape]:
    """The shapes a sound passes through, in order: one for most, two for diphthongs, the friction for affricates.

    Sounds with no letter we know (clicks, tones) ask for nothing and come back as a breath.
    """
    letters = [letter for letter in base_letters(symbol) if letter in SHAPE_BY_LETTER]
    letters = [
        letter
        for letter, following in zip_longest(letters, letters[1:])
        if not (letter in _STOPS and following in _FRICATIVES)
    ]
    shapes = [SHAPE_BY_LETTER[letter] for letter in letters]
    if "ʷ" in symbol and shapes:
        shapes[-1] = replace(shapes[-1], width=-0.6, protrusion=0.8, rounding_dominance=0.9)
    return shapes or [_BREATH]
