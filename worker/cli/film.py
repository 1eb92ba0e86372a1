"""`film`: several scenes become one video: talking photos, dubs, finished videos, pictures that stand still."""

import argparse
import json
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from worker.cli.branding import add_logo_arguments, logo_stages
from worker.cli.options import check_output, parse_factor, parse_frame_rate, parse_whole_number
from worker.cli.rendering import TellingHooks, add_making_arguments, progress_style
from worker.cli.terminal import EXIT_OK, Terminal
from worker.compose.film_plan import RATES, SCENES_MAX, FilmRequest, FilmScene, size_of_film
from worker.compose.music_bed import MusicBed
from worker.engine.contracts import Aspect, Hooks, Script, TalkingPhotoRequest, VideoDubRequest
from worker.engine.failures import EngineFailure, FailureCode
from worker.process.parts import Part

if TYPE_CHECKING:
    from worker.engine.media.probe import VideoInfo

HELP = "join several scenes into one video"
KINDS = ("photo", "clip", "video", "picture")
_FIELDS = {*KINDS, "audio", "text", "voice", "rate", "pitch", "start", "end", "fade", "seconds"}
_PICTURE_S = 3.0
_SCENES_SHARE = 0.8  # of the progress
_BYTES_MAX = 1 << 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--scenes", required=True, metavar="FILE", help='JSON: {"scenes": [{"video": "a.mp4"}, …]}')
    parser.add_argument("--out", required=True, metavar="FILE", help="where the film goes (.mp4)")
    shapes = [aspect.value for aspect in Aspect if aspect is not Aspect.SOURCE]
    parser.add_argument("--aspect", default=Aspect.PORTRAIT_9_16.value, choices=shapes)
    parser.add_argument("--fps", metavar="RATE", help="default: the first clip's, else 25")
    parser.add_argument("--max-short-side", default="1080", metavar="PX", help="default 1080; never above the scenes'")
    parser.add_argument("--music", metavar="FILE", help="a piece of music under all of it")
    parser.add_argument("--music-volume", default="0.35", metavar="0-1", help="1 is as loud as the voices")
    add_logo_arguments(parser)
    add_making_arguments(parser)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    source = Path(options.scenes)
    rows = read_scenes(source)
    files = [source.parent / str(row[name]) for row in rows for name in (*KINDS, "audio") if name in row]
    output = check_output(Path(options.out), [source, *files, options.music, options.logo])
    side_px = parse_whole_number("--max-short-side", options.max_short_side, 64, 2160)
    stages, bed = logo_stages(options), None
    if options.music is not None:
        bed = MusicBed(Path(options.music), volume=parse_factor("--music-volume", options.music_volume, 0.0, 1.0))
    hooks = TellingHooks(terminal, progress_style(options, terminal))
    from worker.compose.film import join_scenes
    from worker.compose.music import lay_music

    with tempfile.TemporaryDirectory(prefix="lipsmith-", dir=output.parent) as folder:
        rate = Fraction(25) if options.fps is None else parse_frame_rate(options.fps)
        if options.fps is None:
            rate = _usual_rate(rows, source.parent) or rate
        scenes = []
        for number, row in enumerate(rows, start=1):
            part = Part(hooks, _SCENES_SHARE * (number - 1) / len(rows), _SCENES_SHARE * number / len(rows))
            scenes.append(_made(row, number, source.parent, Path(folder), rate, options, part))
        width, height = size_of_film([_size(scene) for scene in scenes], options.aspect, side_px)
        request = FilmRequest(tuple(scenes), output, width, height, rate)
        lay = None if bed is None else lambda voice, length_s, place: lay_music(voice, bed, length_s, place)
        result = join_scenes(request, Part(hooks, _SCENES_SHARE, 1.0), stages, sound_stage=lay)
    hooks.finish(result)
    return EXIT_OK


