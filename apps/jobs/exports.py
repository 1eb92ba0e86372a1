"""Paid exports: their price, and ordering them. What can be exported is a table; a new kind of project is one row.

project → `measured` (what would be made, how long, how large) → `quote_export` (a stored price) → `order_export`.
"""

import difflib
import hashlib
import json
import re
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.db.models import Case, QuerySet, When
from django.http import Http404
from django.utils import timezone

from apps.accounts.models import User
from apps.core.failures import SiteFailure
from apps.core.turns import writing_turn
from apps.jobs import pricing
from apps.jobs.film_pricing import changed_scenes, film_content, paid_seconds
from apps.jobs.models import Job, Quote
from apps.jobs.presets import PRESETS, Preset, estimated_bytes, presets_for, rate_for, size_for
from apps.jobs.pricing import SPARE_S, PaidWork, PricedSegment
from apps.jobs.services import ACTIVE_STATES, submit
from apps.projects import options
from apps.projects.branding import cards_s
from apps.projects.films import (
    PICTURES,
    SCENE_MIN_S,
    about_s,
    length_of_film,
    scenes_of,
    shown_in,
    shown_s,
    size_px,
    title_of_scene,
)
from apps.projects.lines import KEEPS_LENGTH
from apps.projects.models import Project
from apps.projects.orders import render_request
from apps.projects.recordings import heard_s
from apps.uploads.models import Asset

SHORT_SIDE_4K_PX, LONG_SIDE_4K_PX = 2160, 3840
RESOLUTIONS = {"source": SHORT_SIDE_4K_PX, "1080p": pricing.SHORT_SIDE_STANDARD_PX}
EXPORTS_SHOWN_MAX = 30
_HEADROOM, _HEADROOM_S = 1.25, 1.0  # how far a voice may exceed our guess; what is not used is given back
_RECENT = 20
_SENTENCE = re.compile(r"(?<=[.!?…。！？])\s+|\n+")
# Changing these makes the same video in another form, which was paid for already.
_FORM = frozenset(
    {"aspect", "caption_text", "captions", "film", "fps", "label_corner", "largest_px", "wanted_fps"}
    | {"bookends", "caption_brand", "logo", "logo_asset"}
    | {"max_duration_s", "max_short_side_px", "preset", "watermark"}
)


@dataclass(frozen=True)
class ExportChoice:
    """How an export is wanted; everything else is the project's. None: the first format that fits, the
    project's frame rate, no label."""

    preset: str | None = None
    resolution: str = "source"
    frames_per_second: str | None = None
    label_corner: str | None = None


@dataclass(frozen=True)
class Measured:
    """What an export would be: the whole order, and its length and size as far as they are known beforehand.

    `width_px`, `height_px` before any limit on the resolution. `is_exact`: whether the length is known for sure.
    """

    request: dict[str, Any]
    duration_s: float
    is_exact: bool
    width_px: int
    height_px: int
    is_neural: bool = False
    paid_s: float | None = None  # of a film: its seconds, counted by what they cost; None: as many as there are
    scene_lengths_s: tuple[float, ...] = ()


@dataclass(frozen=True)
class Exportable:
    """A kind of project that can be exported. `changes`: the segments of it that changed since an earlier order.

    `keeps_rate`: frames are shown as they were filmed, at no other rate.
    """

    work: PaidWork
    measure: Callable[[Project], Measured]
    changes: Callable[[dict[str, Any], Measured], Sequence[PricedSegment] | None]
    keeps_rate: bool = False


def measure_talking_photo(project: Project) -> Measured:
    """Raises SiteFailure as `projects.services.render_request`, with the longer limits of exports."""
    order = render_request(project, max_duration_s=options.EXPORT_DURATION_MAX_S)
    assert project.portrait is not None
    found = project.portrait.preflight or {}
    width = int(found.get("width_px") or project.portrait.width_px or 0)
    height = int(found.get("height_px") or project.portrait.height_px or 0)
    if min(width, height) < 1:
        raise SiteFailure("asset_not_ready")
    width, height = _framed(width, height, str(order["aspect"]))
    if order.get("script"):
        duration_s, is_exact = _spoken_s(project, order["script"])
    else:
        duration_s, is_exact = _moved_s(project, order), True
    if duration_s <= 0:
        raise SiteFailure("asset_not_ready")
    return Measured(order, duration_s, is_exact, width, height)


