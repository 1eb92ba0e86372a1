"""How a render id becomes 320 signs that noise may damage badly: CRC-24, then a convolutional code of rate 1/4.

The code has constraint length 9 and the generators 463, 535, 733, 745 (octal), free distance 24 (J. Proakis, *Digital
Communications*, table of maximum free distance codes). It starts and ends in state 0. Decoding is Viterbi's over soft
values. The CRC is OpenPGP's (RFC 4880, section 6.1): of 16.7 million random readings one passes.
"""

from functools import lru_cache

import numpy as np

ID_BITS = 48
CRC_BITS = 24
MEMORY = 8
GENERATORS = (0o463, 0o535, 0o733, 0o745)
CODE_BITS = (ID_BITS + CRC_BITS + MEMORY) * len(GENERATORS)

_CRC_START = 0xB704CE
_CRC_POLYNOMIAL = 0x1864CFB


def crc24(data: bytes) -> int:
    """OpenPGP's checksum, 0 to 2²⁴ − 1."""
    crc = _CRC_START
    for byte in data:
        crc ^= byte << 16
        for _ in range(8):
            crc <<= 1
            if crc & 0x1000000:
                crc ^= _CRC_POLYNOMIAL
    return crc


def encode(number: int) -> np.ndarray:
    """(CODE_BITS,) int8 of −1 and +1 for a number of ID_BITS bits.

    Raises ValueError for numbers that do not fit.
    """
    if not 0 <= number < 1 << ID_BITS:
        raise ValueError(f"{number} does not fit into {ID_BITS} bits")
    data = number.to_bytes(ID_BITS // 8, "big")
    message = int.from_bytes(data + crc24(data).to_bytes(CRC_BITS // 8, "big"), "big")
    register, signs = 0, []
    for place in reversed(range(-MEMORY, ID_BITS + CRC_BITS)):
        bit = (message >> place) & 1 if place >= 0 else 0
        register = (register >> 1) | (bit << MEMORY)
        signs += [1 - 2 * ((register & generator).bit_count() & 1) for generator in GENERATORS]
    return np.array(signs, np.int8)


def decode(soft: np.ndarray) -> int | None:
    """The number whose signs fit (CODE_BITS,) soft values best (positive: +1; any scale); None if its CRC is wrong."""
    if soft.shape != (CODE_BITS,):
        raise ValueError(f"expected {(CODE_BITS,)}, got {soft.shape}")
    before, bits, signs = _trellis()
    states = 1 << MEMORY
    score = np.full(states, -np.inf)
    score[0] = 0.0
    choices = np.empty((CODE_BITS // len(GENERATORS), states), np.intp)
    for step, values in enumerate(soft.reshape(-1, len(GENERATORS)).astype(np.float64)):
        reached = score[before] + signs @ values  # (states, 2): through each of the two states before
        best = reached.argmax(axis=1)
        choices[step] = before[np.arange(states), best]
        score = reached[np.arange(states), best]
    state, message = 0, 0
    for step in reversed(range(len(choices))):
        if step < ID_BITS + CRC_BITS:
            message |= int(bits[state]) << (ID_BITS + CRC_BITS - 1 - step)
        state = int(choices[step, state])
    number = message >> CRC_BITS
    sound = crc24(number.to_bytes(ID_BITS // 8, "big")) == message & ((1 << CRC_BITS) - 1)
    return number if sound else None


@lru_cache(maxsize=1)
def _trellis() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Per state: the two states before it (S, 2), the bit that led here (S,), the signs sent on the way (S, 2, 4)."""
    states = 1 << MEMORY
    before = np.empty((states, 2), np.intp)
    bits = np.empty(states, np.int8)
    signs = np.empty((states, 2, len(GENERATORS)))
    for state in range(states):  # a state is the register without its oldest bit
        bits[state] = state >> (MEMORY - 1)
        for oldest in (0, 1):
            register = (state << 1) | oldest
            before[state, oldest] = register & (states - 1)
            signs[state, oldest] = [1 - 2 * ((register & generator).bit_count() & 1) for generator in GENERATORS]
    return before, bits, signs
