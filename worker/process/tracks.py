"""Mouth tracks in an engine process: made from a voice, looked at when uploaded, edited before a render."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from worker.engine.contracts import Hooks, TalkingPhotoRequest
from worker.process.orders import MadeTrack, TrackOrder


def make_track(order: TrackOrder, hooks: Hooks) -> MadeTrack:
    """The track of a recording or a script as JSON, what is said when, and how the voice or the words sound.

    Raises:
        EngineFailure: whatever is wrong with the recording or the script; NO_SPEECH.
    """
    from worker.engine.media.audio import load_audio
    from worker.engine.speech.emotion import propose_emotion
    from worker.engine.speech.track_json import track_to_json
    from worker.engine.speech.wording import propose_from_words
    from worker.engine.voicing import listen, speak

    request = TalkingPhotoRequest(
        portrait_path=order.output_path,  # nobody looks at it
        output_path=order.output_path,
        audio_path=order.audio_path,
        script=order.script,
        voice_dir=order.voice_dir,
        frame_rate=order.frame_rate,
        max_duration_s=order.max_duration_s,
    )
    words: list[tuple[str, float, float]] = []
    if order.script is not None:
        spoken = speak(order.script, order.sound_path, request)
        track, sound = spoken.whole_track(order.frame_rate), order.sound_path
        words = [(one.text, round(one.start_s, 3), round(one.end_s, 3)) for one in spoken.words(order.frame_rate)]
    else:
        assert order.audio_path is not None
        track, _ = listen(request, order.output_path.parent)
        sound = order.audio_path
    audio = load_audio(sound, max_duration_s=order.max_duration_s)
    order.output_path.write_text(track_to_json(track), encoding="utf-8")
    if order.script is not None:
        proposal = propose_from_words(order.script)
    else:
        proposal = propose_emotion(audio, list(track.prosody.speech_spans))
    return MadeTrack(
        path=order.output_path,
        sound_path=None if order.script is None else order.sound_path,
        duration_s=audio.duration_s,
        method=track.method,
        words=words,
        emotion=None if proposal is None else proposal.as_json(),
    )


def track_report(path: Path) -> dict[str, object]:
    """Preflight's report on an uploaded track.

    Raises:
        EngineFailure: OPTION_INVALID (option="mouth_track") for what is none, FILE_*.
    """
    from worker.engine.voicing import read_track

    track = read_track(path)
    return {
        "kind": "track",
        "ok": True,
        "problems": [],
        "warnings": [],
        "duration_s": round(float(track.times_s[-1]), 3),
        "method": track.method,
        "frames": len(track.times_s),
    }


def with_edits(request: TalkingPhotoRequest, rows: Sequence[Mapping[str, object]]) -> TalkingPhotoRequest:
    """The same request, whose mouth follows the track with the edits that `rows` describe (see `MouthEdit.from_json`);
    it is written beside the request's output.

    Raises:
        EngineFailure: whatever is wrong with the edits, the voice or the track.
    """
    if not rows or request.drive_path is not None or request.idle_s is not None:
        return request
    from worker.engine.speech.track_edits import MouthEdit, edit_track
    from worker.engine.speech.track_json import track_to_json
    from worker.engine.voicing import listen

    edits = [MouthEdit.from_json(row) for row in rows]
    path = request.output_path.with_name("edited-track.json")
    with tempfile.TemporaryDirectory(dir=request.output_path.parent) as folder:
        track, _ = listen(request, Path(folder))
    path.write_text(track_to_json(edit_track(track, edits)), encoding="utf-8")
    return replace(request, track_path=path)
