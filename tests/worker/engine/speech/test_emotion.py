"""A voice proposes an emotion by how it moves; silence and single sounds propose nothing."""

import numpy as np
import pytest

from tests.synth import silence, speechlike
from worker.engine.contracts import Emotion, Span
from worker.engine.media.audio import Audio
from worker.engine.speech.emotion import PROPOSED, propose_emotion, voice_traits

RATE_HZ = 16_000


def voice(f0_hz, range_semitones, syllables_per_s, brightness, seconds=4.0, attack=1.0):
    """A made voice: harmonics with a gliding pitch, beating in syllables."""
    times_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    glide = f0_hz * 2 ** (range_semitones / 12 * np.sin(2 * np.pi * 0.7 * times_s))
    phase = 2 * np.pi * np.cumsum(glide) / RATE_HZ
    tone = sum(brightness ** np.log2(n) / n * np.sin(n * phase) for n in range(1, 25))
    beat = (0.5 - 0.5 * np.cos(2 * np.pi * syllables_per_s * times_s)) ** attack
    samples = (0.2 * tone * (0.05 + 0.95 * beat)).astype(np.float32)
    return Audio(samples, RATE_HZ, RATE_HZ, 1, seconds)


def scores_of(audio):
    proposal = propose_emotion(audio, [Span(0.0, audio.duration_s)])
    assert proposal is not None
    assert sum(proposal.scores.values()) == pytest.approx(1)
    assert set(proposal.scores) == set(PROPOSED)
    assert 0 <= proposal.intensity <= 1
    assert proposal.scores[proposal.emotion] == max(proposal.scores.values())
    return proposal.scores


def test_a_low_narrow_slow_dull_voice_is_rather_sad_than_happy():
    sad = scores_of(voice(100, 0.7, 2.2, 0.7))
    happy = scores_of(voice(260, 3.0, 5.0, 1.3))
    assert sad[Emotion.SAD] > 2 * sad[Emotion.HAPPY]
    assert happy[Emotion.HAPPY] > 2 * happy[Emotion.SAD]


def test_a_bright_fast_sudden_voice_is_rather_angry_than_calm():
    angry = scores_of(voice(150, 2.5, 5.5, 1.6, attack=3.0))
    calm = scores_of(voice(120, 1.5, 3.5, 0.9))
    assert angry[Emotion.ANGRY] > calm[Emotion.ANGRY]
    assert angry[Emotion.ANGRY] > angry[Emotion.CALM]
    assert calm[Emotion.CALM] + calm[Emotion.SAD] > 0.6


def test_traits_are_measured_as_they_were_made():
    audio = voice(200, 3.0, 4.0, 1.0)
    traits = voice_traits(audio.samples, [Span(0.0, 4.0)])
    assert traits["rate"] == pytest.approx(4.0, abs=0.4)
    assert 3.0 < traits["range"] < 6.0
    assert traits["height"] == pytest.approx(12 * np.log2(200 / 205), abs=1.0)
    brighter = voice_traits(voice(200, 3.0, 4.0, 1.5).samples, [Span(0.0, 4.0)])
    assert brighter["brightness"] > traits["brightness"] + 2


def test_too_little_voice_proposes_nothing():
    short = Audio(voice(120, 1.0, 4.0, 1.0, seconds=0.5).samples, RATE_HZ, RATE_HZ, 1, 0.5)
    assert propose_emotion(short, [Span(0.0, 0.5)]) is None
    mute = Audio(np.asarray(silence(3.0), np.float32), RATE_HZ, RATE_HZ, 1, 3.0)
    assert propose_emotion(mute, []) is None
    noise = Audio(np.random.default_rng(1).normal(0, 0.1, 48_000).astype(np.float32), RATE_HZ, RATE_HZ, 1, 3.0)
    assert propose_emotion(noise, [Span(0.0, 3.0)]) is None


def test_the_same_voice_proposes_the_same_at_another_loudness():
    samples = np.asarray(speechlike(3.0, seed=2), np.float32)
    loud, quiet = (scores_of(Audio(samples * gain, RATE_HZ, RATE_HZ, 1, 3.0)) for gain in (1.0, 0.1))
    for emotion in PROPOSED:
        assert loud[emotion] == pytest.approx(quiet[emotion], abs=0.05)
