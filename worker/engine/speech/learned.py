"""What was learned on top of the phone posteriors: the mouth network, and its fusion with the coarticulated phones."""

import functools
import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage

from worker.engine.models.mouth_network import MouthNetwork
from worker.engine.speech.acoustics import PHONES, STATES, HeardPhones, hear, state_shapes
from worker.engine.speech.features import FRAMES_PER_FEATURE, MEL_BANDS, network_features, sound_features
from worker.engine.speech.mouth_track import ARTICULATORS, VISEMES, Articulator
from worker.engine.speech.soft_articulation import (
    INSTANT_SMOOTHING_FRAMES,
    Beliefs,
    beliefs,
    instant_openness,
    phone_memberships,
    soft_articulation,
)

MODELS = Path(__file__).resolve().parent.parent / "models"
WEIGHTS, FUSION = "mouth_network.npz", "mouth_fusion.json"
# Recordings are heard in windows of half a minute, with so much more on either side that nothing hangs on the borders.
WINDOW_FRAMES, MARGIN_FRAMES = 3000, 200
# Features of the correction, brought to about unit variance, so that ridge regression is equally strict with all.
NETWORK_SPREAD, WANTED_SPREAD = 0.2, 0.12
MEMBERSHIP_SPREAD, INSTANT_SPREAD = 0.11, 0.047  # standard deviations of shares of 42 phones in speech
BAND_SHIFTS = (-6, 0, 6)  # frames of 10 ms
BAND_SMOOTHING_FRAMES, BAND_SPREAD = 2.0, 0.47
MOUTH_FEATURES = 2 * len(ARTICULATORS)
SOUND_FEATURES = 2 * PHONES + len(BAND_SHIFTS) * MEL_BANDS // 2
JAW_SHARE = 0.7  # of a change of the lips' opening


@dataclass(frozen=True)
class Fusion:
    """Openness = prior + corrections · `weights`; all other articulators are the prior of `prior_articulation`.

    weights: (18 + 120,) for the columns of `correction_features`.
    """

    weights: tuple[float, ...]


@dataclass(frozen=True)
class Articulated:
    """articulation (T, A) and visemes (T, V) of phones and network together, what is believed to be heard, and the
    method as in `MouthTrack`."""

    articulation: np.ndarray
    visemes: np.ndarray
    believed: Beliefs
    method: str


@functools.lru_cache(maxsize=1)
def mouth_network() -> MouthNetwork | None:
    """The shipped network, checked against the digest in its model card; None where no weights were shipped."""
    path, card = MODELS / WEIGHTS, MODELS / "mouth_network.json"
    if not path.is_file() or not card.is_file():
        return None
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != json.loads(card.read_text(encoding="utf-8"))["sha256"]:
        raise RuntimeError(f"{WEIGHTS} is not the file its model card describes")
    with np.load(io.BytesIO(data)) as stored:
        return MouthNetwork.from_stored(dict(stored))


@functools.lru_cache(maxsize=1)
def _stored_fusions() -> dict[str, Fusion]:
    """The shipped fusion under "", and under each clip's name the one fitted without that clip."""
    path = MODELS / FUSION
    if not path.is_file():
        return {}
    stored = json.loads(path.read_text(encoding="utf-8"))
    folds = stored.pop("folds")
    return {name: _fusion(values) for name, values in {"": stored, **folds}.items()}


def _fusion(values: dict) -> Fusion:
    return Fusion(tuple(float(weight) for weight in values["weights"]))


def shipped_fusion() -> Fusion | None:
    return _stored_fusions().get("")


def fold_fusion(clip_name: str) -> Fusion | None:
    """The fusion fitted without this clip, where the clip shaped the shipped one; None for any other clip."""
    return _stored_fusions().get(clip_name) if clip_name else None


def network_outputs(heard: HeardPhones, sound: np.ndarray, network: MouthNetwork) -> np.ndarray:
    """(T, 9 + 14) at the frames heard: articulation and viseme shares. sound: (T, 25) of `sound_features`."""
    if len(sound) < 2 * FRAMES_PER_FEATURE:
        return np.zeros((len(sound), len(ARTICULATORS) + len(VISEMES)), np.float32)
    articulation, visemes, _ = network(network_features(heard, sound))
    coarse = np.concatenate([articulation, visemes], axis=1)
    # Feature k averages frames 2k and 2k + 1.
    at = np.clip((np.arange(len(sound)) - (FRAMES_PER_FEATURE - 1) / 2) / FRAMES_PER_FEATURE, 0, len(coarse) - 1)
    index = np.minimum(at.astype(int), len(coarse) - 2)
    part = (at - index)[:, None].astype(np.float32)
    return coarse[index] * (1 - part) + coarse[index + 1] * part


