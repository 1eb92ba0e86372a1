"""What was learned: from a voice, through a recogniser's encoder and our mouth network, to articulation."""

import functools
import hashlib
import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from worker.engine.models.mouth_network import MouthNetwork
from worker.engine.speech.features import FRAMES_PER_FEATURE, Sound, network_features, sound_of
from worker.engine.speech.mouth_track import ARTICULATORS, VISEMES, Articulator
from worker.engine.speech.phones import PHONES
from worker.engine.speech.soft_articulation import Beliefs, beliefs, soft_articulation

MODELS = Path(__file__).resolve().parent.parent / "models"
WEIGHTS, FUSION = "mouth_network.npz", "mouth_fusion.json"
# Six seconds at a time, with one more on either side: the encoder learned from utterances, and memory stays flat.
WINDOW_FEATURES, MARGIN_FEATURES = 300, 50
# Brings the correction's features to about unit variance, so that ridge regression is equally strict with all.
ARTICULATION_SPREAD, VISEME_SPREAD = 0.2, 0.2
CORRECTION_FEATURES = len(ARTICULATORS) + len(VISEMES)
JAW_SHARE = 0.7  # of a change of the lips' opening


@dataclass(frozen=True)
class Fusion:
    """Openness = prior + corrections · `weights`; all other articulators are the prior's.

    weights: (23,) for the columns of `correction_features`.
    """

    weights: tuple[float, ...]


@dataclass(frozen=True)
class Heard:
    """What the network hears, every 10 ms; frame t is centred at (t + 0.5) / 100 s.

    articulation: (T, 9). visemes: (T, 14), phones: (T, 44); float32, rows of both sum to 1.
    """

    articulation: np.ndarray
    visemes: np.ndarray
    phones: np.ndarray


@dataclass(frozen=True)
class Articulated:
    """articulation (T, 9) and visemes (T, 14) every 10 ms as in `Heard`, and what is believed to be heard."""

    articulation: np.ndarray
    visemes: np.ndarray
    believed: Beliefs


@functools.lru_cache(maxsize=1)
def mouth_network() -> MouthNetwork:
    """The shipped network, checked against the digest in its model card."""
    data = (MODELS / WEIGHTS).read_bytes()
    card = json.loads((MODELS / "mouth_network.json").read_text(encoding="utf-8"))
    if hashlib.sha256(data).hexdigest() != card["sha256"]:
        raise RuntimeError(f"{WEIGHTS} is not the file its model card describes")
    with np.load(io.BytesIO(data)) as stored:
        return MouthNetwork.from_stored(dict(stored))


@functools.lru_cache(maxsize=1)
def _stored_fusions() -> dict[str, Fusion]:
    """The shipped fusion under "", and under each clip's name the one fitted without that clip."""
    stored = json.loads((MODELS / FUSION).read_text(encoding="utf-8"))
    folds = stored.pop("folds")
    return {name: _fusion(values) for name, values in {"": stored, **folds}.items()}


def _fusion(values: dict) -> Fusion:
    return Fusion(tuple(float(weight) for weight in values["weights"]))


def shipped_fusion() -> Fusion:
    return _stored_fusions()[""]


def fold_fusion(clip_name: str) -> Fusion | None:
    """The fusion fitted without this clip, where the clip shaped the shipped one; None for any other clip."""
    return _stored_fusions().get(clip_name) if clip_name else None


def hear_windows(sound: Sound) -> Iterator[Heard]:
    """What is heard in a recording, window after window; two at once, since the encoder leaves Python's lock alone."""
    firsts = range(0, sound.feature_count, WINDOW_FEATURES)
    with ThreadPoolExecutor(2, thread_name_prefix="hearing") as pool:
        yield from pool.map(lambda first: hear(sound, first, min(first + WINDOW_FEATURES, sound.feature_count)), firsts)


def hear(sound: Sound, first: int, last: int) -> Heard:
    """What is heard in the features `first` to `last` of a recording, two frames each."""
    start, stop = max(0, first - MARGIN_FEATURES), min(sound.feature_count, last + MARGIN_FEATURES)
    coarse = np.concatenate(mouth_network()(network_features(sound, start, stop)), axis=1)
    frames = np.arange((first - start) * FRAMES_PER_FEATURE, (last - start) * FRAMES_PER_FEATURE)
    at = np.clip((frames + 0.5) / FRAMES_PER_FEATURE - 0.5, 0, len(coarse) - 1)
    index = np.minimum(at.astype(int), max(0, len(coarse) - 2))
    part = (at - index)[:, None].astype(np.float32)
    fine = coarse[index] * (1 - part) + coarse[np.minimum(index + 1, len(coarse) - 1)] * part
    edges = np.cumsum([len(ARTICULATORS), len(VISEMES)])
    return Heard(*np.split(fine, edges, axis=1))


def heard_in(samples: np.ndarray) -> Heard:
    """What is heard in (N,) 16 kHz mono samples, the whole recording; empty below 20 ms."""
    windows = list(hear_windows(sound_of(samples)))
    widths = len(ARTICULATORS), len(VISEMES), len(PHONES)
    columns = [(window.articulation, window.visemes, window.phones) for window in windows]
    columns.append(tuple(np.zeros((0, width), np.float32) for width in widths))
    return Heard(*(np.concatenate(parts) for parts in zip(*columns, strict=True)))


def correction_features(heard: Heard) -> np.ndarray:
    """(T, 23) float32: the nine articulators and the visemes as the network sees them."""
    columns = [heard.articulation / ARTICULATION_SPREAD, heard.visemes / VISEME_SPREAD]
    return np.concatenate(columns, axis=1).astype(np.float32)


def articulate(samples: np.ndarray, fusion: Fusion | None = None) -> Articulated:
    """What the mouth does in (N,) 16 kHz mono samples, without lead; see `Heard` for the times of the frames."""
    heard = heard_in(samples)
    articulation = fuse(fusion or shipped_fusion(), prior_articulation(heard), correction_features(heard))
    _, visemes = soft_articulation(heard.phones)
    return Articulated(articulation, (visemes + heard.visemes) / 2, beliefs(heard.phones, heard.visemes))


def prior_articulation(heard: Heard) -> np.ndarray:
    """(T, A) float32: the mean of two unfitted estimates, the network's own and that of the phones it hears."""
    soft, _ = soft_articulation(heard.phones)
    return ((heard.articulation + soft) / 2).astype(np.float32)


def fuse(fusion: Fusion, prior: np.ndarray, features: np.ndarray) -> np.ndarray:
    """(T, A) float32: the prior, its openness corrected."""
    correction = features @ np.array(fusion.weights, np.float32)
    fused = prior.copy()
    fused[:, ARTICULATORS.index(Articulator.OPENNESS)] += correction
    # The jaw follows what the lips were taught.
    fused[:, ARTICULATORS.index(Articulator.JAW)] += JAW_SHARE * correction
    return fused
