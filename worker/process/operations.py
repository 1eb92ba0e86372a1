"""What an engine process can do for its worker. Knows the engine and composition, and nothing of the site.

The engine's modules are loaded by `warm_up`, inside the engine process; a worker that imports this module stays light.
"""

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from worker.engine.contracts import FrameStage, Hooks, RenderResult, SoundStage, TalkingPhotoRequest, VideoDubRequest
from worker.engine.failures import EngineFailure, FailureCode
from worker.process.captions import caption_cues, make_captions
from worker.process.looks import follow
from worker.process.orders import (
    IdentifyOrder,
    MomentOrder,
    PreflightOrder,
    ReadyRecording,
    RecordingOrder,
    RenderedVideo,
    RenderOrder,
    ShownMoment,
    Speech,
    SpeechOrder,
    VoicesOrder,
)
from worker.process.parts import Part
from worker.process.stills import take_still
from worker.process.thumbnails import make_thumbnail, propose_thumbnails
from worker.process.tracks import make_track, track_report, with_edits

if TYPE_CHECKING:
    from worker.compose.brand_plan import Bookends
    from worker.compose.certificates import SigningKey
    from worker.compose.stages import ComposeOptions
    from worker.engine.finishing import StageFactory

    Maker = Callable[[Any, Hooks, StageFactory | None], RenderResult]

logger = logging.getLogger(__name__)

RENDER_SHARE = 0.8  # of the progress, where the video is encoded once more for its delivery
POSTER_SIDE_PX = 640
POSTER_QUALITY = 85
PREVIEW_SIDE_PX = 1600
PREVIEW_QUALITY = 88


def warm_up() -> None:
    """Load what costs seconds, so that the first job does not pay for it."""
    import worker.compose.credentials
    import worker.compose.delivery
    import worker.compose.stages
    import worker.engine.moments
    import worker.engine.speech.voices
    import worker.engine.talking_photo
    import worker.engine.video_dub  # noqa: F401
    from worker.engine import preflight

    preflight.warm_up()


def preflight(order: PreflightOrder, hooks: Hooks) -> dict[str, object]:
    """The report on a file, JSON-able, and its preview if one is wanted; raises the failure that makes it unusable."""
    from worker.engine.preflight import preflight_file

    if order.kind == "track":
        return track_report(order.path)
    if order.kind in ("music", "picture"):
        return _look_at_plain(order)
    report = preflight_file(order.path, order.kind)
    problems = report["problems"]
    assert isinstance(problems, list)
    for problem in problems:
        raise EngineFailure(FailureCode(problem["code"]), at_s=problem["at_s"], **problem["detail"])
    if order.preview_path is not None and order.kind == "clip":
        write_poster(order.path, order.preview_path, at_s=_worth_showing_s(report))
    elif order.preview_path is not None:
        write_preview(order.path, order.preview_path)
    if order.kind == "portrait":
        report["picture_hash"] = _picture_hash(order.path)
    return report


def _look_at_plain(order: PreflightOrder) -> dict[str, object]:
    """Of what has nobody in it."""
    from worker.engine.plain_check import check_music, check_picture_alone

    if order.kind == "music":
        return check_music(order.path)
    report = check_picture_alone(order.path)
    report["picture_hash"] = _picture_hash(order.path)
    if order.preview_path is not None:
        write_preview(order.path, order.preview_path)
    return report


def _picture_hash(path: Path) -> str:
    """How the picture looks, so that a copy of one that was removed is recognised."""
    from worker.compose.picture_hash import picture_hash
    from worker.engine.media.images import load_image

    return picture_hash(load_image(path).rgb)


def _worth_showing_s(report: dict[str, object]) -> float:
    """The moment of a clip in which its first person was seen best."""
    people = report.get("people")
    return float(people[0]["at_s"]) if isinstance(people, list) and people else 0.0


