"""`python -m worker score`: how good the mouths are, always with four references beside each number.

Three ways to ask:
    score --media FOLDER --level track    predicted mouth against tracked real mouths; nothing is rendered
    score --media FOLDER --level render   each clip's own sound on its own first frame, rendered and tracked
    score --video X [--audio Y] [--reference R] [--phonemes J]   one finished video

Clips say `unseen`, `cross_validated` (weights made without that clip) or `seen`; medians leave `seen` ones out.
"""

import argparse
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from worker.engine.contracts import Span, TalkingPhotoRequest
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.audio import Audio, load_audio
from worker.engine.quality import metrics
from worker.engine.quality.clips import TalkingClip, bilabial_spans, list_clips
from worker.engine.quality.curves import Numbers, Truth, closures, curve_numbers, median_numbers, reference_numbers
from worker.engine.quality.gates import verdicts
from worker.engine.quality.scripted import scripted_numbers
from worker.engine.quality.tracking import VideoTrack, track_video
from worker.engine.speech import track as speech_track
from worker.engine.speech.alignment import align_phonemes
from worker.engine.speech.detection import speech_spans
from worker.engine.speech.learned import fold_fusion
from worker.engine.speech.mouth_track import MouthTrack, Phoneme

LEVELS = ("track", "render")
_AROUND_BLINK_S = 0.25
Report = dict[str, object]
OnClip = Callable[[str], None]


@dataclass(frozen=True)
class ClipCase:
    """One clip, tracked and listened to, ready to be compared with."""

    clip: TalkingClip
    audio: Audio
    video: VideoTrack
    truth: Truth


def add_score_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `score`, for the command line's own parser."""
    parser.add_argument("--media", type=Path, help="folder with talking clips (and MEDIA.csv)")
    parser.add_argument("--level", choices=LEVELS, default="render", help="track: mouth curves only, no rendering")
    parser.add_argument("--clips", nargs="*", default=[], help="names, or beginnings of names, of the clips to use")
    parser.add_argument("--no-scripted", action="store_true", help="leave out speech with exactly known phoneme times")
    parser.add_argument("--keep", type=Path, help="folder in which rendered videos are kept")
    parser.add_argument("--style", default="natural", help="style of the renders")
    parser.add_argument("--portrait", type=Path, help="render the scripted sentences on this picture, too")
    parser.add_argument("--dub", action="store_true", help="with --media: dub each clip with its own voice")
    parser.add_argument("--video", type=Path, help="score this finished video")
    parser.add_argument("--audio", type=Path, help="the sound that drove it (its own when left out)")
    parser.add_argument("--reference", type=Path, help="a real clip of the same words")
    parser.add_argument("--phonemes", type=Path, help='JSON list of {"symbol", "start_s", "end_s"}')


def score_command(arguments: Sequence[str] | argparse.Namespace, on_clip: OnClip | None = None) -> Report:
    """Everything `score` prints, as one JSON-able dict (NaN is None).

    Args:
        arguments: command-line words after `score`, or what a parser with `add_score_arguments` made of them.
        on_clip: told the name of each clip as its work begins.

    Raises:
        EngineFailure: OPTION_INVALID for wrong combinations, and whatever the files deserve.
    """
    if not isinstance(arguments, argparse.Namespace):
        parser = argparse.ArgumentParser(prog="score")
        add_score_arguments(parser)
        arguments = parser.parse_args(list(arguments))
    if (arguments.video is None) == (arguments.media is None):
        raise EngineFailure(FailureCode.OPTION_INVALID, option="--media or --video", reason="give exactly one")
    if arguments.video is not None:
        report = score_pair(arguments.video, arguments.audio, arguments.reference, _read_phonemes(arguments.phonemes))
    elif arguments.dub:
        report = score_dubs(arguments.media, names=arguments.clips, keep=arguments.keep, on_clip=on_clip)
    else:
        report = score_media(
            arguments.media,
            level=arguments.level,
            names=arguments.clips,
            scripted=not arguments.no_scripted,
            keep=arguments.keep,
            style=arguments.style,
            portrait=arguments.portrait,
            on_clip=on_clip,
        )
    return json_able(report)


