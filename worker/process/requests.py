"""From an order's plain facts and its fetched files to a request of the engine. Knows nothing of the site.

`FILMS` is the table of what can be rendered: a new kind of film is one row, with its operation and its builder.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from worker.compose.brand_plan import Bookends, CaptionBrand, Card, Logo, LogoSpot, rgb_of
from worker.compose.film_plan import FilmRequest, FilmScene, size_in_shape
from worker.compose.music_bed import MusicBed
from worker.engine.contracts import (
    Adaptation,
    Aspect,
    Background,
    DubSegment,
    Emotion,
    FaceChoice,
    LifeScales,
    Moment,
    Pronunciation,
    Script,
    Style,
    SyncMode,
    TalkingPhotoRequest,
    VideoDubRequest,
)
from worker.engine.media.workspace import Workspace
from worker.process.orders import CaptionText, ProposalsOrder, ThumbnailOrder

MUSIC_NUMBERS = ("volume", "ducking", "fade_in_s", "fade_out_s")
PICTURE_TYPES = {".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp", ".gif": "image/gif"}
_ENDINGS = {"jpeg": ".jpg", "png": ".png", "webp": ".webp", "moving_webp": ".webp", "gif": ".gif"}
_SUFFIXES_BY_PRESET = {"prores_alpha": ".mov", "webm_alpha": ".webm"}


@dataclass(frozen=True)
class Places:
    """Where an order is carried out. `output_stem`: the video's path without its ending. `cache_dir`: what was found
    in clips, kept between jobs; None keeps nothing.
    """

    output_stem: Path
    device: str
    cache_dir: Path | None = None


Request = TalkingPhotoRequest | VideoDubRequest | FilmRequest
Builder = Callable[[Mapping[str, Any], Mapping[str, Path], Places], Request]


@dataclass(frozen=True)
class Film:
    """A kind of film: which operation of the engine's process makes it, and how it is asked for."""

    operation: str
    build: Builder


def talking_photo_request(order: Mapping[str, Any], files: Mapping[str, Path], places: Places) -> TalkingPhotoRequest:
    """files: "portrait", and "voice", "track" or "drive" where the order names them. Raises ValueError, KeyError,
    TypeError for an order that makes no sense.
    """
    background = Background(order.get("background") or "photo")
    script = order.get("script")
    return TalkingPhotoRequest(
        portrait_path=files["portrait"],
        output_path=places.output_stem.with_suffix(output_suffix(order)),
        audio_path=files.get("voice"),
        script=read_script(script) if script and "voice" not in files else None,
        face=read_face(order.get("face") or {}),
        aspect=Aspect(order.get("aspect", "source")),
        style=Style(order.get("style", "natural")),
        frame_rate=Fraction(str(order.get("fps", "25"))),
        seed=int(order.get("seed", 0)),
        device=places.device,
        max_short_side_px=order.get("max_short_side_px"),
        max_duration_s=float(order.get("max_duration_s", 60)),
        life=LifeScales(**{name: float(scale) for name, scale in (order.get("life") or {}).items()}),
        emotion=Emotion(order.get("emotion") or "neutral"),
        intensity=float(order.get("intensity", 0.6)),
        drive_path=files.get("drive"),
        track_path=files.get("track"),
        mute=bool(order.get("mute", False)),
        idle_s=None if order.get("idle_s") is None else float(order["idle_s"]),
        background=background,
        backdrop_path=files.get("backdrop"),
        **_behind(order.get("backdrop") or {}),
    )


def video_dub_request(order: Mapping[str, Any], files: Mapping[str, Path], places: Places) -> VideoDubRequest:
    """files: "clip", "voice" where the order names it, and a `line_part` for each line with a recording. Raises as
    `talking_photo_request`.
    """
    script = order.get("script")
    return VideoDubRequest(
        video_path=files["clip"],
        output_path=places.output_stem.with_suffix(".mp4"),
        audio_path=files.get("voice"),
        script=read_script(script) if script and "voice" not in files else None,
        face=read_face(order.get("face") or {}),
        segments=tuple(_segment(line, files.get(line_part(at))) for at, line in enumerate(order.get("lines") or ())),
        sync_mode=SyncMode(order.get("sync_mode", "cut_off")),
        keep_background=bool(order.get("keep_background", False)),
        strength=float(order.get("strength", 1.0)),
        adapt=Adaptation(order.get("adapt", "auto")),
        device=places.device,
        max_short_side_px=order.get("max_short_side_px"),
        max_duration_s=float(order.get("max_duration_s", 60)),
        cache_dir=places.cache_dir,
        window=Moment(order["moment"]) if order.get("moment") else None,
    )


