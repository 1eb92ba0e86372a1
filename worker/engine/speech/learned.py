"""What was learned on top of the phone posteriors: the mouth network, and its fusion with the coarticulated phones."""

import functools
import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy import ndimage

from worker.engine.models.mouth_network import MouthNetwork
from worker.engine.speech.acoustics import PHONES, HeardPhones
from worker.engine.speech.features import FRAMES_PER_FEATURE, MEL_BANDS, fit_length, log_mel, network_features
from worker.engine.speech.mouth_track import ARTICULATORS, Articulator
from worker.engine.speech.soft_articulation import (
    INSTANT_SMOOTHING_FRAMES,
    instant_openness,
    phone_memberships,
    soft_articulation,
)
from worker.engine.speech.waveform import level_db

MODELS = Path(__file__).resolve().parent.parent / "models"
WEIGHTS, FUSION = "mouth_network.pt", "mouth_fusion.json"
CHUNK_FEATURES, OVERLAP_FEATURES = 1500, 60
# Features of the correction, brought to about unit variance, so that ridge regression is equally strict with all.
MEMBERSHIP_SPREAD, INSTANT_SPREAD = 0.11, 0.047  # standard deviations of shares of 42 phones in speech
BAND_SHIFTS = (-6, 0, 6)  # frames of 10 ms
BAND_SMOOTHING_FRAMES, BAND_SPREAD = 2.0, 1.4
LOUD_DB = 25.0
JAW_SHARE = 0.7  # of a change of the lips' opening


@dataclass(frozen=True)
class Fusion:
    """Openness = prior + corrections · `weights`; all other articulators are the prior of `prior_articulation`.

    weights: (84 + 36,) for the columns of `correction_features`.
    """

    weights: tuple[float, ...]


@dataclass(frozen=True)
class Articulated:
    """articulation (T, A), visemes (T, V) of phones and network together; network_visemes (T, V) of the network alone,
    None without it; method as in `MouthTrack`."""

    articulation: np.ndarray
    visemes: np.ndarray
    network_visemes: np.ndarray | None
    method: str


@functools.lru_cache(maxsize=1)
def mouth_network() -> MouthNetwork | None:
    """The shipped network, checked against the digest in its model card; None where no weights were shipped."""
    path, card = MODELS / WEIGHTS, MODELS / "mouth_network.json"
    if not path.is_file() or not card.is_file():
        return None
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != json.loads(card.read_text(encoding="utf-8"))["sha256"]:
        raise RuntimeError("mouth_network.pt is not the file its model card describes")
    network = MouthNetwork()
    stored = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    network.load_state_dict({name: value.float() for name, value in stored.items()})
    return network.eval()


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


def network_outputs(samples: np.ndarray, posteriors: np.ndarray, network: MouthNetwork) -> np.ndarray:
    """(T, 9 + 14) at the frames of `posteriors`: articulation and viseme probabilities, in flat memory."""
    features = network_features(samples, posteriors)
    parts = []
    with torch.inference_mode():
        for first in range(0, len(features), CHUNK_FEATURES):
            start = max(0, first - OVERLAP_FEATURES)
            chunk = torch.from_numpy(features[start : first + CHUNK_FEATURES + OVERLAP_FEATURES].T[None])
            articulation, visemes, _ = network(chunk)
            both = torch.cat([articulation, visemes.softmax(1)], dim=1)[0].T.numpy()
            parts.append(both[first - start : first - start + CHUNK_FEATURES])
    coarse = np.concatenate(parts) if parts else np.zeros((0, 23), np.float32)
    if len(coarse) < 2:
        return np.zeros((len(posteriors), 23), np.float32)
    # Feature k averages frames 2k and 2k + 1.
    at = (np.arange(len(posteriors)) - (FRAMES_PER_FEATURE - 1) / 2) / FRAMES_PER_FEATURE
    at = np.clip(at, 0, len(coarse) - 1)
    index = np.minimum(at.astype(int), len(coarse) - 2)
    part = (at - index)[:, None].astype(np.float32)
    return coarse[index] * (1 - part) + coarse[index + 1] * part


def correction_features(samples: np.ndarray, heard: HeardPhones) -> np.ndarray:
    """(T, 84 + 36) float32: which phones govern the lips with and without their context, and twelve mel bands before,
    at and after each frame, relative to the recording's own loud parts."""
    frames = len(heard.posteriors)
    if not frames:
        return np.zeros((0, 2 * PHONES + len(BAND_SHIFTS) * MEL_BANDS // 2), np.float32)
    instant = ndimage.gaussian_filter1d(heard.instant, INSTANT_SMOOTHING_FRAMES, axis=0, mode="nearest")
    columns = [phone_memberships(heard.posteriors) / MEMBERSHIP_SPREAD, instant / INSTANT_SPREAD]
    mel, level = fit_length(log_mel(samples), frames), fit_length(level_db(samples)[:, None], frames)[:, 0]
    mel = mel.reshape(frames, MEL_BANDS // 2, 2).mean(2)
    loud = level > np.percentile(level, 95) - LOUD_DB
    mel = (mel - mel[loud].mean(0)) / (BAND_SPREAD * max(float(mel[loud].std()), 0.1))
    mel = ndimage.gaussian_filter1d(mel, BAND_SMOOTHING_FRAMES, axis=0, mode="nearest")
    columns += [mel[np.clip(np.arange(frames) + shift, 0, frames - 1)] for shift in BAND_SHIFTS]
    return np.concatenate(columns, axis=1).astype(np.float32)


def articulate(samples: np.ndarray, heard: HeardPhones, fusion: Fusion | None = None) -> Articulated:
    """What the mouth does at the frames heard, without lead."""
    articulation, visemes = soft_articulation(heard.posteriors)
    network, fusion = mouth_network(), fusion or shipped_fusion()
    if network is None or fusion is None or not len(articulation):
        return Articulated(articulation, visemes, None, "decoded")
    outputs = network_outputs(samples, heard.posteriors, network)
    prior = prior_articulation(articulation, outputs[:, : len(ARTICULATORS)], heard)
    seen = outputs[:, len(ARTICULATORS) :]
    mixed = visemes + seen
    mixed = (mixed / mixed.sum(1, keepdims=True)).astype(np.float32)
    return Articulated(fuse(fusion, prior, correction_features(samples, heard)), mixed, seen, "learned")


def prior_articulation(phones: np.ndarray, network: np.ndarray, heard: HeardPhones) -> np.ndarray:
    """(T, A) float32: the mean of unfitted estimates of the same thing, phones' (T, A) and network's (T, A); for the
    openness also what each moment's own sound asks for."""
    prior = ((phones + network) / 2).astype(np.float32)
    openness = ARTICULATORS.index(Articulator.OPENNESS)
    prior[:, openness] = (2 * prior[:, openness] + instant_openness(heard.instant)) / 3
    return prior


def fuse(fusion: Fusion, prior: np.ndarray, features: np.ndarray) -> np.ndarray:
    """(T, A) float32: the prior, its openness corrected."""
    correction = features @ np.array(fusion.weights, np.float32)
    fused = prior.copy()
    fused[:, ARTICULATORS.index(Articulator.OPENNESS)] += correction
    # The jaw follows what the lips were taught.
    fused[:, ARTICULATORS.index(Articulator.JAW)] += JAW_SHARE * correction
    return fused