def score_media(
    media: Path,
    *,
    level: str,
    names: Sequence[str] = (),
    scripted: bool = True,
    keep: Path | None = None,
    style: str = "natural",
    portrait: Path | None = None,
    on_clip: OnClip | None = None,
) -> Report:
    """Self-driven score over a folder of clips: per clip, medians with their references, gates.

    portrait: a picture on which the scripted sentences are rendered; without it their mouth tracks alone are scored.
    """
    clips = _named_clips(media, names)
    cases = [prepare_case(clip) for clip in clips]
    rows = []
    for case in cases:
        if on_clip is not None:
            on_clip(case.clip.name)
        others = [other.truth for other in cases if other is not case]
        rows.append(_score_track(case, others) if level == "track" else _score_render(case, others, keep, style))
    counted = [row for row in rows if row["status"] != "seen"]
    report: Report = {"level": level, "clips": rows, "medians": _medians(counted)}
    if scripted:
        report["scripted"] = scripted_numbers(portrait)
    report["gates"] = verdicts(_for_gates(report))
    return report


def score_dubs(
    media: Path, *, names: Sequence[str] = (), keep: Path | None = None, on_clip: OnClip | None = None
) -> Report:
    """Clips dubbed with their own voice, with a bank that leaves out what is near in time."""
    from worker.engine.quality.dub import DubCase, dub_report, score_dub

    cases = [prepare_case(clip) for clip in _named_clips(media, names)]
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
    rows = []
    for case in cases:
        if on_clip is not None:
            on_clip(case.clip.name)
        others = [other.truth for other in cases if other is not case]
        rows.append(score_dub(DubCase(case.clip, case.video, case.truth, others, case.audio), keep))
    return dub_report(rows)


def _named_clips(media: Path, names: Sequence[str]) -> list[TalkingClip]:
    """The clips that were asked for, all without names.

    Raises:
        EngineFailure: OPTION_INVALID when there is none; FILE_MISSING.
    """
    clips = [c for c in list_clips(media) if not names or any(c.name.startswith(name) for name in names)]
    if not clips:
        raise EngineFailure(FailureCode.OPTION_INVALID, option="--clips", reason="no clip of that name")
    return clips


def prepare_case(clip: TalkingClip) -> ClipCase:
    """Track a clip's face and listen to its sound."""
    audio = load_audio(clip.path)
    video = track_video(clip.path)
    phonemes: list[Phoneme] = []
    if clip.text is not None:
        try:
            phonemes = align_phonemes(audio, clip.text)
        except EngineFailure:  # the words could not be found in the sound: closures stay unknown for this clip
            phonemes = []
    pauses = metrics.pauses_between(speech_spans(audio), audio.duration_s)
    truth = Truth(video.times_s, video.aperture, clip.sync_lag_ms / 1000, bilabial_spans(phonemes), pauses)
    return ClipCase(clip, audio, video, truth)


def _score_track(case: ClipCase, others: Sequence[Truth]) -> Report:
    times = case.video.times_s
    track, status = _predicted(case, times)
    # A mouth track knows shares of the speaker's own wide vowel, so it is scaled by what that is for this speaker.
    aperture = track.openness.astype(np.float64) * metrics.peak_aperture(case.video.aperture)
    row = _row(case, status, times, aperture, others)
    row["method"] = track.method
    return row


def _predicted(case: ClipCase, times_s: np.ndarray) -> tuple[MouthTrack, str]:
    """The mouth that speech predicts, and what the weights knew of this clip."""
    if case.clip.may_train and fold_fusion(case.clip.name) is not None:
        return speech_track.mouth_track_without_clip(case.clip.name, case.audio, times_s), "cross_validated"
    track = speech_track.mouth_track_from_audio(case.audio, times_s)
    return track, _knowledge(case, track)