def write_preview(picture_path: Path, preview_path: Path) -> None:
    """The picture as the engine sees it (upright, sRGB), as a JPEG that every browser shows at once."""
    from PIL import Image

    from worker.engine.media.images import load_image

    picture = Image.fromarray(load_image(picture_path).rgb)
    picture.thumbnail((PREVIEW_SIDE_PX, PREVIEW_SIDE_PX), Image.Resampling.LANCZOS)
    picture.save(preview_path, "JPEG", quality=PREVIEW_QUALITY)


def speak(order: SpeechOrder, hooks: Hooks) -> Speech:
    from worker.engine.speech.voices import synthesize

    rate, chars_to_cut = None, 0
    if order.slot_s is None:
        spoken = synthesize(order.script, order.output_path, order.voice_dir)
    else:
        from worker.engine.dub.fitting import fit_speech

        fitted = fit_speech(order.script, order.slot_s, order.output_path, order.voice_dir)
        spoken, rate, chars_to_cut = fitted.synthesis, round(fitted.rate, 3), fitted.chars_to_cut
    words = [(word.text, round(word.start_s, 3), round(word.end_s, 3)) for word in spoken.words]
    return Speech(Path(spoken.audio_path), spoken.duration_s, words, rate, chars_to_cut)


def talking_photo(order: RenderOrder, hooks: Hooks) -> RenderedVideo:
    """A photo speaks: see `_film`."""
    from worker.engine.talking_photo import animate

    is_marked = order.watermark  # whoever has seen clean pixels need not pay for them any more
    assert isinstance(order.request, TalkingPhotoRequest)
    request = replace(
        with_edits(replace(order.request, voice_dir=order.voice_dir), order.mouth_edits),
        fragments=order.fragments and is_marked,
        segments_dir=order.segments_dir if is_marked else None,
    )
    options = _compose_options(order)
    make = partial(animate, stages_key=_marks_key(options), sound_stage=_sound_stage(order))
    return _film(replace(order, request=request), hooks, make, options)


def moment(wanted: MomentOrder, hooks: Hooks) -> ShownMoment:
    """One frame of a talking photo, marked and signed as the whole video would be."""
    from PIL import Image

    from worker.compose.stages import stages_for
    from worker.engine.moments import show_moment

    order = wanted.render
    key = None if order.credentials_dir is None else _signing_key(order.credentials_dir)
    assert isinstance(order.request, TalkingPhotoRequest)
    options = _compose_options(order)
    request = with_edits(replace(order.request, voice_dir=order.voice_dir), order.mouth_edits)
    shown = show_moment(request, wanted.at_s, hooks, partial(stages_for, options))
    Image.fromarray(shown.rgb).save(order.poster_path, "JPEG", quality=POSTER_QUALITY)
    if key is not None:
        _sign(order.poster_path, order, key)
    height_px, width_px = shown.rgb.shape[:2]
    return ShownMoment(order.poster_path, width_px, height_px, shown.at_s, shown.duration_s, shown.reason)


def _compose_options(order: RenderOrder) -> "ComposeOptions":
    from worker.compose.stages import ComposeOptions

    cues, style = caption_cues(order)
    return ComposeOptions(
        order.watermark,
        order.label_corner,
        order.request.seed,
        order.render_id,
        captions=cues,
        caption_style=style,
        reserved_corner=order.reserved_corner,
        logo=order.logo,
        reserved_logo=order.reserved_logo,
        caption_brand=order.caption_brand,
    )


def _marks_key(options: "ComposeOptions") -> str:
    """Names everything that composition draws over frames with these options."""
    import worker.compose
    from worker.engine.versions import version_of

    return f"{version_of(Path(worker.compose.__path__[0]))} {options!r}"


