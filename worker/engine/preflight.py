"""A look at an upload before anything is rendered: can it be used, what may look bad, how long will it take.

Quick (a second or two, warm) and never surprised: whatever a file turns out to be, the answer is a report.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from pathlib import Path

import numpy as np

from worker.engine.contracts import LENGTH_SLACK_S, MAX_AUDIO_S, MIN_AUDIO_S, Span
from worker.engine.dub.report import look_over
from worker.engine.face.detection import kept_finder
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.audio import Audio, AudioLevel, ChannelTrouble, load_audio, measure_level, require_audible
from worker.engine.media.images import load_image
from worker.engine.media.kinds import MediaKind, sniff_kind
from worker.engine.media.probe import MediaInfo, probe
from worker.engine.portrait_check import Finding, check_picture

# A talking photo of 512 px on two CPU cores; what a job really takes is measured as it runs.
RENDER_START_S = 3.0
RENDER_S_PER_S = 0.6

QUIET_LUFS = -38.0
CLIPPED_SHARE = 0.002
NOISY_SNR_DB = 12.0
LITTLE_SPEECH_SHARE = 0.25
LONG_LEAD_S = 3.0
TELEPHONE_RATE_HZ = 11_025


class SoundWarning(StrEnum):
    QUIET = "quiet"
    CLIPPED = "clipped"
    NOISY = "noisy"
    LITTLE_SPEECH = "little_speech"
    STARTS_LATE = "starts_late"
    ONE_SIDED = "one_sided"
    OPPOSITE_PHASE = "opposite_phase"
    TELEPHONE = "telephone"
    DAMAGED = "damaged"


class ClipWarning(StrEnum):
    NO_SOUND = "no_sound"
    SILENT = "silent"
    NO_SPEECH = "no_speech"
    VARIABLE_RATE = "variable_rate"
    ROTATED = "rotated"
    INTERLACED = "interlaced"
    HDR = "hdr"
    DAMAGED = "damaged"
    SOUND_LONGER = "sound_longer"


_KIND_BY_HINT: Mapping[str, MediaKind] = {
    "portrait": MediaKind.PICTURE,
    "picture": MediaKind.PICTURE,
    "voice": MediaKind.SOUND,
    "sound": MediaKind.SOUND,
    "clip": MediaKind.VIDEO,
    "video": MediaKind.VIDEO,
}


def preflight_file(path: Path | str, kind_hint: str | None = None) -> dict[str, object]:
    """Look at one file.

    Args:
        path: any file.
        kind_hint: what it was given as: "portrait", "voice" or "clip"; None to go by its content. A clip with sound is
            welcome as a voice.

    Returns:
        A report of JSON types: `kind` ("picture", "sound", "video" or null when it could not be told), `ok`,
        `problems` (refusals) and `warnings`, each a list of {code, at_s, detail}; then by kind:
        picture: `width_px, height_px` (upright), `picture`, `faces` (see `CheckedFace`, boxes in pixels of the upright
        upload), `auto_face`, `auto_face_failure`;
        sound: `duration_s`, `sound`, `expected_render_s`;
        video: `width_px, height_px, duration_s`, `video`, `sound`, and, as estimates from a few frames a second,
        `people` (boxes in pixels of the upright frame at `at_s`), `cuts_s`, `sampled_frames`, `expected_render_s`.

    Raises:
        ValueError: an unknown `kind_hint`.
    """
    if kind_hint is not None and kind_hint not in _KIND_BY_HINT:
        raise ValueError(f"unknown kind {kind_hint!r}")
    path = Path(path)
    kind: MediaKind | None = None
    try:
        kind = sniff_kind(path)
        wanted = kind if kind_hint is None else _KIND_BY_HINT[kind_hint]
        if wanted is MediaKind.SOUND and kind is MediaKind.VIDEO:
            return _sound_report(path, MediaKind.SOUND)
        if wanted is not kind:
            raise EngineFailure(FailureCode.FILE_WRONG_KIND, found=kind.value, needed=wanted.value)
        if kind is MediaKind.PICTURE:
            return _picture_report(path)
        return _sound_report(path, kind) if kind is MediaKind.SOUND else _video_report(path)
    except EngineFailure as failure:
        return _report(kind, [_as_json(failure)], [])


def _report(
    kind: MediaKind | None, problems: list[dict[str, object]], warnings: list[dict[str, object]], **facts: object
) -> dict[str, object]:
    return {
        "kind": None if kind is None else kind.value,
        "ok": not problems,
        "problems": problems,
        "warnings": warnings,
        **facts,
    }


def _as_json(failure: EngineFailure) -> dict[str, object]:
    at_s = None if failure.at_s is None else round(failure.at_s, 3)
    detail = {key: round(v, 3) if isinstance(v, float) else v for key, v in failure.detail.items()}
    return {"code": failure.code.value, "at_s": at_s, "detail": detail}


def warm_up() -> None:
    """Load every model that a report may need, so that the first one is as quick as the others."""
    from worker.engine.speech.detection import speech_spans

    with kept_finder().lent() as finder:
        finder.find(np.zeros((64, 64, 3), np.uint8))
    speech_spans(Audio(np.zeros(16_000, np.float32), 16_000, 16_000, 1, 1.0))


# -- pictures ----------------------------------------------------------------------------------------------------------


def _picture_report(path: Path) -> dict[str, object]:
    picture = load_image(path)
    with kept_finder().lent() as finder:
        checked = check_picture(picture, finder)
    return _report(
        MediaKind.PICTURE,
        [p.as_json() for p in checked.problems],
        [w.as_json() for w in checked.warnings],
        width_px=picture.source_width_px,
        height_px=picture.source_height_px,
        picture={
            "format": picture.format,
            "has_alpha": picture.alpha is not None,
            "frames": picture.frames,
            "turned_upright": picture.orientation_applied,
        },
        faces=[face.as_json() for face in checked.faces],
        auto_face=checked.auto_face,
        auto_face_failure=None if checked.auto_face_failure is None else checked.auto_face_failure.as_json(),
    )


# -- sound -------------------------------------------------------------------------------------------------------------


def _sound_report(path: Path, kind: MediaKind) -> dict[str, object]:
    audio = load_audio(path)
    facts, warnings, problems = _listen(audio)
    return _report(
        kind,
        problems,
        [w.as_json() for w in warnings],
        duration_s=round(audio.duration_s, 3),
        sound=facts,
        expected_render_s=round(RENDER_START_S + RENDER_S_PER_S * audio.duration_s, 1),
    )


def _listen(audio: Audio) -> tuple[dict[str, object], list[Finding], list[dict[str, object]]]:
    """Facts, warnings and refusals about a voice."""
    level = measure_level(audio)
    spans: list[Span] = []
    problems: list[dict[str, object]] = []
    try:
        require_audible(level)
        from worker.engine.speech.detection import speech_spans  # loads torch, which pictures do without

        spans = speech_spans(audio)
        if not spans:
            raise EngineFailure(FailureCode.NO_SPEECH)
    except EngineFailure as failure:
        problems.append(_as_json(failure))
    speech_s = sum(span.duration_s for span in spans)
    snr_db = _signal_to_noise_db(audio, spans)
    facts: dict[str, object] = {
        "sample_rate_hz": audio.source_sample_rate_hz,
        "channels": audio.channels,
        "channel_trouble": None if audio.channel_trouble is None else audio.channel_trouble.value,
        "peak_dbfs": round(level.peak_dbfs, 1),
        "rms_dbfs": round(level.rms_dbfs, 1),
        "loudness_lufs": None if level.loudness_lufs is None else round(level.loudness_lufs, 1),
        "noise_dbfs": round(level.noise_dbfs, 1),
        "snr_db": None if snr_db is None else round(snr_db, 1),
        "clipped_share": round(level.clipped_share, 5),
        "speech_spans": [[round(span.start_s, 2), round(span.end_s, 2)] for span in spans],
        "speech_share": round(speech_s / audio.duration_s, 3),
        "proposed_emotion": _proposed_emotion(audio, spans),
    }
    warnings = [] if problems else _sound_warnings(audio, level, spans, snr_db)
    return facts, warnings, problems


def _proposed_emotion(audio: Audio, spans: list[Span]) -> dict[str, object] | None:
    """{emotion, intensity, scores}: how the voice sounds; a suggestion, None when too little is spoken."""
    from worker.engine.speech.emotion import propose_emotion  # loads torch, as the detection of speech does

    proposal = propose_emotion(audio, spans) if spans else None
    return None if proposal is None else proposal.as_json()


def _sound_warnings(audio: Audio, level: AudioLevel, spans: list[Span], snr_db: float | None) -> list[Finding]:
    found: list[Finding] = []

    def add(warning: SoundWarning, when: object, **detail: object) -> None:
        if when:
            found.append(Finding(warning.value, detail))

    loudness = level.rms_dbfs if level.loudness_lufs is None else level.loudness_lufs
    speech_share = sum(span.duration_s for span in spans) / audio.duration_s
    add(SoundWarning.QUIET, loudness < QUIET_LUFS, loudness_lufs=round(loudness))
    add(SoundWarning.CLIPPED, level.clipped_share > CLIPPED_SHARE, percent=round(100 * level.clipped_share, 1))
    add(
        SoundWarning.NOISY,
        snr_db is not None and snr_db < NOISY_SNR_DB,
        snr_db=None if snr_db is None else round(snr_db),
    )
    add(SoundWarning.LITTLE_SPEECH, speech_share < LITTLE_SPEECH_SHARE, percent=round(100 * speech_share))
    add(SoundWarning.STARTS_LATE, spans[0].start_s > LONG_LEAD_S, start_s=round(spans[0].start_s, 1))
    add(SoundWarning.ONE_SIDED, audio.channel_trouble is ChannelTrouble.ONE_SIDED)
    add(SoundWarning.OPPOSITE_PHASE, audio.channel_trouble is ChannelTrouble.OPPOSITE_PHASE)
    add(SoundWarning.TELEPHONE, audio.source_sample_rate_hz <= TELEPHONE_RATE_HZ, rate_hz=audio.source_sample_rate_hz)
    add(SoundWarning.DAMAGED, audio.damaged)
    return found


def _signal_to_noise_db(audio: Audio, spans: list[Span]) -> float | None:
    """Level of the voice over the quietest tenth of the recording (50 ms windows); None without speech."""
    if not spans:
        return None
    window = audio.sample_rate_hz // 20
    whole = audio.samples[: len(audio.samples) // window * window].reshape(-1, window)
    power = np.mean(whole.astype(np.float64) ** 2, axis=1) + 1e-12
    centres_s = (np.arange(len(power)) + 0.5) * window / audio.sample_rate_hz
    in_speech = np.zeros(len(power), bool)
    for span in spans:
        in_speech |= (centres_s >= span.start_s) & (centres_s < span.end_s)
    if not in_speech.any():
        return None
    return float(10 * np.log10(np.mean(power[in_speech]) / np.percentile(power, 10)))


# -- clips -------------------------------------------------------------------------------------------------------------


def _video_report(path: Path) -> dict[str, object]:
    info = probe(path)
    assert info.video is not None
    problems: list[dict[str, object]] = []
    if info.video.duration_s < MIN_AUDIO_S:
        short = EngineFailure(FailureCode.CLIP_TOO_SHORT, duration_s=info.video.duration_s, needed_s=MIN_AUDIO_S)
        problems.append(_as_json(short))
    if info.video.duration_s > MAX_AUDIO_S + LENGTH_SLACK_S:
        long = EngineFailure(FailureCode.CLIP_TOO_LONG, duration_s=info.video.duration_s, max_s=MAX_AUDIO_S)
        problems.append(_as_json(long))
    with ThreadPoolExecutor(1, thread_name_prefix="preflight-sound") as beside:  # neither needs the other
        hearing = beside.submit(clip_sound, path, info)
        with kept_finder().lent() as finder:
            seen = look_over(path, info.video, finder)
        sound_facts, sound_warnings = hearing.result()
    if not problems:
        problems += [_told(finding) for finding in seen.problems]
    warnings = [w.as_json() for w in _clip_warnings(info)] + [_told(finding) for finding in seen.warnings]
    return _report(
        MediaKind.VIDEO,
        problems,
        warnings + [w.as_json() for w in sound_warnings],
        width_px=info.video.width_px,
        height_px=info.video.height_px,
        duration_s=round(info.duration_s, 3),
        video=_video_facts(info),
        sound=sound_facts,
        **seen.facts,
    )


def _told(finding: tuple[str, float | None, dict[str, object]]) -> dict[str, object]:
    code, at_s, detail = finding
    return {"code": code, "at_s": at_s, "detail": detail}


def _video_facts(info: MediaInfo) -> dict[str, object]:
    video = info.video
    assert video is not None
    return {
        "container": info.container,
        "codec": video.codec,
        "frame_rate": f"{video.frame_rate.numerator}/{video.frame_rate.denominator}",
        "frames_per_second": round(float(video.frame_rate), 3),
        "is_variable_rate": video.is_variable_rate,
        "frame_count": video.frame_count,
        "duration_s": round(video.duration_s, 3),
        "rotation_deg": video.rotation_deg,
        "pixel_format": video.pixel_format,
        "bit_depth": video.bit_depth,
        "colour_transfer": video.colour_transfer,
        "is_interlaced": video.is_interlaced,
        "has_alpha": video.has_alpha,
    }


def clip_sound(path: Path, info: MediaInfo) -> tuple[dict[str, object] | None, list[Finding]]:
    """Facts about a clip's sound. A clip may be silent: its new voice comes from elsewhere."""
    if info.sound is None:
        return None, [Finding(ClipWarning.NO_SOUND.value, {})]
    try:
        audio = load_audio(path)
    except EngineFailure as failure:
        return None, [Finding(ClipWarning.NO_SOUND.value, {"reason": failure.code.value})]
    facts, warnings, problems = _listen(audio)
    facts = {"codec": info.sound.codec, "duration_s": round(audio.duration_s, 3), **facts}
    silent = {FailureCode.AUDIO_SILENT.value: ClipWarning.SILENT, FailureCode.NO_SPEECH.value: ClipWarning.NO_SPEECH}
    found = [Finding(silent[str(problem["code"])].value, {}) for problem in problems]
    return facts, found + [w for w in warnings if w.code != SoundWarning.DAMAGED.value or not info.damaged]


def _clip_warnings(info: MediaInfo) -> list[Finding]:
    """What the file itself says; what is seen in it comes from `dub.report`."""
    video = info.video
    assert video is not None
    found: list[Finding] = []

    def add(warning: ClipWarning, when: object, **detail: object) -> None:
        if when:
            found.append(Finding(warning.value, detail))

    sound_s = 0.0 if info.sound is None else info.sound.duration_s or 0.0
    add(ClipWarning.VARIABLE_RATE, video.is_variable_rate, frames_per_second=round(float(video.frame_rate), 2))
    add(ClipWarning.ROTATED, video.rotation_deg, rotation_deg=video.rotation_deg)
    add(ClipWarning.INTERLACED, video.is_interlaced)
    add(ClipWarning.HDR, video.colour_transfer != "sdr", transfer=video.colour_transfer)
    add(ClipWarning.DAMAGED, info.damaged, readable_s=round(video.duration_s, 2))
    add(ClipWarning.SOUND_LONGER, sound_s > video.duration_s + 0.5, sound_s=round(sound_s, 2))
    return found
