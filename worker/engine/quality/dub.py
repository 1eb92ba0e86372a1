"""`python -m worker score --dub`: clips dubbed with their own voice, against themselves.

A dub could score by copying, so mouths within half a second of a frame are kept out of that frame's choice. Pixels are
looked at before marking and encoding.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from worker.engine.contracts import Adaptation, RenderResult, SilentHooks, SyncMode, VideoDubRequest
from worker.engine.dub.adaptation import unseen_gain
from worker.engine.dub.blending import Edit, shown_mask
from worker.engine.dub.lower_face import face_box
from worker.engine.dub.mouth_bank import look_of, straightened
from worker.engine.dub.reposing import MouthPlace, place_mouth
from worker.engine.dub.speaker_shape import fit_range, measure_speaker
from worker.engine.face.stabilization import stabilize_landmarks
from worker.engine.media.audio import Audio
from worker.engine.media.decode import decode_video
from worker.engine.media.planes import Box, NativePicture
from worker.engine.quality import metrics, pictures
from worker.engine.quality.clips import TalkingClip
from worker.engine.quality.curves import Numbers, Truth, closures, curve_numbers, median_numbers, reference_numbers
from worker.engine.quality.gates import verdicts
from worker.engine.quality.tracking import VideoTrack, track_video
from worker.engine.speech.track import mouth_track_from_audio

LEFT_OUT_S = 0.5
WATCHED_FRAMES = 12
ADAPT_FROM_S = 7.0  # clips shorter than this say little about a speaker's habits
BOOTSTRAPS = 10_000


@dataclass(frozen=True)
class DubCase:
    """A clip to be dubbed with its own voice: what `score` knows of it."""

    clip: TalkingClip
    video: VideoTrack
    truth: Truth
    others: Sequence[Truth]
    audio: Audio


@dataclass
class _Watched:
    """What is kept of one output frame: its planes, the box that may have changed, and the patch's mask over it."""

    index: int
    planes: list[np.ndarray]
    box: Box
    mask: np.ndarray
    rgb: np.ndarray
    place: MouthPlace


@dataclass
class Watcher:
    """Keeps a few frames of a dub, spread over it."""

    wanted: frozenset[int]
    kept: dict[int, _Watched] = field(default_factory=dict)

    def __call__(self, index: int, picture: NativePicture, edits: Sequence[Edit]) -> None:
        if index not in self.wanted or not edits:
            return
        edit = edits[0]
        box = face_box(edit.pose, picture.size_px)
        if box is None:
            return
        points = edit.pose.from_canonical(edit.new_mesh)
        place = place_mouth(points, edit.pose.rotation, edit.pose.scale_px)
        inside = MouthPlace(place.rows, place.origin_px - np.array(box[:2]), place.to_px)
        planes = [plane.copy() for plane in picture.planes]
        self.kept[index] = _Watched(index, planes, box, shown_mask(edit, box), picture.crop_rgb(box), inside)


def score_dub(case: DubCase, keep: Path | None = None) -> dict[str, object]:
    """One clip's own-voice dub, in numbers, beside the four references."""
    frames = len(case.video.times_s)
    watcher = Watcher(frozenset(np.linspace(2, max(2, frames - 3), WATCHED_FRAMES).astype(int).tolist()))
    with tempfile.TemporaryDirectory() as folder:
        output = (keep or Path(folder)) / f"dub_{case.clip.name}.mp4"
        result = _self_dub(case.clip.path, output, watcher)
        video = track_video(output)
        numbers = curve_numbers(video.times_s, video.aperture, case.truth)
        numbers.update(closures(video.times_s, video.aperture, case.truth, case.video.aperture))
        numbers["length_delta_frames"] = float(len(video.times_s) - frames)
        numbers["flicker_per_10_s"] = metrics.flicker_per_10_s(video.times_s, video.mouth_change)
        numbers["fast_energy_share"] = metrics.fast_energy_share(video.times_s, video.aperture)
        numbers["jitter_ratio"] = _jitter(video) / max(_jitter(case.video), 1e-9)
        numbers["adapt_gain"] = _adapt_gain(case)
        numbers.update(_pixel_numbers(case.clip.path, watcher))
        numbers.update(_encoding_numbers(case.clip.path, output, watcher))
    references = reference_numbers(video.times_s, video.aperture, case.truth, case.audio, case.others)
    references["real"]["flicker_per_10_s"] = metrics.flicker_per_10_s(case.video.times_s, case.video.mouth_change)
    return {
        "clip": case.clip.name,
        "status": "seen" if case.clip.may_train else "unseen",
        "engine": numbers,
        "references": references,
        "stage_seconds": dict(result.stage_seconds),
        "warnings": list(result.warnings),
    }


def _self_dub(clip: Path, output: Path, watcher: Watcher) -> RenderResult:
    from worker.engine.video_dub import dub

    request = VideoDubRequest(clip, output, audio_path=clip, sync_mode=SyncMode.SILENCE, adapt=Adaptation.OFF)
    return dub(request, SilentHooks(), leave_out_s=LEFT_OUT_S, watch=watcher)


def _adapt_gain(case: DubCase) -> float:
    """By how much the speaker's own habits raise the correlation on seconds they were not learned from; NaN where the
    clip teaches nothing (short, or out of sync).
    """
    video, count = case.video, len(case.video.times_s)
    if video.times_s[-1] < ADAPT_FROM_S:
        return float("nan")
    stable = stabilize_landmarks(video.landmarks_px, video.times_s)
    frames = measure_speaker(stable, video.times_s, np.ones(count), np.zeros(count))
    track = mouth_track_from_audio(case.audio, np.minimum(video.times_s, case.audio.duration_s))
    gain = unseen_gain(frames, fit_range(frames), case.audio, track)
    return float("nan") if gain is None else gain