def film_request(order: Mapping[str, Any], files: Mapping[str, Path], places: Places) -> FilmRequest:
    """files: a `scene_part` for each scene. Raises as `talking_photo_request`."""
    is_marked = bool(order.get("watermark", True))
    scenes = tuple(
        FilmScene(
            files[scene_part(number)],
            start_s=float(row["start_s"]),
            end_s=float(row["end_s"]),
            fade_s=float(row["fade_s"]),
            is_picture="picture_asset" in row,
            is_marked=is_marked and "order" in row,
            is_from_elsewhere="order" not in row,
        )
        for number, row in enumerate(order["scenes"])
    )
    width_px, height_px = size_in_shape(order["aspect"], int(order["max_short_side_px"]))
    return FilmRequest(
        scenes,
        places.output_stem.with_suffix(".mp4"),
        width_px,
        height_px,
        frame_rate=Fraction(str(order["fps"])),
        is_watermarked=is_marked,
        max_duration_s=float(order["max_duration_s"]),
    )


def scene_part(number: int) -> str:
    """What a scene's video is called among an order's files; scenes are counted from 0."""
    return f"scene-{number}"


def line_part(number: int) -> str:
    """What the recording of a line is called among an order's files; lines are counted from 0."""
    return f"line-{number}"


def _segment(line: Mapping[str, Any], recording: Path | None) -> DubSegment:
    return DubSegment(
        start_s=float(line["start_s"]),
        end_s=float(line["end_s"]),
        audio_path=recording,
        script=read_script(line["script"]) if recording is None else None,
        sync_mode=SyncMode(line.get("sync_mode") or "silence"),
    )


def caption_text(order: Mapping[str, Any]) -> CaptionText:
    """What captions show besides a script; nothing where the order says nothing of it."""
    text = order.get("caption_text") or {}
    return CaptionText(
        transcript=str(text.get("transcript") or ""),
        is_english=bool(text.get("is_english", True)),
        cues=tuple(text.get("cues") or ()),
        refit=bool(text.get("refit", False)),
    )


def voice_request(
    order: Mapping[str, Any], voice: Path | None, output_path: Path, voice_dir: Path
) -> TalkingPhotoRequest | VideoDubRequest:
    """A film of which only the voice is wanted: what is read of it is what the film itself would read."""
    script = read_script(order["script"]) if voice is None else None
    request = TalkingPhotoRequest if order.get("film", "talking_photo") == "talking_photo" else VideoDubRequest
    made = request(
        output_path,  # nobody looks at the picture
        output_path,
        audio_path=voice,
        script=script,
        voice_dir=voice_dir,
        max_duration_s=float(order.get("max_duration_s", 60)),
    )
    return replace(made, frame_rate=Fraction(str(order.get("fps", "25")))) if request is TalkingPhotoRequest else made


def _behind(backdrop: Mapping[str, Any]) -> dict[str, Any]:
    """What an order says of a new background; colours travel as one number."""
    wanted: dict[str, Any] = {}
    if "blur" in backdrop:
        wanted["backdrop_blur"] = float(backdrop["blur"])
    if "rgb" in backdrop:
        rgb = int(backdrop["rgb"])
        wanted["backdrop_rgb"] = (rgb >> 16, rgb >> 8 & 255, rgb & 255)
    return wanted


def output_suffix(order: Mapping[str, Any]) -> str:
    """The ending of what the renderer writes: see-through pictures need a format of their own."""
    if (order.get("background") or "photo") == Background.TRANSPARENT.value:
        return _SUFFIXES_BY_PRESET.get(str(order.get("preset")), ".webm")
    return ".mp4"


