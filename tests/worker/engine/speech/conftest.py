"""Voices made on the spot for the speech tests."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from worker.engine.contracts import Script
from worker.engine.media.audio import Audio, load_audio
from worker.engine.speech.mouth_track import Phoneme
from worker.engine.speech.voices import Synthesis, synthesize

RATE_HZ = 16_000


def make_audio(samples: np.ndarray, rate_hz: int = RATE_HZ) -> Audio:
    return Audio(samples.astype(np.float32), rate_hz, rate_hz, 1, len(samples) / rate_hz)


@pytest.fixture(scope="session")
def speak(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[Synthesis, Audio]]:
    """speak(text, voice) → what was synthesised, and its sound as the engine loads it."""
    folder = tmp_path_factory.mktemp("spoken")
    done: dict[tuple[str, str, float, float], tuple[Synthesis, Audio]] = {}

    def run(text: str, voice: str = "en-us", rate: float = 1.0, pitch: float = 1.0) -> tuple[Synthesis, Audio]:
        key = (text, voice, rate, pitch)
        if key not in done:
            spoken = synthesize(Script(text, voice, rate, pitch), folder / f"{len(done)}.wav")
            done[key] = spoken, load_audio(Path(spoken.audio_path))
        return done[key]

    return run


def tone_for(phonemes: Sequence[Phoneme], duration_s: float) -> Audio:
    """A buzz that sounds while phonemes last: enough sound for prosody where only times matter."""
    times_s = np.arange(int(duration_s * RATE_HZ)) / RATE_HZ
    gate = np.zeros_like(times_s)
    for phoneme in phonemes:
        gate[(times_s >= phoneme.start_s) & (times_s < phoneme.end_s)] = 1.0
    buzz = np.sign(np.sin(2 * np.pi * 120 * times_s)) * 0.2
    return make_audio(buzz * gate)
