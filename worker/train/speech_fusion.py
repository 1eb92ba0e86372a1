"""How what the network hears is corrected into openness: fitted on the tracked lips of GRID, with a fold per clip.

GRID (Cooke, Barker, Cunningham & Shao 2006, CC BY 4.0) is the only real footage that may shape shipped weights.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from worker.engine.media.audio import load_audio
from worker.engine.quality.clips import TalkingClip, list_clips
from worker.engine.quality.signals import GRID_HZ, band_pass, fill_gaps
from worker.engine.quality.tracking import track_video
from worker.engine.speech.coarticulation import MOUTH_LEAD_S
from worker.engine.speech.learned import FUSION, Fusion, correction_features, heard_in, prior_articulation
from worker.engine.speech.soft_articulation import FRAMES_PER_S, soft_articulation

RIDGE = 0.4  # per row
# In GRID the mouth moves with the sound, not ahead of it: its lips agree best with phones that lead by 10 ms. The fit
# is about shapes, so the truth is moved to where the engine's mouth is.
GRID_MOUTH_LATE_S = MOUTH_LEAD_S - 0.010


@dataclass(frozen=True)
class ClipData:
    """One clip: what is heard at 100 Hz, and the aperture seen, at the times of its frames.

    soft, network, prior: (T, 9) articulation of both estimates and of their mean. features: (T, 23) for corrections.
    """

    clip: TalkingClip
    samples: np.ndarray
    soft: np.ndarray
    network: np.ndarray
    prior: np.ndarray
    features: np.ndarray
    times_s: np.ndarray
    aperture: np.ndarray


def read_clip(clip: TalkingClip, cache: Path) -> ClipData:
    """Tracks (or reads from `cache`) a clip's mouth and listens to its sound."""
    times_s, aperture = _tracked(clip, cache)
    samples = load_audio(clip.path).samples
    heard = heard_in(samples)
    soft, _ = soft_articulation(heard.phones)
    prior = prior_articulation(heard)
    return ClipData(clip, samples, soft, heard.articulation, prior, correction_features(heard), times_s, aperture)


def _tracked(clip: TalkingClip, cache: Path) -> tuple[np.ndarray, np.ndarray]:
    path = cache / f"{clip.name}.npz"
    if not path.is_file():
        track = track_video(clip.path)
        cache.mkdir(parents=True, exist_ok=True)
        np.savez(path, times_s=track.times_s, aperture=track.aperture)
    with np.load(path) as stored:
        return stored["times_s"], stored["aperture"]


def fit_fusion(media: Path, cache: Path, out: Path, log: Callable[[str], None]) -> None:
    """Writes the fusion of all GRID clips, and one per clip that leaves it out, to `mouth_fusion.json`."""
    data = [read_clip(clip, cache) for clip in list_clips(media) if clip.may_train]
    if len(data) < 2:
        raise FileNotFoundError("the fusion needs at least two GRID clips")
    log(f"fusion: {len(data)} GRID clips")
    stored = asdict(fit(data))
    stored["folds"] = {left.clip.name: asdict(fit([d for d in data if d is not left])) for left in data}
    (out / FUSION).write_text(json.dumps(_rounded(stored), indent=1) + "\n", encoding="utf-8")


def fit(data: Sequence[ClipData]) -> Fusion:
    """Ridge regression of what the prior leaves of the band-passed aperture."""
    rows = [training_rows(clip) for clip in data]
    features, prior, wanted = (np.concatenate([row[n] for row in rows]) for n in range(3))
    scale = float(prior @ wanted / (prior @ prior))
    left = (wanted - scale * prior) / scale
    return Fusion(tuple(float(weight) for weight in ridge(features, left, RIDGE)))


def ridge(features: np.ndarray, wanted: np.ndarray, strictness: float) -> np.ndarray:
    """(F,) weights. strictness: per row."""
    covariance = features.T @ features + strictness * len(features) * np.eye(features.shape[1])
    return np.linalg.solve(covariance, features.T @ wanted)


def training_rows(data: ClipData) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(R, F) features, (R,) prior and (R,) aperture, all band-passed on one grid; the aperture at unit variance."""
    truth_s = data.times_s - data.clip.sync_lag_ms / 1000 - GRID_MOUTH_LATE_S
    heard_s = (np.arange(len(data.features)) + 0.5) / FRAMES_PER_S - MOUTH_LEAD_S
    grid_s = np.arange(max(truth_s[0], heard_s[0]), min(truth_s[-1], heard_s[-1]), 1 / GRID_HZ)

    def banded(times_s: np.ndarray, values: np.ndarray) -> np.ndarray:
        return band_pass(np.interp(grid_s, times_s, values), GRID_HZ)

    features = np.stack([banded(heard_s, column) for column in data.features.T], axis=1)
    aperture = banded(truth_s, fill_gaps(data.times_s, data.aperture))
    step = max(1, round(GRID_HZ / 25))  # as many rows as there were pictures
    return features[::step], banded(heard_s, data.prior[:, 0])[::step], (aperture / aperture.std())[::step]


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, 5)
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list | tuple) else value