def video_dub(order: RenderOrder, hooks: Hooks) -> RenderedVideo:
    """A clip says something else, in its own shape or in another: see `_film`."""
    from worker.engine.video_dub import dub
    from worker.process.shapes import dub_in_shape

    make = dub if order.aspect == "source" else partial(dub_in_shape, order.aspect)
    assert isinstance(order.request, VideoDubRequest)
    # a dub in another shape gets its marks last: nothing of it may be seen before
    is_live = order.fragments and order.watermark and order.aspect == "source"
    order = replace(order, request=replace(order.request, fragments=is_live))
    return _film(order, hooks, partial(make, sound_stage=_sound_stage(order)), _compose_options(order))


def film(order: RenderOrder, hooks: Hooks) -> RenderedVideo:
    """Several scenes, rendered already, become one video: see `_film`. Each scene brings its watermark, or gets it."""
    from worker.compose.film import join_scenes
    from worker.compose.film_plan import FilmRequest

    assert isinstance(order.request, FilmRequest)
    is_live = order.fragments and order.watermark  # every frame has the watermark in its pixels
    plain = replace(order, watermark=False, request=replace(order.request, fragments=is_live))
    return _film(plain, hooks, partial(join_scenes, sound_stage=_sound_stage(order)), _compose_options(plain))


def _sound_stage(order: RenderOrder) -> SoundStage | None:
    """What composition adds to the sound: music, if there is any."""
    bed = order.music
    if bed is None:
        return None
    from worker.compose.music import lay_music

    return lambda voice, duration_s, folder: lay_music(voice, bed, duration_s, folder)


def _film(order: RenderOrder, hooks: Hooks, make: "Maker", options: "ComposeOptions") -> RenderedVideo:
    """The video with its marks burned in by the one encode, in the format it is delivered in, and its first frame as
    the poster; both signed.
    """
    from worker.compose.delivery import DELIVERIES, deliver
    from worker.compose.stages import stages_for

    key = None if order.credentials_dir is None else _signing_key(order.credentials_dir)  # before minutes are spent

    def stages(width_px: int, height_px: int) -> Sequence[FrameStage]:
        return stages_for(options, width_px, height_px)

    encoding = Part(hooks, RENDER_SHARE, 1.0)
    rendering = hooks if DELIVERIES.get(order.preset) is None else Part(hooks, 0.0, RENDER_SHARE)
    bookends = order.bookends
    making = rendering if bookends is None else Part(rendering, 0.0, RENDER_SHARE)
    result = make(replace(order.request, voice_dir=order.voice_dir), making, stages)
    intro_s, outro_s = None, None
    if bookends is not None:
        result, intro_s, outro_s = _between_cards(result, bookends, Part(rendering, RENDER_SHARE, 1.0), options)
    path = deliver(
        result.output_path,
        order.preset,
        duration_s=result.duration_s,
        on_fraction=encoding.tell,
        should_stop=hooks.should_stop,
    )
    poster_width_px, poster_height_px = write_poster(path, order.poster_path, at_s=intro_s or 0.0)
    sidecar = None
    if key is not None:
        manifests = [_sign(one, order, key) for one in (path, order.poster_path)]
        sidecar = manifests[0] if manifests[0] != path else None
    return RenderedVideo(
        path=path,
        poster_path=order.poster_path,
        width_px=result.width_px,
        height_px=result.height_px,
        duration_s=result.duration_s,
        frame_count=result.frame_count,
        frame_rate=str(result.frame_rate),
        stage_seconds={stage: round(seconds, 3) for stage, seconds in result.stage_seconds.items()},
        warnings=tuple(result.warnings),
        poster_width_px=poster_width_px,
        poster_height_px=poster_height_px,
        sidecar_path=sidecar,
        render_id=order.render_id,
        scene_lengths_s=tuple(result.scene_lengths_s),
        segments=result.segments,
        segments_kept=result.segments_kept,
        intro_s=intro_s,
        outro_s=outro_s,
        excerpt=None if result.excerpt is None else asdict(result.excerpt),
        sheet={name: value for name, value in result.sheet.items() if math.isfinite(value)},  # JSON knows no NaN
    )


