"""The speech sounds the mouth network tells apart: 43 letters of the IPA and silence."""

import functools
from collections.abc import Sequence

import numpy as np

from worker.engine.models.mouth_network import PHONE_OUTPUTS
from worker.engine.speech.mouth_track import Phoneme
from worker.engine.speech.phonemes import base_letters, is_bilabial, is_labiodental, is_sibilant, is_vowel
from worker.engine.speech.visemes import REST, SHAPE_BY_LETTER, Shape, shapes_of

SILENCE = ""
# Those of English, and what is common elsewhere and looks or sounds different; others count as the nearest of these.
PHONES = (SILENCE, *"aɑɐɛeəæʌɚɪioɔuʊyøɯ", *"pbmfvθðtdnszʃʒlrɹkɡŋhjwɲx")
assert len(PHONES) == PHONE_OUTPUTS


@functools.lru_cache(maxsize=512)
def phone_of(letter: str) -> int:
    """Index into `PHONES` of a letter of the IPA: its own, or the sound that looks most like it."""
    if letter in PHONES:
        return PHONES.index(letter)
    own = shapes_of(letter)[0]
    return min(range(1, len(PHONES)), key=lambda index: _difference(own, letter, PHONES[index]))


def _difference(own: Shape, letter: str, other: str) -> tuple[bool, bool, bool, float]:
    kinds = (is_vowel, is_bilabial, is_labiodental, is_sibilant)
    shape = SHAPE_BY_LETTER[other]
    apart = np.abs(np.subtract(own.targets(), shape.targets())).sum()
    return (
        any(kind(letter) != kind(other) for kind in kinds),
        own.viseme is not shape.viseme,
        own.dominances() != shape.dominances(),
        float(apart),
    )


def phones_at(phonemes: Sequence[Phoneme], times_s: np.ndarray) -> np.ndarray:
    """(T,) int8 indices into `PHONES` at `times_s`: each letter of a sound in turn; silence between sounds."""
    found = np.zeros(len(times_s), np.int8)
    for phoneme in phonemes:
        letters = [letter for letter in base_letters(phoneme.symbol) if letter in SHAPE_BY_LETTER]
        edges = np.linspace(phoneme.start_s, phoneme.end_s, len(letters) + 1)
        for letter, start_s, end_s in zip(letters, edges[:-1], edges[1:], strict=True):
            found[np.searchsorted(times_s, start_s) : np.searchsorted(times_s, end_s)] = phone_of(letter)
    return found


@functools.lru_cache(maxsize=1)
def phone_shapes() -> tuple[Shape, ...]:
    """The mouth shape of each of `PHONES`."""
    return tuple(SHAPE_BY_LETTER[phone] if phone else REST for phone in PHONES)