def measure_video_dub(project: Project) -> Measured:
    """As `measure_talking_photo`, for a clip: it keeps its size, and with most sync modes its length."""
    order = render_request(project, max_duration_s=options.EXPORT_DURATION_MAX_S)
    assert project.clip is not None
    clip = project.clip
    width, height = clip.width_px or 0, clip.height_px or 0
    if min(width, height) < 1 or not clip.duration_s:
        raise SiteFailure("asset_not_ready")
    if order.get("lines"):
        voice_s, is_exact = _with_lines_s(project, order["lines"], clip.duration_s)
    elif order["script"]:
        voice_s, is_exact = _spoken_s(project, order["script"])
    else:
        voice_s, is_exact = heard_s(project.voice, project.settings_now()), True
    if voice_s <= 0:
        raise SiteFailure("asset_not_ready")
    if order["aspect"] != "source":
        width, height = _reframed(width, height, order["aspect"])
    order["fps"] = str(((clip.preflight or {}).get("video") or {}).get("frame_rate") or "25")
    mode = order["sync_mode"]
    if order.get("lines"):
        return Measured(order, voice_s, is_exact, width, height)
    if mode == "silence":
        return Measured(order, clip.duration_s, is_exact=True, width_px=width, height_px=height)
    duration_s = min(voice_s, clip.duration_s) if mode == "cut_off" else voice_s
    return Measured(order, duration_s, is_exact, width, height)


def measure_film(project: Project) -> Measured:
    """As `measure_talking_photo`, for a film: the sum of its scenes."""
    order = render_request(project, max_duration_s=options.EXPORT_DURATION_MAX_S)
    scenes, (projects, assets) = scenes_of(project), shown_in([project])
    lengths_s, sides_px, is_exact = [], [], True
    for number, scene in enumerate(scenes, start=1):
        source: Project | Asset = projects[scene["project"]] if scene["project"] else assets[scene["asset"]]
        whole_s, is_known = about_s(source), True
        if isinstance(source, Project):
            measured = EXPORTABLE[source.kind].measure(source)
            whole_s, is_known = measured.duration_s, measured.is_exact
        length_s = shown_s(scene, whole_s, is_picture=source.kind in PICTURES)
        if length_s < SCENE_MIN_S - 0.01:
            facts = {"start_s": scene["start_s"], "end_s": whole_s, "needed_s": SCENE_MIN_S}
            raise SiteFailure("scene_trimmed_away", scene=number, scene_title=title_of_scene(source), **facts)
        lengths_s.append(length_s)
        sides_px.append(min(size_px(source)))
        is_exact = is_exact and is_known
    total_s = length_of_film(lengths_s, [scene["fade_s"] for scene in scenes])
    if total_s > options.EXPORT_DURATION_MAX_S + 0.5:
        raise SiteFailure("clip_too_long", duration_s=total_s, max_s=options.EXPORT_DURATION_MAX_S)
    width, height = _in_shape(min(max(sides_px), SHORT_SIDE_4K_PX), order["aspect"])
    paid_s = paid_seconds(order["scenes"], lengths_s)
    return Measured(order, total_s, is_exact, width, height, paid_s=paid_s, scene_lengths_s=tuple(lengths_s))


def _changed_scenes(paid: dict[str, Any], now: Measured) -> Sequence[PricedSegment] | None:
    return changed_scenes(paid, now.request["scenes"], now.scene_lengths_s)