def _between_cards(
    result: RenderResult, bookends: "Bookends", hooks: Hooks, options: "ComposeOptions"
) -> tuple[RenderResult, float, float]:
    """Cards carry the marks of the video, but neither its captions nor the logo in the corner."""
    from worker.compose.brand_cards import with_cards
    from worker.compose.stages import stages_for

    plain = replace(options, captions=(), logo=None)
    return with_cards(result, bookends, hooks, stages_for(plain, result.width_px, result.height_px))


def _signing_key(folder: Path) -> "SigningKey":
    """The certificate to sign with; what is wrong with an unusable one, the log tells the operator."""
    from worker.compose.certificates import make_dev_certificate

    try:
        return make_dev_certificate(folder)
    except EngineFailure as failure:
        logger.error("the certificate for content credentials cannot be used: %s", failure.detail.get("reason"))
        raise EngineFailure(FailureCode.INTERNAL) from failure


def _sign(path: Path, order: RenderOrder, key: "SigningKey") -> Path:
    """Returns where the manifest is: in the file itself, or beside it."""
    from worker.compose.credentials import Ingredient, Making, Origin, sign

    # A dub changes somebody's video: that one comes first. Everything else is new, of what it was made of.
    inputs = sorted(order.inputs, key=lambda one: one.part != "clip")
    origin = Origin.EDITED if inputs and inputs[0].part == "clip" else Origin.CREATED
    made_of = [Ingredient(one.part, one.media_type, one.sha256) for one in inputs]
    return sign(path, Making(origin, ingredients=made_of, render_id=order.render_id), key)


def write_poster(video_path: Path, poster_path: Path, *, at_s: float = 0.0) -> tuple[int, int]:
    """A frame of the video as a JPEG; the first one is what a player shows before it starts, so that nothing jumps."""
    from PIL import Image

    from worker.engine.media.decode import decode_video

    frame = next(decode_video(video_path, start_s=at_s), None) or next(decode_video(video_path))
    picture = Image.fromarray(frame.rgb())
    picture.thumbnail((POSTER_SIDE_PX, POSTER_SIDE_PX), Image.Resampling.LANCZOS)
    picture.save(poster_path, "JPEG", quality=POSTER_QUALITY)
    return picture.size


def identify(order: IdentifyOrder, hooks: Hooks) -> dict[str, object]:
    """What the content credentials and the hidden mark say, JSON-able."""
    from worker.compose.certificates import ROOT, root_in
    from worker.compose.provenance import identify as read_both

    folder = order.credentials_dir
    root_pem = root_in(folder) if folder is not None and (folder / ROOT).is_file() else None
    found = read_both(order.path, root_pem)
    return {
        "made_here": found.is_made_here,
        "render_id": found.render_id,
        "has_hidden_mark": found.hidden_mark.render_id is not None,
        "credentials": found.credentials.state.value,
        "generator": found.credentials.generator,
        "issuer": found.credentials.issuer,
        "action": found.credentials.action,
    }


def prepare_recording(order: RecordingOrder, hooks: Hooks) -> ReadyRecording:
    from worker.engine.speech import cleaning

    made = cleaning.prepare_recording(
        order.path, order.output_path, start_s=order.start_s, end_s=order.end_s, clean=order.clean
    )
    return ReadyRecording(order.output_path, made.duration_s, made.warnings)


def voices(order: VoicesOrder, hooks: Hooks) -> list[dict[str, object]]:
    from worker.engine.speech.voices import list_voices

    return [asdict(voice) for voice in list_voices(order.voice_dir)]


OPERATIONS = {
    "captions": make_captions,
    "film": film,
    "follow": follow,
    "still": take_still,
    "track": make_track,
    "identify": identify,
    "moment": moment,
    "preflight": preflight,
    "recording": prepare_recording,
    "speak": speak,
    "talking_photo": talking_photo,
    "thumbnail": make_thumbnail,
    "thumbnail_proposals": propose_thumbnails,
    "video_dub": video_dub,
    "voices": voices,
}