def _knowledge(case: ClipCase, track: MouthTrack) -> str:
    """Whether the shipped weights may have been shaped by this clip. A recogniser's were not."""
    return "seen" if case.clip.may_train and track.method == "learned" else "unseen"


def _row(case: ClipCase, status: str, times_s: np.ndarray, aperture: np.ndarray, others: Sequence[Truth]) -> Report:
    engine = curve_numbers(times_s, aperture, case.truth)
    if math.isfinite(engine["av_offset_ms"]):
        engine["av_offset_trusted"] = float(math.isfinite(case.clip.offset_limit_ms))
    return {
        "clip": case.clip.name,
        "status": status,
        "sync_lag_ms": case.clip.sync_lag_ms,
        "sync_conf": case.clip.sync_conf,
        "face_found_share": case.video.found_share,
        "engine": engine,
        "references": reference_numbers(times_s, aperture, case.truth, case.audio, others),
    }


def _score_render(case: ClipCase, others: Sequence[Truth], keep: Path | None, style: str) -> Report:
    from worker.engine.quality.self_driven import render_self_driven
    from worker.engine.voicing import frame_times_s  # these bring the renderer, which `track` never needs

    track, status = _predicted(case, frame_times_s(case.audio.duration_s, TalkingPhotoRequest.frame_rate))
    held_out = track if status == "cross_validated" else None
    with render_self_driven(case.clip.path, case.video, keep=keep, style=style, track=held_out) as rendered:
        video = track_video(rendered.output_path)
        row = _row(case, status, video.times_s, video.aperture, others)
        row["engine"].update(video_numbers(video, case.truth.pauses))  # type: ignore[attr-defined]
        row["engine"].update(rendered.picture_numbers(video))  # type: ignore[attr-defined]
        row["engine"].update(_closures(video, case))  # type: ignore[attr-defined]
        row["references"]["real"].update(video_numbers(case.video, case.truth.pauses))  # type: ignore[index]
        row["references"]["real"].update(_closures(case.video, case))  # type: ignore[index]
        _add_jitter(row, rendered.still_jitter_share())
        row["speed"] = {"render_s": rendered.render_s, "duration_s": case.audio.duration_s}
    return row


def _closures(video: VideoTrack, case: ClipCase) -> Numbers:
    return closures(video.times_s, video.aperture, case.truth, case.video.aperture)


def _add_jitter(row: Report, floor: float) -> None:
    """`jitter_share` over the tracker's own noise on the still photo, and against the real clip's."""
    engine, references = row["engine"], row["references"]
    references["static"]["jitter_share"] = floor  # type: ignore[index]
    real = references["real"]["jitter_share"]  # type: ignore[index]
    engine["jitter_ratio"] = engine["jitter_share"] / real if real else math.nan  # type: ignore[index,operator]
    engine["jitter_share"] = metrics.above_floor(engine["jitter_share"], floor)  # type: ignore[index]


def video_numbers(video: VideoTrack, pauses: Sequence[Span]) -> Numbers:
    """Numbers of one tracked video that need nothing to compare with."""
    rate, gap_s = metrics.blink_rate(video.times_s, video.eye_openness)
    still = np.zeros(len(video.times_s), bool)
    for pause in pauses:
        still |= (video.times_s > pause.start_s + metrics.PAUSE_SKIP_START_S) & (
            video.times_s < pause.end_s - metrics.PAUSE_SKIP_END_S
        )
    for blink in metrics.blinks(video.times_s, video.eye_openness):  # wanted motion, and the tracker shakes with it
        around = (video.times_s > blink.start_s - _AROUND_BLINK_S) & (video.times_s < blink.end_s + _AROUND_BLINK_S)
        still &= ~around
    return {
        "flicker_per_10_s": metrics.flicker_per_10_s(video.times_s, video.mouth_change),
        "jitter_share": metrics.jitter_share(video.landmarks_px, video.inter_ocular_px, still),
        "fast_energy_share": metrics.fast_energy_share(video.times_s, video.aperture),
        "blinks_per_minute": rate,
        "longest_gap_s": gap_s,
    }