def _with_lines_s(project: Project, lines: Sequence[dict[str, Any]], clip_s: float) -> tuple[float, bool]:
    """How long a clip is once single lines of it are said anew: only those that move the picture change that."""
    total_s, is_exact = clip_s, True
    ids = [line["voice_asset"] for line in lines if line["voice_asset"]]
    recorded = {
        str(pk): duration_s or 0.0
        for pk, duration_s in Asset.objects.filter(pk__in=ids, owner_id=project.owner_id).values_list(
            "pk", "duration_s"
        )
    }
    for line in lines:
        if line["sync_mode"] in KEEPS_LENGTH:
            continue
        slot_s = line["end_s"] - line["start_s"]
        if line["voice_asset"]:
            said_s = recorded.get(line["voice_asset"], 0.0)
        else:
            said_s, is_known = _spoken_s(project, line["script"])
            is_exact = is_exact and is_known
        total_s += said_s - slot_s if line["sync_mode"] == "remap" else max(0.0, said_s - slot_s)
    return total_s, is_exact


def _reframed(width_px: int, height_px: int, aspect: str) -> tuple[int, int]:
    """The size of a clip in another shape: its own short side, at most what platforms show."""
    return _in_shape(min(width_px, height_px, pricing.SHORT_SIDE_STANDARD_PX), aspect)


def _in_shape(short: int, aspect: str) -> tuple[int, int]:
    across, down = (int(part) for part in aspect.split(":"))
    return (short, round(short * down / across)) if across <= down else (round(short * across / down), short)


def changed_lines(paid: dict[str, Any], now: Measured) -> Sequence[PricedSegment] | None:
    """A dub's lines, with those that were paid before left unchanged; None when more than lines differ, or when a new
    one makes the picture longer. A dub without lines is made, and paid, as a whole.
    """
    before, after = paid.get("lines"), now.request.get("lines")
    if not before or not after or _content({**paid, "lines": None}) != _content({**now.request, "lines": None}):
        return None
    others = [line for line in [*before, *after] if line not in before or line not in after]
    if any(line["sync_mode"] not in KEEPS_LENGTH for line in others):
        return None
    return [PricedSegment(line["end_s"] - line["start_s"], is_changed=line not in before) for line in after]


def _moved_s(project: Project, order: dict[str, Any]) -> float:
    """How long the clip, the recording or the idle loop is that moves the photo."""
    if order.get("idle_s"):
        return float(order["idle_s"])
    if order.get("voice_asset") and not order.get("drive_asset"):
        return heard_s(project.voice, project.settings_now())
    mover = order.get("drive_asset")
    found = Asset.objects.filter(pk=mover, owner_id=project.owner_id).values_list("duration_s", flat=True).first()
    return float(found or 0.0)


