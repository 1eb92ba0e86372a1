"""Speech sounds: IPA letters by class, ARPABET ↔ IPA."""

import unicodedata

# What a letter carries without being a sound: length, tone, phonation, release.
DIACRITICS = frozenset("?ːˑʲʷˠˤʰʱˈˌ‿͡|.-'\"^_~*0123456789ˀ˞ˢⁿˡ˥˦˧˨˩→↗↘↑↓")
VOWELS = frozenset("aɑɒæɐʌəɜɚɝɛeɪiɨɯɤoɔʊuyøœɵʉʏɘɞɶᵻᵊ")
BILABIALS = frozenset("pbmʙɓ")
LABIODENTALS = frozenset("fvɱʋⱱ")
SIBILANTS = frozenset("szʃʒɕʑʂʐ")
ROUNDED = frozenset("uʊwyøœoɔɒɵʉʏʃʒɥʍɹɻ")
GLOTTALS = frozenset("hʔɦ")

IPA_BY_ARPABET = {
    **{"AA": "ɑ", "AE": "æ", "AH": "ʌ", "AO": "ɔ", "AW": "aʊ", "AY": "aɪ", "B": "b", "CH": "tʃ", "D": "d", "DH": "ð"},
    **{"EH": "ɛ", "ER": "ɚ", "EY": "eɪ", "F": "f", "G": "ɡ", "HH": "h", "IH": "ɪ", "IY": "i", "JH": "dʒ", "K": "k"},
    **{"L": "l", "M": "m", "N": "n", "NG": "ŋ", "OW": "oʊ", "OY": "ɔɪ", "P": "p", "R": "ɹ", "S": "s", "SH": "ʃ"},
    **{"T": "t", "TH": "θ", "UH": "ʊ", "UW": "u", "V": "v", "W": "w", "Y": "j", "Z": "z", "ZH": "ʒ"},
}


def base_letters(symbol: str) -> str:
    """The sounds in an IPA symbol without marks: "tʃʰ" → "tʃ", "ãː" → "a", "aɪ" → "aɪ"."""
    decomposed = unicodedata.normalize("NFD", symbol)
    return "".join(letter for letter in decomposed if letter not in DIACRITICS and not unicodedata.combining(letter))


def is_vowel(symbol: str) -> bool:
    """Whether the symbol's first sound is a vowel."""
    return base_letters(symbol)[:1] in VOWELS


def is_bilabial(symbol: str) -> bool:
    """Whether the lips must touch: p, b, m in any spelling, alone or as the first part of pf, mb, kp…"""
    return any(letter in BILABIALS for letter in base_letters(symbol))


def is_labiodental(symbol: str) -> bool:
    letters = base_letters(symbol)
    return any(letter in LABIODENTALS for letter in letters) and not is_bilabial(symbol)


def is_sibilant(symbol: str) -> bool:
    return any(letter in SIBILANTS for letter in base_letters(symbol))


def ipa_from_arpabet(symbol: str) -> tuple[str, int]:
    """("AE1") → ("æ", stress 2). Stress digits: 1 primary, 2 secondary. Unknown symbols come back as "" (no sound)."""
    digit = symbol[-1:] if symbol[-1:].isdigit() else ""
    ipa = IPA_BY_ARPABET.get(symbol.rstrip("012").upper(), "")
    if digit == "0" and ipa == "ʌ":
        ipa = "ə"
    return ipa, {"1": 2, "2": 1}.get(digit, 0)
