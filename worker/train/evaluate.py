"""`python -m worker train evaluate`: how well openness predicted from sound alone agrees with tracked real lips.

Pearson's r of predicted openness and tracked aperture, both band-passed 0.3-7 Hz, zero lag, the truth moved by the
clip's known sync lag. Rows: energy, ridge on spectral bands, phones, network, the mean of these two (prior), fusion,
and the finished track with all rules; controls: the track against another clip's lips (shuffled), and a mouth that
keeps still (static, 0 by definition). Whatever is fitted, is fitted on GRID clips only, leaving the scored one out.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from worker.engine.media.audio import Audio
from worker.engine.quality.clips import list_clips
from worker.engine.quality.signals import agreement
from worker.engine.speech.coarticulation import MOUTH_LEAD_S
from worker.engine.speech.learned import fuse
from worker.engine.speech.soft_articulation import FRAMES_PER_S
from worker.engine.speech.track import mouth_track_from_audio
from worker.engine.speech.waveform import HOP_LENGTH, SPEECH_HZ, level_db
from worker.train.speech_fusion import ClipData, fit, read_clip, ridge, training_rows

BAND_RIDGE = 30.0
Scores = dict[str, float]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="train evaluate", description=__doc__)
    parser.add_argument("--media", type=Path, default=Path("../shared/media"))
    parser.add_argument("--work", type=Path, default=Path("var/train/speech"), help="where tracked lips are kept")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    options = parser.parse_args(arguments)
    report = evaluate(options.media, options.work / "tracks")
    sys.stdout.write((json.dumps(report) if options.json else _table(report)) + "\n")
    return 0


def evaluate(media: Path, cache: Path) -> dict[str, Scores]:
    """r per clip and predictor, plus medians (`median`, `median unseen`, `median cross-validated`)."""
    data = [read_clip(clip, cache) for clip in list_clips(media)]
    report = {clip.clip.name: _score_clip(clip, data) for clip in data}
    names = list(next(iter(report.values())))
    seen = {clip.clip.name for clip in data if clip.clip.may_train}
    for label, chosen in (
        ("median", list(report)),
        ("median unseen", [name for name in report if name not in seen]),
        ("median cross-validated", [name for name in report if name in seen]),
    ):
        if chosen:
            report = report | {
                label: {name: round(float(np.median([report[clip][name] for clip in chosen])), 3) for name in names}
            }
    return report


def _score_clip(clip: ClipData, data: Sequence[ClipData]) -> Scores:
    others = [other for other in data if other.clip.may_train and other is not clip]
    fusion = fit(others)
    audio = Audio(clip.samples, SPEECH_HZ, SPEECH_HZ, 1, len(clip.samples) / SPEECH_HZ)
    times_s = np.arange(len(clip.prior)) / FRAMES_PER_S
    track = mouth_track_from_audio(audio, times_s, fusion=fusion).openness
    lead_s = MOUTH_LEAD_S - 0.5 / FRAMES_PER_S
    curves = {
        "energy": (level_db(clip.samples)[: len(times_s)], 0.0),
        "ridge": (_band_ridge(clip, others), lead_s),
        "phones": (clip.soft[:, 0], lead_s),
        "network": (clip.network[:, 0], lead_s),
        "prior": (clip.prior[:, 0], lead_s),
        "fusion": (fuse(fusion, clip.prior, clip.features)[:, 0], lead_s),
        "track": (track, 0.0),
    }
    scores = {name: _agreement(curve, moved_s, clip) for name, (curve, moved_s) in curves.items()}
    strangers = [_agreement(track, 0.0, other) for other in data if other is not clip]
    scores["shuffled"] = round(float(np.median(strangers)), 3)
    scores["static"] = 0.0
    return scores


def _agreement(curve: np.ndarray, lead_s: float, clip: ClipData) -> float:
    times_s = np.arange(len(curve)) / FRAMES_PER_S - lead_s
    found = agreement(times_s, curve, clip.times_s, clip.aperture, reference_lag_s=clip.clip.sync_lag_ms / 1000)
    return round(found.r, 3)


def _band_ridge(clip: ClipData, others: Sequence[ClipData]) -> np.ndarray:
    """The baseline without any knowledge of speech: ridge from 24 mel bands of librosa's, now and 60 ms around."""
    import librosa.feature  # two seconds to load, and only this row needs it

    def features(one: ClipData) -> np.ndarray:
        power = librosa.feature.melspectrogram(
            y=one.samples, sr=SPEECH_HZ, n_fft=512, hop_length=HOP_LENGTH, n_mels=24, fmin=80, fmax=7600
        )
        mel = np.log(power.T[: len(one.prior)] + 1e-7)
        mel = (mel - mel.mean(0)) / 3.0
        return np.concatenate([np.roll(mel, shift, axis=0) for shift in (-6, 0, 6)], axis=1)

    rows = [training_rows(replace(one, features=features(one))) for one in others]
    x, y = np.concatenate([row[0] for row in rows]), np.concatenate([row[2] for row in rows])
    return features(clip) @ ridge(x, y, BAND_RIDGE / len(x))


def _table(report: dict[str, Scores]) -> str:
    names = list(next(iter(report.values())))
    width = max(len(clip) for clip in report) + 2
    lines = ["clip".ljust(width) + "".join(name.rjust(10) for name in names)]
    lines += [clip.ljust(width) + "".join(f"{scores[name]:10.2f}" for name in names) for clip, scores in report.items()]
    return "\n".join(lines)
