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
from worker.engine.speech.features import FRAMES_PER_FEATURE, log_mel, network_features
from worker.engine.speech.mouth_track import ARTICULATORS, Articulator
from worker.engine.speech.soft_articulation import phone_memberships, soft_articulation
from worker.engine.speech.waveform import level_db

MODELS = Path(__file__).resolve().parent.parent / "models"
WEIGHTS, FUSION = "mouth_network.pt", "mouth_fusion.json"
CHUNK_FEATURES, OVERLAP_FEATURES = 1500, 60
LEVEL_SHIFTS = (-8, 0, 8)  # frames of 10 ms
LEVEL_SCALE = 0.3  # small scales are strong priors: ridge regression keeps their weights down
BAND_SHIFTS = (-6, 0, 6)
BAND_SCALE = 0.1


@dataclass(frozen=True)
class Fusion:
    """Openness = `phones` · (coarticulated openness) + `network` · (the network's) + memberships · `membership_weights`
    + sound features · `sound_weights`; all other articulators mix both, `network_share` of it the network's."""

    phones: float
    network: float
    membership_weights: tuple[float, ...]
    sound_weights: tuple[float, ...]
    network_share: float


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
    return Fusion(
        phones=float(values["phones"]),
        network=float(values["network"]),
        membership_weights=tuple(values["membership_weights"]),
        sound_weights=tuple(values["sound_weights"]),
        network_share=float(values["network_share"]),
    )


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


def sound_features(samples: np.ndarray, frames: int) -> np.ndarray:
    """(T, 3 + 72): level and 24 mel bands, a little before, at and after each frame, relative to the recording."""
    level = np.pad(level_db(samples), (0, frames), mode="edge")[:frames]
    relative = (level - np.percentile(level, 95)) / 20.0 if frames else level
    smooth = ndimage.convolve1d(relative, np.hanning(9) / np.hanning(9).sum(), mode="nearest") if frames else relative
    mel = np.pad(log_mel(samples), ((0, frames), (0, 0)), mode="edge")[:frames]
    mel = (mel - mel.mean(0)) / 3.0 if frames else mel
    columns = [LEVEL_SCALE * np.roll(smooth, shift)[:, None] for shift in LEVEL_SHIFTS]
    columns += [BAND_SCALE * np.roll(mel, shift, axis=0) for shift in BAND_SHIFTS]
    return np.concatenate(columns, axis=1).astype(np.float32)


def articulate(
    samples: np.ndarray, posteriors: np.ndarray, fusion: Fusion | None = None
) -> tuple[np.ndarray, np.ndarray, str]:
    """Articulation (T, A), visemes (T, V) at the posteriors' frames, without lead, and the method's name."""
    articulation, visemes = soft_articulation(posteriors)
    network, fusion = mouth_network(), fusion or shipped_fusion()
    if network is None or fusion is None or not len(posteriors):
        return articulation, visemes, "decoded"
    outputs = network_outputs(samples, posteriors, network)
    fused = fuse(fusion, articulation, outputs[:, : len(ARTICULATORS)], posteriors, samples)
    share = fusion.network_share
    visemes = (1 - share) * visemes + share * outputs[:, len(ARTICULATORS) :]
    return fused, (visemes / visemes.sum(1, keepdims=True)).astype(np.float32), "learned"


def fuse(
    fusion: Fusion, phones: np.ndarray, network: np.ndarray, posteriors: np.ndarray, samples: np.ndarray
) -> np.ndarray:
    """(T, A) float32 from the phones' (T, A) and the network's (T, A) articulation."""
    fused = ((1 - fusion.network_share) * phones + fusion.network_share * network).astype(np.float32)
    openness = fusion.phones * phones[:, 0] + fusion.network * network[:, 0]
    openness = openness + phone_memberships(posteriors) @ np.array(fusion.membership_weights)
    openness = openness + sound_features(samples, len(posteriors)) @ np.array(fusion.sound_weights)
    before = fused[:, 0].copy()
    fused[:, 0] = openness
    # The jaw follows what the lips were taught, at the ratio it had.
    jaw = ARTICULATORS.index(Articulator.JAW)
    fused[:, jaw] += 0.7 * (openness - before)
    return fused
