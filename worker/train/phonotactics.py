"""`python -m worker train phonotactics`: how often one phone follows another, counted in the recogniser's dictionary.

Counting takes half a second, each time somebody's first voice is heard; the 42 by 42 table takes none.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pocketsphinx

from worker.engine.speech.acoustics import FOLLOWERS, PHONES, acoustic_phones


def main(arguments: Sequence[str]) -> int:
    argparse.ArgumentParser(prog="train phonotactics", description=__doc__).parse_args(arguments)
    phones = acoustic_phones()
    np.savez(FOLLOWERS, phones=np.array(phones), followers=count_followers(phones).astype(np.float32))
    return 0


def count_followers(phones: tuple[str, ...]) -> np.ndarray:
    """(42, 42) probability that one phone follows another, across word ends too."""
    dictionary = Path(pocketsphinx.get_model_path("en-us")) / "cmudict-en-us.dict"
    index = {name: number for number, name in enumerate(phones)}
    silence = index["SIL"]
    counts = np.full((PHONES, PHONES), 0.3)
    for line in dictionary.read_text(encoding="utf-8").splitlines():
        word = [index[name] for name in line.split()[1:]]
        if not word:
            continue
        for pair in zip([silence, *word], [*word, silence], strict=True):
            counts[pair] += 0.3 if silence in pair else 1.0
    starts, ends = counts[silence] / counts[silence].sum(), counts[:, silence].copy()
    counts[:, silence] *= 0.3
    counts += 0.7 * np.outer(ends, starts)  # most words run into the next one
    for noise in ("+NSN+", "+SPN+"):
        counts[:, index[noise]] = 0.002 * counts.sum(1)
    return counts / counts.sum(1, keepdims=True)