def _jitter(video: VideoTrack) -> float:
    """Trembling of the upper face and nose, which a dub must leave as it was, and of the mouth with it."""
    return metrics.jitter_share(video.landmarks_px, video.inter_ocular_px, None)


def _pixel_numbers(clip: Path, watcher: Watcher) -> Numbers:
    """Seam, sharpness and the pixels outside, from the watched frames and the same frames of the clip."""
    rows: list[Numbers] = []
    for frame in decode_video(clip):
        seen = watcher.kept.get(frame.index)
        if seen is None:
            continue
        before = frame.crop_rgb(seen.box)
        same = [bool((a == b).all()) for a, b in zip(_outside(frame.picture, seen), seen.planes, strict=True)]
        sharp, own_sharp = (look_of(straightened(rgb, seen.place))[1] for rgb in (seen.rgb, before))
        own_step = pictures.seam_delta_e(before, seen.mask)
        rows.append(
            {
                "outside_identical": float(all(same)),
                "seam": pictures.seam_ratio(seen.rgb, seen.mask) / max(pictures.seam_ratio(before, seen.mask), 1e-6),
                # faces have edges of their own there: what counts is how much larger the step has become
                "seam_delta_e": max(0.0, pictures.seam_delta_e(seen.rgb, seen.mask) - own_step),
                "source_seam_delta_e": own_step,
                "sharpness": sharp / max(own_sharp, 1e-6),
            }
        )
    numbers = median_numbers(rows) if rows else {}
    if rows:
        numbers["outside_identical"] = min(row["outside_identical"] for row in rows)
    return numbers


def _outside(picture: NativePicture, seen: _Watched) -> list[np.ndarray]:
    """The clip's planes with the watched frame's box pasted in: equal to its planes when all else is."""
    x0, y0, x1, y1 = _stored(picture, seen.box)
    planes = []
    for plane, changed in zip(picture.planes, seen.planes, strict=True):
        step_y, step_x = picture.planes[0].shape[0] / plane.shape[0], picture.planes[0].shape[1] / plane.shape[1]
        inside = np.s_[int(y0 / step_y) : int(np.ceil(y1 / step_y)), int(x0 / step_x) : int(np.ceil(x1 / step_x))]
        joined = plane.copy()
        joined[inside] = changed[inside]
        planes.append(joined)
    return planes


def _stored(picture: NativePicture, box: Box) -> Box:
    from worker.engine.media.planes import stored_box

    return stored_box(box, picture.rotation_deg, picture.size_px)


def _encoding_numbers(clip: Path, output: Path, watcher: Watcher) -> Numbers:
    """PSNR of luma outside the box after encoding, and of a plain re-encode of the same clip there."""
    from worker.engine.media.ffmpeg import run_ffmpeg

    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.mp4"
        run_ffmpeg(
            ["-i", f"file:{clip}", "-an", "-c:v", "libx264", "-preset", "veryfast", "-crf", "18", str(plain)], 600
        )
        ours, theirs = (_outside_psnr(clip, path, watcher) for path in (output, plain))
    return {"outside_psnr": ours, "plain_outside_psnr": theirs, "outside_psnr_loss": theirs - ours}


def _outside_psnr(clip: Path, other: Path, watcher: Watcher) -> float:
    error, count = 0.0, 0
    for one, two in zip(decode_video(clip), decode_video(other), strict=False):
        seen = watcher.kept.get(one.index)
        if seen is None:
            continue
        luma, coded = one.picture.planes[0], two.picture.planes[0]
        height, width = min(luma.shape[0], coded.shape[0]), min(luma.shape[1], coded.shape[1])
        scale = 255.0 / ((1 << one.picture.colours.bits) - 1)
        difference = (luma[:height, :width].astype(np.float64) - coded[:height, :width]) * scale
        x0, y0, x1, y1 = _stored(one.picture, seen.box)
        difference[y0:y1, x0:x1] = 0
        error += float((difference**2).sum())
        count += difference.size - (y1 - y0) * (x1 - x0)
    return float(10 * np.log10(255.0**2 * count / error)) if error > 0 else float("nan")


def dub_report(rows: Sequence[dict[str, object]]) -> dict[str, object]:
    """Rows of `score_dub` with their medians and gates."""
    engine = median_numbers([row["engine"] for row in rows])  # type: ignore[misc]
    references = {
        name: median_numbers([row["references"][name] for row in rows])  # type: ignore[index]
        for name in ("real", "static", "jaw_flap", "shuffled")
    }
    engine["outside_identical"] = min(row["engine"]["outside_identical"] for row in rows)  # type: ignore[index,type-var]
    shuffled = references["shuffled"].get("aperture_r", float("nan"))
    gates = verdicts({**engine, "shuffled_aperture_r": shuffled})
    medians = {"clips": len(rows), "engine": engine, "references": references}
    gains = [row["engine"]["adapt_gain"] for row in rows]  # type: ignore[index]
    return {
        "level": "dub",
        "left_out_s": LEFT_OUT_S,
        "clips": list(rows),
        "medians": medians,
        "adapt_gain": _median_between(np.array(gains, np.float64)),
        "gates": gates,
    }


def _median_between(values: np.ndarray) -> Numbers:
    """The median of those (N,) that are known, and where it lies nine times in ten (bootstrap: Efron 1979)."""
    known = values[np.isfinite(values)]
    if not len(known):
        return {"clips": 0.0}
    drawn = np.random.default_rng(0).choice(known, (BOOTSTRAPS, len(known)))
    low, high = np.percentile(np.median(drawn, axis=1), (5, 95))
    return {"clips": float(len(known)), "median": float(np.median(known)), "from": float(low), "to": float(high)}
