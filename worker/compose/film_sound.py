"""The scenes' sound, joined to the sample: each as loud as the others, without a click at any join.

Sounds lie on disk and are mixed in blocks, so that memory does not grow with length.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from worker.compose.film_plan import Place
from worker.compose.music import RATE_HZ, finish_sound, sound_on_disk
from worker.engine.dub.loudness import STREAMING_LUFS, loudness_lufs
from worker.engine.failures import EngineFailure, FailureCode

JOIN_S = 0.008  # over which a cut is smoothed: shorter than any sound of speech, longer than a click
LOUDER_MOST_DB = 12.0
LOUDER_MOST_ELSE_DB = 4.0  # of what nobody speaks in: wind shall not become a storm
QUIETER_MOST_DB = 24.0
BLOCK = 10 * RATE_HZ
_CHANNELS = 2


@dataclass(frozen=True)
class SceneSound:
    """The file a scene's sound is in (None: there is none), where it starts to be heard, and whether it is speech."""

    path: Path | None
    start_s: float
    is_speech: bool


def sample_at(frame: int, frame_rate: Fraction) -> int:
    """The sample at which a frame begins: rounded once, from the film's start, so that nothing ever adds up."""
    return round(frame / frame_rate * RATE_HZ)


def film_sound(
    sounds: Sequence[SceneSound], places: Sequence[Place], frame_rate: Fraction, folder: Path
) -> Path | None:
    """A stereo WAV exactly as long as the film, at -14 LUFS and at most -1 dBTP; None when no scene has any sound.

    folder: takes the result and the working files.

    Raises:
        EngineFailure: FILE_* with the scene's number; DISK_FULL.
    """
    if all(sound.path is None for sound in sounds):
        return None
    length = sample_at(places[-1].end, frame_rate)
    try:
        out = np.memmap(folder / "film.f32", np.float32, "w+", shape=(length, _CHANNELS))
        for index, (sound, place) in enumerate(zip(sounds, places, strict=True)):
            fade_out = places[index + 1].fade if index + 1 < len(places) else 0
            try:
                _add(out, sound, place, fade_out, frame_rate, folder)
            except EngineFailure as failure:
                facts = {"scene": index + 1} | failure.detail
                raise EngineFailure(failure.code, at_s=failure.at_s, **facts) from failure
        return finish_sound(out, folder / "film.wav")
    except OSError as error:
        raise EngineFailure(FailureCode.DISK_FULL, errno=error.errno) from error


def _add(out: np.ndarray, sound: SceneSound, place: Place, fade_out: int, frame_rate: Fraction, folder: Path) -> None:
    """Lay one scene's sound into the film's, with its ends faded over its neighbours."""
    if sound.path is None:
        return
    low, high = sample_at(place.first, frame_rate), sample_at(place.end, frame_rate)
    join = round(JOIN_S * RATE_HZ)
    skipped = round(sound.start_s * RATE_HZ)
    raw = folder / "scene.f32"
    samples = sound_on_disk(sound.path, raw, skipped + high - low + join)
    if samples is None:
        return
    heard = samples[skipped:]
    gain = 10 ** (_gain_db(heard[: high - low], is_speech=sound.is_speech) / 20)
    rise = sample_at(place.first + place.fade, frame_rate) - low
    fall = high - sample_at(place.end - fade_out, frame_rate)
    # After a cut the sound goes on for a moment while the next one comes in; at the film's end there is no after.
    end = min(high if fall else high + join, len(out))
    fall_from = high - fall if fall else end - join
    count = min(end - low, len(heard))
    for start in range(0, count, BLOCK):
        stop = min(start + BLOCK, count)
        at = np.arange(low + start, low + stop)
        up = np.clip((at - low + 0.5) / max(1, rise or join), 0, 1)
        down = np.clip((end - at - 0.5) / max(1, end - fall_from), 0, 1)
        shape = (np.sin(np.pi / 2 * up) if rise else up) * (np.sin(np.pi / 2 * down) if fall else down)
        out[low + start : low + stop] += heard[start:stop] * (gain * shape)[:, None].astype(np.float32)
    del samples, heard
    raw.unlink(missing_ok=True)


def _gain_db(samples: np.ndarray, *, is_speech: bool) -> float:
    level = loudness_lufs(samples, RATE_HZ) if len(samples) else None
    if level is None:
        return 0.0
    most = LOUDER_MOST_DB if is_speech else LOUDER_MOST_ELSE_DB
    return float(np.clip(STREAMING_LUFS - level, -QUIETER_MOST_DB, most))