def score_pair(
    video_path: Path, audio_path: Path | None, reference_path: Path | None, phonemes: list[Phoneme]
) -> Report:
    """Numbers of one finished video; against a real clip and against exact phonemes where these are given."""
    audio = load_audio(audio_path or video_path)
    video = track_video(video_path)
    pauses = metrics.pauses_between(speech_spans(audio), audio.duration_s)
    bilabials = bilabial_spans(phonemes)
    numbers: Numbers = {
        "face_found_share": video.found_share,
        "peak_aperture": metrics.peak_aperture(video.aperture),
        "bilabial_closure": metrics.bilabial_closure(video.times_s, video.aperture, bilabials),
        "closure_offset_ms": metrics.closure_offset_ms(video.times_s, video.aperture, bilabials),
        "silence_closure": metrics.silence_closure(video.times_s, video.aperture, pauses),
        **video_numbers(video, pauses),
    }
    if audio_path is not None:  # a video's own sound ends where its codec's last block does, and says nothing
        numbers["length_delta_frames"] = _length_delta(video, audio)
    report: Report = {"level": "pair", "engine": numbers}
    if reference_path is not None:
        reference = track_video(reference_path)
        truth = Truth(reference.times_s, reference.aperture, 0.0, bilabials, pauses)
        numbers.update(curve_numbers(video.times_s, video.aperture, truth))
        report["references"] = reference_numbers(video.times_s, video.aperture, truth, audio, [])
    report["gates"] = verdicts(numbers)
    return report


def _length_delta(video: VideoTrack, audio: Audio) -> float:
    if len(video.times_s) < 2:
        return float("nan")
    frame_s = float(np.median(np.diff(video.times_s)))
    return metrics.length_delta_frames(len(video.times_s), 1 / frame_s, audio.duration_s)


def _medians(rows: Sequence[Report]) -> Report:
    engine = [dict(row["engine"]) for row in rows]  # type: ignore[call-overload]
    for numbers in engine:
        # Where a clip's own sync is unclear, its offset says nothing about ours.
        if not numbers.pop("av_offset_trusted", 0.0):
            numbers.pop("av_offset_ms", None)
    references = {
        name: median_numbers([row["references"][name] for row in rows])  # type: ignore[index]
        for name in ("real", "static", "jaw_flap", "shuffled")
    }
    return {"clips": len(rows), "engine": median_numbers(engine), "references": references}


def _for_gates(report: Report) -> Numbers:
    medians: Report = report["medians"]  # type: ignore[assignment]
    numbers: Numbers = dict(medians["engine"])  # type: ignore[call-overload]
    numbers["shuffled_aperture_r"] = medians["references"]["shuffled"].get("aperture_r", float("nan"))  # type: ignore[index]
    scripted = report.get("scripted")
    if isinstance(scripted, dict):  # exact phoneme times beat aligned ones
        numbers["bilabial_closure"] = scripted["medians"]["bilabial_closure"]
    return numbers


def _read_phonemes(path: Path | None) -> list[Phoneme]:
    if path is None:
        return []
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return [Phoneme(str(r["symbol"]), float(r["start_s"]), float(r["end_s"])) for r in rows]
    except OSError as error:
        raise EngineFailure(FailureCode.FILE_MISSING) from error
    except (ValueError, TypeError, KeyError) as error:
        raise EngineFailure(FailureCode.FILE_UNREADABLE) from error


def json_able(value: object) -> object:
    """NaN and infinities become None, NumPy numbers Python's, floats keep five digits."""
    if isinstance(value, dict):
        return {str(key): json_able(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_able(item) for item in value]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(f"{float(value):.5g}") if math.isfinite(value) else None
    return value
