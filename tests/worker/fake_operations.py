"""An engine that is quick to start and behaves as told: `request.seed`, or a script's text, says how."""

import os
import signal
import time
import wave
from pathlib import Path

from worker.engine.contracts import Hooks, Progress, Stage
from worker.engine.failures import EngineFailure, FailureCode
from worker.process.looks import FollowOrder
from worker.process.orders import (
    IdentifyOrder,
    MadeTrack,
    MomentOrder,
    PreflightOrder,
    Proposals,
    ProposalsOrder,
    ReadyRecording,
    RecordingOrder,
    RenderedVideo,
    RenderOrder,
    ShownMoment,
    Speech,
    SpeechOrder,
    StillOrder,
    StillPicture,
    Thumbnail,
    ThumbnailOrder,
    TrackOrder,
    VoicesOrder,
)

QUICK, SLOW, CRASH, HANG, DEAF, GREEDY, FULL, BUG, CRASH_ONCE, CRASH_IN_THE_MIDDLE = range(10)
JPEG = b"\xff\xd8\xff\xd9"


def warm_up() -> None:
    """Nothing to load."""


def preflight(order: PreflightOrder, hooks: Hooks) -> dict[str, object]:
    if order.path.read_bytes().startswith(b"bad"):
        raise EngineFailure(FailureCode.NO_FACE)
    if order.preview_path is not None:
        order.preview_path.write_bytes(JPEG)
    return {"kind": order.kind, "size": order.path.stat().st_size}


def moment(order: MomentOrder, hooks: Hooks) -> ShownMoment:
    order.render.poster_path.write_bytes(JPEG)
    return ShownMoment(order.render.poster_path, 540, 720, order.at_s or 1.96, 4.0, "" if order.at_s else "open")


def follow(order: FollowOrder, hooks: Hooks) -> dict[str, object]:
    if hooks.should_stop():
        raise EngineFailure(FailureCode.CANCELLED)
    return {"estimated": False, "frames": order.path.stat().st_size}


def speak(order: SpeechOrder, hooks: Hooks) -> Speech:
    with wave.open(str(order.output_path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\0\0" * 8000)
    return Speech(order.output_path, 1.0, [(order.script.text, 0.0, 1.0)])


def talking_photo(order: RenderOrder, hooks: Hooks) -> RenderedVideo:
    request, behaviour = order.request, order.request.seed
    hooks.on_progress(Progress(Stage.LOOKING, 0.1))
    if behaviour == CRASH:
        os.kill(os.getpid(), signal.SIGSEGV)
    if behaviour == CRASH_ONCE:
        crash_once(request.portrait_path)
    if behaviour == HANG:
        time.sleep(600)
    if behaviour == GREEDY:
        devour()
    if behaviour == FULL:
        raise OSError(28, "No space left on device")
    if behaviour == BUG:
        raise RuntimeError("a mistake in the engine")
    if behaviour == CRASH_IN_THE_MIDDLE:
        hooks.on_progress(Progress(Stage.RENDERING, 0.5, 1.0, at_s=2.5, sentence=3))
        os.kill(os.getpid(), signal.SIGSEGV)
    steps = 300 if behaviour in (SLOW, DEAF) else 3
    for step in range(steps):
        if hooks.should_stop() and behaviour != DEAF:
            raise EngineFailure(FailureCode.CANCELLED)
        time.sleep(0.1 if steps > 3 else 0.01)
        hooks.on_progress(Progress(Stage.RENDERING, 0.2 + 0.7 * step / steps, (steps - step) * 0.1))
        hooks.on_thumbnail(JPEG, step / 25)
        if order.fragments:
            hooks.on_fragment(step, b"piece %d" % step)
    request.output_path.write_bytes(b"video of " + request.portrait_path.read_bytes())
    order.poster_path.write_bytes(JPEG)
    return RenderedVideo(request.output_path, order.poster_path, 64, 64, 1.0, 25, "25")


def crash_once(portrait: Path) -> None:
    """The first attempt leaves a mark beside the stored portrait (its hard link's count tells nobody) and dies."""
    mark = Path(os.environ["FAKE_ENGINE_MARK"])
    if not mark.exists():
        mark.write_text("crashed", encoding="ascii")
        os.kill(os.getpid(), signal.SIGKILL)


def devour() -> None:
    """Takes ever more memory."""
    held = []
    while True:
        held.append(bytearray(os.urandom(1) * (16 * 2**20)))
        time.sleep(0.01)


def track(order: TrackOrder, hooks: Hooks) -> MadeTrack:
    order.output_path.write_text("{}")
    if order.script is not None:
        order.sound_path.write_bytes(b"sound")
    sound = order.sound_path if order.script is not None else None
    return MadeTrack(order.output_path, sound, 1.0, "script", [("Hello", 0.1, 0.4)], {"emotion": "calm"})


def recording(order: RecordingOrder, hooks: Hooks) -> ReadyRecording:
    order.output_path.write_bytes(b"part of " + order.path.read_bytes())
    return ReadyRecording(order.output_path, 1.0, ("no_pause_to_learn_noise",) if order.clean else ())


def still(order: StillOrder, hooks: Hooks) -> StillPicture:
    order.output_path.write_bytes(JPEG)
    return StillPicture(order.output_path, 720, 900, order.at_s)


def thumbnail(order: ThumbnailOrder, hooks: Hooks) -> Thumbnail:
    order.output_path.write_bytes(JPEG)
    return Thumbnail(order.output_path, 720, 900, order.at_s)


def thumbnail_proposals(order: ProposalsOrder, hooks: Hooks) -> Proposals:
    order.strip_path.write_bytes(JPEG)
    return Proposals(order.strip_path, 800, 400, ({"at_s": 0.5, "score": 0.9}, {"at_s": 1.5, "score": 0.7}))


def voices(order: VoicesOrder, hooks: Hooks) -> list[dict[str, object]]:
    return [{"id": "test", "name": "Test", "language": "en", "engine": "fake", "gender": ""}]


def identify(order: IdentifyOrder, hooks: Hooks) -> dict[str, object]:
    told = order.path.read_bytes()
    if told.startswith(b"bad"):
        raise EngineFailure(FailureCode.FILE_UNREADABLE)
    render_id = told[-12:].decode() if told.startswith(b"made") else None
    return {"made_here": render_id is not None, "render_id": render_id, "credentials": "none"}


OPERATIONS = {
    "follow": follow,
    "identify": identify,
    "moment": moment,
    "preflight": preflight,
    "recording": recording,
    "speak": speak,
    "still": still,
    "talking_photo": talking_photo,
    "thumbnail": thumbnail,
    "thumbnail_proposals": thumbnail_proposals,
    "track": track,
    "voices": voices,
}