def correction_features(heard: HeardPhones, sound: np.ndarray, network: np.ndarray) -> np.ndarray:
    """(T, 18 + 120) float32. First what is about mouths: the nine articulators as the network sees them, and as each
    moment's own sound asks for them. Then what is about sounds: which phones govern the lips with and without their
    context, and twelve mel bands before, at and after each frame.

    Args:
        sound: (T, 25) of `sound_features`.
        network: (T, 9) articulation of the network.
    """
    frames = len(sound)
    if not frames:
        return np.zeros((0, MOUTH_FEATURES + SOUND_FEATURES), np.float32)
    targets = np.array([shape.targets() for shape in state_shapes()])
    dominances = np.array([shape.dominances() for shape in state_shapes()])
    wanted = targets.reshape(PHONES, STATES, -1).mean(1) * dominances.reshape(PHONES, STATES, -1).mean(1)
    instant = ndimage.gaussian_filter1d(heard.instant, INSTANT_SMOOTHING_FRAMES, axis=0, mode="nearest")
    columns = [network / NETWORK_SPREAD, instant @ wanted / WANTED_SPREAD]
    columns += [phone_memberships(heard.posteriors) / MEMBERSHIP_SPREAD, instant / INSTANT_SPREAD]
    mel = sound[:, :MEL_BANDS].reshape(frames, MEL_BANDS // 2, 2).mean(2) / BAND_SPREAD
    mel = ndimage.gaussian_filter1d(mel, BAND_SMOOTHING_FRAMES, axis=0, mode="nearest")
    columns += [mel[np.clip(np.arange(frames) + shift, 0, frames - 1)] for shift in BAND_SHIFTS]
    return np.concatenate(columns, axis=1).astype(np.float32)


def articulate(samples: np.ndarray, hearing: np.ndarray, fusion: Fusion | None = None) -> Articulated:
    """What the mouth does at the frames of `hearing`, without lead; memory grows only by the result.

    Args:
        samples: (N,) 16 kHz mono.
        hearing: (T, 3, 13) of `hearing_features` of the same recording.
    """
    network, fusion = mouth_network(), fusion or shipped_fusion()
    method = "decoded" if network is None or fusion is None else "learned"
    sound = sound_features(samples, len(hearing))
    parts = []
    for first in range(0, max(1, len(hearing)), WINDOW_FRAMES):
        start, stop = max(0, first - MARGIN_FRAMES), first + WINDOW_FRAMES + MARGIN_FRAMES
        part = _articulate_window(hearing[start:stop], sound[start:stop], network, fusion)
        parts.append(_cut(part, first - start, first - start + WINDOW_FRAMES))
    articulation, visemes, likeliest, owed, owing = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return Articulated(articulation, visemes, Beliefs(likeliest, owed, owing), method)


def _articulate_window(
    hearing: np.ndarray, sound: np.ndarray, network: MouthNetwork | None, fusion: Fusion | None
) -> tuple[np.ndarray, ...]:
    """Articulation, visemes, and the three arrays of beliefs."""
    heard = hear(hearing)
    articulation, visemes = soft_articulation(heard.posteriors)
    seen = None
    if network is not None and fusion is not None:
        outputs = network_outputs(heard, sound, network)
        own, seen = outputs[:, : len(ARTICULATORS)], outputs[:, len(ARTICULATORS) :]
        articulation = fuse(
            fusion, prior_articulation(articulation, own, heard), correction_features(heard, sound, own)
        )
        mixed = visemes + seen
        visemes = (mixed / np.maximum(mixed.sum(1, keepdims=True), 1e-6)).astype(np.float32)
    believed = beliefs(heard.posteriors, seen)
    return articulation, visemes, believed.likeliest, believed.owed, believed.owing


def _cut(arrays: tuple[np.ndarray, ...], first: int, last: int) -> tuple[np.ndarray, ...]:
    return tuple(array[first:last] for array in arrays)


def prior_articulation(phones: np.ndarray, network: np.ndarray, heard: HeardPhones) -> np.ndarray:
    """(T, A) float32: the mean of unfitted estimates of the same thing, phones' (T, A) and network's (T, A); for the
    openness half of it is what each moment's own sound asks for, which errs at other moments."""
    prior = ((phones + network) / 2).astype(np.float32)
    openness = ARTICULATORS.index(Articulator.OPENNESS)
    prior[:, openness] = (prior[:, openness] + instant_openness(heard.instant)) / 2
    return prior


def fuse(fusion: Fusion, prior: np.ndarray, features: np.ndarray) -> np.ndarray:
    """(T, A) float32: the prior, its openness corrected."""
    correction = features @ np.array(fusion.weights, np.float32)
    fused = prior.copy()
    fused[:, ARTICULATORS.index(Articulator.OPENNESS)] += correction
    # The jaw follows what the lips were taught.
    fused[:, ARTICULATORS.index(Articulator.JAW)] += JAW_SHARE * correction
    return fused
