"""Voices are listened to while the clip is looked at: neither needs the other, and each leaves a core to the other."""

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

import numpy as np

from worker.engine.media.audio import Audio
from worker.engine.speech.mouth_track import MouthTrack
from worker.engine.speech.track import HeardVoice, hear_voice

# A voice and output frame times (T,) in seconds → what the mouth does then.
Listen = Callable[[Audio, np.ndarray], MouthTrack]


class Ears:
    """Listens in a thread of its own, to one voice after the other. A context manager; leaving it waits for the voice
    that is being listened to and forgets the others.
    """

    def __init__(self) -> None:
        self._beside = ThreadPoolExecutor(1, thread_name_prefix="listening")
        self._heard: dict[int, Future[HeardVoice]] = {}
        self._voices: list[Audio] = []  # kept, so that no other voice gets the same identity

    def listen_to(self, voices: Iterable[Audio]) -> None:
        """Begin with these voices, in this order."""
        for voice in voices:
            if id(voice) not in self._heard:
                self._voices.append(voice)
                self._heard[id(voice)] = self._beside.submit(hear_voice, voice)

    def track(self, voice: Audio, times_s: np.ndarray) -> MouthTrack:
        """As `mouth_track_from_audio`; waits until the voice has been heard."""
        self.listen_to([voice])
        return self._heard[id(voice)].result().at(times_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._beside.shutdown(cancel_futures=True)