def read_scenes(path: Path) -> list[dict[str, Any]]:
    """The scenes a file names, checked one by one.

    Raises:
        EngineFailure: FILE_MISSING, SCENES_UNREADABLE saying what is wrong with which.
    """
    try:
        with path.open("rb") as file:
            told = json.loads(file.read(_BYTES_MAX))
    except FileNotFoundError:
        raise EngineFailure(FailureCode.FILE_MISSING, file_name=path.name) from None
    except (OSError, ValueError, RecursionError) as error:
        raise EngineFailure(FailureCode.SCENES_UNREADABLE, reason="it is not JSON") from error
    rows = told.get("scenes") if isinstance(told, dict) else None
    if not isinstance(rows, list) or not 1 <= len(rows) <= SCENES_MAX:
        reason = f"“scenes” has to be a list of 1 to {SCENES_MAX}"
        raise EngineFailure(FailureCode.SCENES_UNREADABLE, reason=reason)
    for number, row in enumerate(rows, start=1):
        reason = _problem(row)
        if reason:
            raise EngineFailure(FailureCode.SCENES_UNREADABLE, scene=number, reason=reason)
    return rows


def _problem(row: object) -> str:
    if not isinstance(row, dict) or not set(row) <= _FIELDS:
        return f"a scene may have {', '.join(sorted(_FIELDS))}, and nothing else"
    if sum(kind in row for kind in KINDS) != 1:
        return f"it needs exactly one of {', '.join(KINDS)}"
    for name in (*KINDS, "audio", "text", "voice"):
        if name in row and not (isinstance(row[name], str) and row[name] and "\0" not in row[name]):
            return f"“{name}” has to be text"
    for name in ("start", "end", "fade", "seconds", "rate", "pitch"):
        value = row.get(name, 1.0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e6:
            return f"“{name}” has to be a number, 0 or more"
    speaks = "photo" in row or "clip" in row
    if speaks and ("audio" in row) == ("text" in row):
        return "a photo or clip needs either “audio”, or “text” with a “voice”"
    if "text" in row and "voice" not in row:
        return "a “text” needs a “voice”"
    if not speaks and {"audio", "text"} & set(row):
        return "a finished video or picture says nothing new"
    return ""


def _usual_rate(rows: list[dict[str, Any]], folder: Path) -> Fraction | None:
    """The frame rate of the first scene that is filmed."""
    for number, row in enumerate(rows, start=1):
        name = row.get("video") or row.get("clip")
        if name is not None:
            video = _video(folder / name, number)
            return video.frame_rate if RATES[0] <= video.frame_rate <= RATES[1] else None
    return None


def _video(path: Path, number: int) -> "VideoInfo":
    from worker.engine.media.probe import probe

    try:
        video = probe(path).video
    except EngineFailure as failure:
        raise EngineFailure(failure.code, at_s=failure.at_s, **failure.detail | {"scene": number}) from failure
    if video is None:
        raise EngineFailure(FailureCode.NO_VIDEO_STREAM, scene=number)
    return video


def _made(
    row: Mapping[str, Any],
    number: int,
    base: Path,
    folder: Path,
    rate: Fraction,
    options: argparse.Namespace,
    hooks: Hooks,
) -> FilmScene:
    """The scene, rendered first where somebody has to speak in it."""
    kind = next(kind for kind in KINDS if kind in row)
    path = base / row[kind]
    scene = FilmScene(path, float(row.get("start", 0)), float(row.get("end", 0)), float(row.get("fade", 0)))
    if kind == "picture":
        return replace(scene, start_s=0.0, end_s=float(row.get("seconds", _PICTURE_S)), is_picture=True)
    if kind == "video":
        _video(path, number)
        return replace(scene, is_from_elsewhere=True)
    out = folder / f"scene-{number}.mp4"
    audio = None if "audio" not in row else base / row["audio"]
    script = None
    if audio is None:
        script = Script(row["text"], row["voice"], float(row.get("rate", 1)), float(row.get("pitch", 1)))
    said: dict[str, Any] = {"audio_path": audio, "script": script, "device": options.device}
    try:
        if kind == "photo":
            from worker.engine.talking_photo import animate

            animate(TalkingPhotoRequest(path, out, aspect=Aspect(options.aspect), frame_rate=rate, **said), hooks)
        else:
            from worker.engine.video_dub import dub

            dub(VideoDubRequest(path, out, **said), hooks)
    except EngineFailure as failure:
        raise EngineFailure(failure.code, at_s=failure.at_s, **failure.detail | {"scene": number}) from failure
    return replace(scene, path=out)


def _size(scene: FilmScene) -> tuple[int, int]:
    if scene.is_picture:
        from worker.engine.media.images import load_image

        height, width = load_image(scene.path).rgb.shape[:2]
        return width, height
    from worker.engine.media.probe import probe

    video = probe(scene.path).video
    assert video is not None
    return video.width_px, video.height_px
