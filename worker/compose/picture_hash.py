"""A fingerprint of how a picture looks: copies that were scaled or compressed again have nearly the same one.

The signs of a picture's lowest frequencies, as in C. Zauner, *Implementation and Benchmarking of Perceptual Image Hash
Functions* (2010), here with 128 of them. Says nothing about who is shown, and the picture cannot be drawn from it.
"""

from functools import lru_cache

import cv2
import numpy as np

HASH_BITS = 128
_SIDE_PX = 64


def picture_hash(rgb: np.ndarray) -> str:
    """HASH_BITS bits as hex, of an (H, W, 3) uint8 RGB picture of any size."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_AREA).astype(np.float32)
    rows, columns = _lowest()
    lowest = cv2.dct(small)[rows, columns]
    bits = lowest > np.median(lowest)
    return f"{int(''.join('1' if bit else '0' for bit in bits), 2):0{HASH_BITS // 4}x}"


@lru_cache(maxsize=1)
def _lowest() -> tuple[np.ndarray, np.ndarray]:
    """Where the HASH_BITS lowest frequencies lie, without the mean."""
    rows, columns = np.mgrid[:_SIDE_PX, :_SIDE_PX]
    order = np.lexsort((columns.ravel(), rows.ravel(), (rows + columns).ravel()))[1 : HASH_BITS + 1]
    return rows.ravel()[order], columns.ravel()[order]
