"""A finished video with everything an editor needs, as one archive: subtitles, edit list, picture, credentials.

The archive is written while it is sent: nothing is kept, and memory stays flat whatever the video's length.
"""

import asyncio
import json
import re
import zipfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.conf import settings
from django.core.signing import BadSignature, SignatureExpired, TimestampSigner
from django.urls import reverse

from apps.core.failures import SiteFailure
from apps.jobs.extras import words_request
from apps.jobs.models import Job
from apps.projects.films import scene_starts_s
from apps.uploads.models import Asset
from apps.uploads.services import open_asset

CREDENTIALS_TYPE = "application/c2pa"
_ENDINGS = {"video/mp4": ".mp4", "video/quicktime": ".mov", "video/webm": ".webm"}
_PICTURE_ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp"}
_CHUNK_BYTES = 512 * 1024
_UNFIT = re.compile(r"[^\w.,()&+-]+")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")  # written without spaces
_SIGNER = TimestampSigner(salt="apps.jobs.handoff")


@dataclass(frozen=True)
class Cue:
    start_s: float
    end_s: float
    text: str


@dataclass(frozen=True)
class Shot:
    """A scene of a film, where it lies in the finished video."""

    start_s: float
    end_s: float
    title: str


@dataclass(frozen=True)
class Package:
    """What goes into an archive: names, and bytes or stored files."""

    name: str
    entries: tuple[tuple[str, bytes | Asset], ...]


def handoff_url(job: Job) -> str:
    """A link to the archive that works for a while, for whoever has it. Raises render_not_ready."""
    _video_of(job)
    return reverse("jobs:handoff", args=[_SIGNER.sign(str(job.pk))])


def job_id_of(token: str) -> str | None:
    """Which job a link is for; None when it is none of ours. Raises link_expired."""
    try:
        return _SIGNER.unsign(token, max_age=settings.MEDIA_LINK_TTL_S)
    except SignatureExpired as error:
        raise SiteFailure("link_expired") from error
    except BadSignature:
        return None


def package_of(job: Job) -> Package:
    """Everything of a finished video that is there. Subtitles, where its words have been found. Raises
    render_not_ready.
    """
    video = _video_of(job)
    name = file_name(job.project.title if job.project is not None else "")
    film = f"{name}{_ENDINGS.get(video.content_type, '.mp4')}"
    cues = cues_of(job)
    entries: list[tuple[str, bytes | Asset]] = [(film, video)]
    if job.thumbnail is not None:
        entries.append((f"{name}.jpg", job.thumbnail))
    chosen = job.project.thumbnail if job.project is not None else None
    if chosen is not None:
        entries.append((f"{name}-thumbnail{_PICTURE_ENDINGS.get(chosen.content_type, '.jpg')}", chosen))
    if cues:
        entries += [(f"{name}.srt", as_srt(cues).encode()), (f"{name}.vtt", as_vtt(cues).encode())]
    rate = Fraction(str(job.result.get("frame_rate") or job.request.get("fps") or "25"))
    duration_s = video.duration_s or 0.0
    shots = shots_of(job, duration_s)
    entries.append((f"{name}.edl", edit_list(name, film, shots, rate, cues).encode()))
    entries.append((f"{name}.json", _facts(job, film, shots, rate, cues)))
    beside = video.derived.filter(content_type=CREDENTIALS_TYPE).first()
    if beside is not None:
        entries.append((f"{name}.c2pa", beside))
    return Package(f"{name}.zip", tuple((f"{name}/{one}", content) for one, content in entries))


def file_name(title: str) -> str:
    """A title as the name of a file, without its ending: no spaces, and nothing that a system may refuse."""
    return _UNFIT.sub("_", title).strip("_.")[:80] or "lipsmith"


def cues_of(job: Job) -> list[Cue]:
    """The captions of a video, if they were found already: see `extras.order_words`."""
    wanted = words_request(job)
    if wanted is None:
        return []
    found = Job.objects.filter(owner_id=job.owner_id, project_id=job.project_id, kind=Job.Kind.CAPTIONS)
    done = found.filter(state=Job.State.SUCCEEDED).order_by("-queued_at")
    result = next((one.result for one in done if one.request == wanted), {})
    rows: Sequence[Mapping[str, Any]] = result.get("fitted") or result.get("cues") or []
    later_s = float(job.result.get("intro_s") or 0.0)  # the words were found in the voice, which begins after the card
    spans = [(float(row["start_s"]) + later_s, float(row["end_s"]) + later_s, row) for row in rows if row.get("words")]
    return [Cue(start_s, end_s, _joined(row["words"])) for start_s, end_s, row in spans]


def _joined(words: Sequence[Mapping[str, Any]]) -> str:
    text = ""
    for word in (str(one["text"]) for one in words):
        text += word if not text or _UNSPACED.match(word) else f" {word}"
    return " ".join(text.replace("-->", "→").split())