def _framed(width_px: int, height_px: int, aspect: str) -> tuple[int, int]:
    """The largest part of the picture in that shape."""
    if aspect == "source":
        return width_px, height_px
    across, down = (int(part) for part in aspect.split(":"))
    if width_px * down < height_px * across:
        return width_px, max(1, width_px * down // across)
    return max(1, height_px * across // down), height_px


def around_s(result: Mapping[str, Any]) -> float:
    """How much of a finished video is the cards before and after it."""
    return float(result.get("intro_s") or 0.0) + float(result.get("outro_s") or 0.0)


def _spoken_s(project: Project, script: dict[str, Any]) -> tuple[float, bool]:
    """How long the script takes: as it was when it was last spoken or rendered here, else a guess."""
    done = Job.objects.filter(owner_id=project.owner_id, state=Job.State.SUCCEEDED, output__duration_s__gt=0)
    recent = done.exclude(kind=Job.Kind.PREFLIGHT).order_by("-queued_at")
    for request, duration_s, made in recent.values_list("request", "output__duration_s", "result")[:_RECENT]:
        if request.get("script") == script:
            return float(duration_s) - around_s(made), True
    guess_s = options.spoken_duration_s(script["text"], float(script.get("rate", 1.0)))
    if guess_s > options.EXPORT_DURATION_MAX_S:
        raise SiteFailure("script_too_long")
    return min(guess_s * _HEADROOM + _HEADROOM_S, options.EXPORT_DURATION_MAX_S), False


def changed_sentences(paid: dict[str, Any], now: Measured) -> Sequence[PricedSegment] | None:
    """The script's sentences, with those that were paid before left unchanged; None when more than words differ."""
    before, after = paid.get("script"), now.request.get("script")
    if not before or not after or _content({**paid, "script": None}) != _content({**now.request, "script": None}):
        return None
    if {**before, "text": ""} != {**after, "text": ""}:
        return None
    old, new = _sentences(before["text"]), _sentences(after["text"])
    kept: set[int] = set()
    for block in difflib.SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks():
        kept.update(range(block.b, block.b + block.size))
    letters = sum(map(len, new)) or 1
    share_s = [now.duration_s * len(sentence) / letters for sentence in new]
    return [PricedSegment(length_s, is_changed=at not in kept) for at, length_s in enumerate(share_s)]


def _sentences(text: str) -> list[str]:
    return [" ".join(part.split()) for part in _SENTENCE.split(text) if part.strip()]


EXPORTABLE: dict[str, Exportable] = {
    Project.Kind.TALKING_PHOTO: Exportable(PaidWork.TALKING_PHOTO, measure_talking_photo, changed_sentences),
    Project.Kind.VIDEO_DUB: Exportable(PaidWork.DUB, measure_video_dub, changed_lines, keeps_rate=True),
    Project.Kind.FILM: Exportable(PaidWork.FILM, measure_film, _changed_scenes, keeps_rate=True),
}


def quote_export(user: User, project: Project, choice: ExportChoice) -> Quote:
    """The price of exporting the project as it is now; stored, so that it can be ordered for a quarter of an hour.

    Raises SiteFailure: option_invalid, and every reason for which the project cannot be rendered.
    """
    quote = price_export(user, project, choice)
    with writing_turn():
        quote.save(force_insert=True)
    return quote


def price_export(user: User, project: Project, choice: ExportChoice) -> Quote:
    """As `quote_export`, not stored yet: for telling only."""
    exportable = EXPORTABLE.get(project.kind)
    if exportable is None:
        raise SiteFailure("not_exportable")
    _check_choice(choice)
    if exportable.keeps_rate and choice.frames_per_second is not None:
        raise SiteFailure("option_invalid", option="frames_per_second", reason="a dub keeps the clip's own")
    measured = exportable.measure(project)
    preset = _chosen_preset(choice, measured)
    largest = _limited(measured, RESOLUTIONS[choice.resolution])
    width, height = size_for(preset, *largest)
    price = _price(user, exportable, measured, width, height)
    fps = choice.frames_per_second or measured.request["fps"]
    request = measured.request | {
        "film": project.kind,
        "watermark": False,
        "label_corner": choice.label_corner,
        "preset": preset.name,
        "fps": fps if exportable.keeps_rate else rate_for(preset, fps),
        "largest_px": list(largest),  # what a format without limits would have, and at which rate
        "wanted_fps": fps,
        "max_short_side_px": min(width, height),
        "max_duration_s": float(pricing.billed_seconds(measured.duration_s) + SPARE_S),
    }
    size_bytes = estimated_bytes(
        preset,
        width_px=width,
        height_px=height,
        duration_s=measured.duration_s + cards_s(project),
        frame_rate=Fraction(request["fps"]),
    )
    return Quote(
        owner=user,
        project=project,
        request=request,
        work=exportable.work,
        content_key=content_key(exportable.work, measured.request),
        credits=price.credits,
        seconds=price.seconds,
        credits_per_s=price.credits_per_s,
        neural_factor=price.neural_factor,
        size_factor=price.size_factor,
        duration_s=measured.duration_s,
        is_exact=measured.is_exact,
        width_px=width,
        height_px=height,
        size_bytes=size_bytes,
        valid_until=price.valid_until,
    )


def _check_choice(choice: ExportChoice) -> None:
    allowed: dict[str, Iterable[str]] = {
        "preset": [preset.name for preset in PRESETS],
        "resolution": RESOLUTIONS,
        "frames_per_second": options.FRAME_RATES,
        "label_corner": options.LABEL_CORNERS,
    }
    for name, values in allowed.items():
        value = getattr(choice, name)
        if value not in values and not (value is None and name != "resolution"):
            raise SiteFailure("option_invalid", option=name, allowed=list(values))


def _chosen_preset(choice: ExportChoice, measured: Measured) -> Preset:
    fitting = {preset.name: preset for preset in presets_for(measured.request)}
    if choice.preset is None:
        return next(iter(fitting.values()))
    if choice.preset not in fitting:
        raise SiteFailure("option_invalid", option="preset", allowed=list(fitting))
    return fitting[choice.preset]


def _limited(measured: Measured, short_side_px: int) -> tuple[int, int]:
    """The size of the output, even numbers, at most 4K."""
    width, height = measured.width_px, measured.height_px
    scale = min(1.0, short_side_px / min(width, height), LONG_SIDE_4K_PX / max(width, height))
    return max(2, int(width * scale) // 2 * 2), max(2, int(height * scale) // 2 * 2)


def _price(user: User, exportable: Exportable, measured: Measured, width: int, height: int) -> pricing.Quote:
    """The whole price; nothing for another form of what was paid; only what changed where a part was paid."""
    facts = {"width_px": width, "height_px": height, "is_neural": measured.is_neural, "now": timezone.now()}
    whole = pricing.quote(exportable.work, measured.paid_s or measured.duration_s, **facts)
    paid = Quote.objects.filter(
        owner=user,
        work=exportable.work,
        size_factor__gte=whole.size_factor,
        neural_factor__gte=whole.neural_factor,
        job__state=Job.State.SUCCEEDED,
        job__kind=Job.Kind.EXPORT,
    )
    key = content_key(exportable.work, measured.request)
    is_other = Case(When(content_key=key, then=0), default=1)  # the very same first, however long ago
    prices = [whole]
    for known, order in paid.order_by(is_other, "-created_at").values_list("content_key", "request")[:_RECENT]:
        segments = [] if known == key else exportable.changes(order, measured)
        if segments is not None:
            prices.append(pricing.quote_changes(exportable.work, segments, **facts))
    return min(prices, key=lambda price: price.credits)


def _content(order: dict[str, Any]) -> dict[str, Any]:
    content = {name: value for name, value in order.items() if name not in _FORM}
    return content | {"scenes": film_content(order["scenes"])} if "scenes" in order else content


def content_key(work: str, order: dict[str, Any]) -> str:
    """Names what is shown and said, whichever shape and format it comes in."""
    text = json.dumps([work, _content(order)], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def get_quote_for(user: User, quote_id: object) -> Quote:
    """The user's own quote; Http404 for everybody else's, and for malformed ids."""
    try:
        wanted = uuid.UUID(str(quote_id))
    except ValueError:
        raise Http404("no such quote") from None
    quote = Quote.objects.select_related("project").filter(pk=wanted, owner_id=user.pk).first()
    if quote is None:
        raise Http404("no such quote")
    return quote


def is_in_making(quote: Quote) -> bool:
    """Whether the very same export is waiting or running already, so that nobody pays twice by mistake."""
    same = {"owner_id": quote.owner_id, "kind": Job.Kind.EXPORT, "quote__content_key": quote.content_key}
    running = Job.objects.filter(**same, state__in=ACTIVE_STATES).select_related("quote")
    return any(job.request == quote.request for job in running)


def order_export(user: User, quote: Quote, *, idempotency_key: str | None = None) -> Job:
    """Have it made for that price: its credits are reserved now, taken when it is done. Twice is the same job.

    Raises SiteFailure: quote_expired, credits_short, and what `submit` raises.
    """
    return submit(
        user,
        Job.Kind.EXPORT,
        project=quote.project,
        request=quote.request,
        quote=quote,
        idempotency_key=idempotency_key,
    )


def exports_of(project: Project) -> QuerySet[Job]:
    """The project's exports, newest first."""
    return (
        Job.objects.filter(project=project, kind=Job.Kind.EXPORT)
        .select_related("output", "thumbnail", "project", "quote", "hold__settlement")
        .order_by("-queued_at")[:EXPORTS_SHOWN_MAX]
    )


def sweep_quotes(older_than: Any) -> int:
    """Forget prices that were never ordered. Returns how many."""
    return Quote.objects.filter(created_at__lt=older_than, job=None).delete()[0]