def music_of(order: Mapping[str, Any], files: Mapping[str, Path]) -> MusicBed | None:
    """files: "music" where the order names it. Raises EngineFailure (OPTION_INVALID), TypeError, ValueError."""
    wanted = order.get("music") or {}
    if "music" not in files:
        return None
    numbers = {name: float(wanted[name]) for name in MUSIC_NUMBERS if name in wanted}
    return MusicBed(files["music"], loops=bool(wanted.get("loops", True)), **numbers)


def logo_of(order: Mapping[str, Any], files: Mapping[str, Path], digest: str) -> Logo | None:
    """files: "logo" where the order names it, whose bytes have that digest. Raises as `music_of`."""
    if "logo" not in files:
        return None
    return Logo(files["logo"], digest, logo_spot(order["logo"]), float(order["logo"]["opacity"]))


def bookends_of(order: Mapping[str, Any], logo: Logo | None) -> Bookends | None:
    """Raises as `music_of`."""
    wanted = order.get("bookends") or {}
    cards = {
        name: Card(str(wanted[name]["text"]), float(wanted[name]["length_s"]))
        for name in ("intro", "outro")
        if wanted.get(name)
    }
    adds_watermark = "scenes" in order and bool(order.get("watermark", True))
    return Bookends(_brand(wanted["brand"]), logo=logo, adds_watermark=adds_watermark, **cards) if cards else None


def caption_brand_of(order: Mapping[str, Any]) -> CaptionBrand | None:
    return _brand(order["caption_brand"]) if order.get("caption_brand") else None


def _brand(wanted: Mapping[str, Any]) -> CaptionBrand:
    primary, accent, text = (rgb_of(str(wanted[name])) for name in ("primary", "accent", "text"))
    return CaptionBrand(primary, accent, text, str(wanted["typeface"]))


def logo_spot(wanted: Mapping[str, Any]) -> LogoSpot:
    return LogoSpot(str(wanted["corner"]), float(wanted["size"]))


def read_script(script: Mapping[str, Any]) -> Script:
    return Script(
        text=script["text"],
        voice=script["voice"],
        rate=float(script.get("rate", 1.0)),
        pitch=float(script.get("pitch", 1.0)),
        pronunciations=tuple(
            Pronunciation(str(row["word"]), str(row["said"])) for row in script.get("pronunciations") or ()
        ),
    )


def read_face(face: Mapping[str, Any]) -> FaceChoice:
    if face.get("point"):
        x, y = face["point"]
        return FaceChoice(point=(float(x), float(y)), at_s=float(face.get("at_s") or 0.0))
    return FaceChoice(index=face.get("index"))


FILMS: Mapping[str, Film] = {
    "talking_photo": Film("talking_photo", talking_photo_request),
    "video_dub": Film("video_dub", video_dub_request),
    "film": Film("film", film_request),
}


def thumbnail_order(
    order: Mapping[str, Any], video_path: Path, workspace: Workspace, credentials_dir: Path | None
) -> tuple[str, ProposalsOrder | ThumbnailOrder]:
    """The operation, and what it is asked for. Raises ValueError, KeyError for an order that makes no sense."""
    if order["do"] == "propose":
        return "thumbnail_proposals", ProposalsOrder(video_path, workspace.file("moments.jpg"))
    label_corner = order.get("label_corner")
    return "thumbnail", ThumbnailOrder(
        video_path,
        workspace.file(f"thumbnail{_ENDINGS[order['format']]}"),
        float(order["at_s"]),
        shape=str(order["shape"]),
        words=str(order["text"]),
        font=str(order["font"]),
        colour=str(order["colour"]),
        position=str(order["position"]),
        length_s=float(order["length_s"]) if "length_s" in order else None,
        width_px=int(order.get("width_px", 360)),
        is_marked=bool(order.get("marked", True)),
        label_corner=None if label_corner is None else str(label_corner),
        render_id=order.get("render_id"),
        credentials_dir=credentials_dir,
    )