def as_srt(cues: Sequence[Cue]) -> str:
    return "\n".join(
        f"{number}\n{_clock(cue.start_s, ',')} --> {_clock(cue.end_s, ',')}\n{cue.text}\n"
        for number, cue in enumerate(cues, start=1)
    )


def as_vtt(cues: Sequence[Cue]) -> str:
    plain = [(cue, cue.text.replace("&", "&amp;").replace("<", "&lt;")) for cue in cues]
    rows = [f"\n{_clock(cue.start_s, '.')} --> {_clock(cue.end_s, '.')}\n{text}\n" for cue, text in plain]
    return "WEBVTT\n" + "".join(rows)


def shots_of(job: Job, duration_s: float) -> list[Shot]:
    """The scenes of a film one after the other, a crossfade with the scene that comes in; of any other video, one."""
    rows, lengths_s = job.request.get("scenes") or [], job.result.get("scene_lengths_s") or []
    if len(rows) < 2 or len(rows) != len(lengths_s):
        return [Shot(0.0, duration_s, "")]
    before_s, after_s = (float(job.result.get(name) or 0.0) for name in ("intro_s", "outro_s"))
    faded_s = [float(row.get("fade_s") or 0.0) for row in rows]
    starts = [before_s + start_s for start_s in scene_starts_s(lengths_s, faded_s)]
    ends = [*starts[1:], duration_s - after_s]
    shots = [Shot(*span, str(row.get("title") or "")) for *span, row in zip(starts, ends, rows, strict=True)]
    intro = [Shot(0.0, before_s, "Opening card")] if before_s else []
    return [*intro, *shots, *([Shot(duration_s - after_s, duration_s, "Closing card")] if after_s else [])]


def edit_list(title: str, film: str, shots: Sequence[Shot], rate: Fraction, cues: Sequence[Cue]) -> str:
    """CMX 3600: the video's scenes as events, what is said as locators. Time code counts frames, none dropped."""
    lines = [f"TITLE: {title}", "FCM: NON-DROP FRAME", ""]
    for number, shot in enumerate(shots, start=1):
        span = f"{_timecode(shot.start_s, rate)} {_timecode(shot.end_s, rate)}"
        lines += [f"{number:03d}  AX       AA/V  C        {span} {span}", f"* FROM CLIP NAME: {film}"]
        lines += [f"* COMMENT: {' '.join(shot.title.split())}"] if shot.title else []
    lines += [f"* LOC: {_timecode(cue.start_s, rate)} GREEN   {cue.text}" for cue in cues]
    return "\r\n".join([*lines, ""])


def _timecode(seconds: float, rate: Fraction) -> str:
    frames, base = round(Fraction(seconds) * rate), max(1, round(rate))
    whole = frames // base
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}:{frames % base:02d}"


def _clock(seconds: float, point: str) -> str:
    ms = max(0, round(seconds * 1000))
    return f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}{point}{ms % 1000:03d}"


def _facts(job: Job, film: str, shots: Sequence[Shot], rate: Fraction, cues: Sequence[Cue]) -> bytes:
    video = _video_of(job)
    facts = {
        "file": film,
        "sha256": video.sha256,
        "ai_generated": True,
        "render_id": job.result.get("render_id"),
        "width_px": video.width_px,
        "height_px": video.height_px,
        "frame_rate": str(rate),
        "duration_s": video.duration_s,
        "preset": job.request.get("preset", "h264"),
        "events": [
            {"clip": film, "scene": shot.title, "source_in_s": shot.start_s, "source_out_s": shot.end_s}
            | {"record_in_s": shot.start_s}
            for shot in shots
        ],
        "captions": [{"start_s": cue.start_s, "end_s": cue.end_s, "text": cue.text} for cue in cues],
    }
    return json.dumps(facts, ensure_ascii=False, indent=2).encode()


def _video_of(job: Job) -> Asset:
    if job.state != Job.State.SUCCEEDED or job.output is None or job.output.kind != Asset.Kind.OUTPUT:
        raise SiteFailure("render_not_ready")
    return job.output


class _Sink:
    """What the archive writes into, until it is sent on. It cannot seek, so zipfile does not try."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def take(self) -> bytes:
        taken, self._parts = b"".join(self._parts), []
        return taken


async def archive_bytes(package: Package) -> AsyncIterator[bytes]:
    """The archive, piece by piece. Files are videos and pictures, which do not shrink: they are stored as they are."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:  # type: ignore[call-overload]
        for name, content in package.entries:
            if isinstance(content, bytes):
                archive.writestr(name, content)
                yield sink.take()
                continue
            with (
                await asyncio.to_thread(open_asset, content) as source,
                archive.open(name, "w", force_zip64=True) as to,
            ):
                while chunk := await asyncio.to_thread(source.read, _CHUNK_BYTES):
                    to.write(chunk)
                    yield sink.take()
    yield sink.take()
