import numpy as np
import pytest

from worker.engine.contracts import Span
from worker.engine.dub.adaptation import learn_habits, unseen_gain
from worker.engine.dub.speaker_shape import FEATURES, SpeakerFrames, SpeakerRange
from worker.engine.media.audio import Audio
from worker.engine.quality.signals import agreement
from worker.engine.speech.mouth_track import ARTICULATORS, VISEMES, MouthTrack, Prosody

RATE, LENGTH_S = 25, 10.0
TIMES_S = np.arange(round(LENGTH_S * RATE)) / RATE
REACH = SpeakerRange(np.zeros((478, 3)), 0.0, 0.2, np.zeros((len(ARTICULATORS), 478, 3)), closes=True, opens=True)
VOICE = Audio(np.zeros(round(16000 * LENGTH_S), np.float32), 16000, 16000, 1, LENGTH_S)


def curve(seed: int) -> np.ndarray:
    """(T,) in [0, 1], moving as mouths do."""
    rng = np.random.default_rng(seed)
    waves = sum(np.sin(2 * np.pi * f * TIMES_S + rng.uniform(0, 6)) for f in rng.uniform(1.0, 5.0, 6))
    return np.clip(0.5 + 0.2 * waves, 0, 1)


def track(openness: np.ndarray, vowels: np.ndarray) -> MouthTrack:
    articulation = np.zeros((len(TIMES_S), len(ARTICULATORS)), np.float32)
    articulation[:, 0] = openness
    visemes = np.zeros((len(TIMES_S), len(VISEMES)), np.float32)
    visemes[:, 3], visemes[:, 0] = vowels, 1 - vowels
    prosody = Prosody(np.zeros(len(TIMES_S)), np.zeros(len(TIMES_S)), [], [Span(0, LENGTH_S)])
    return MouthTrack(TIMES_S, articulation, visemes, prosody)


def speaker(opened: np.ndarray, usable: float = 1.0) -> SpeakerFrames:
    features = np.zeros((len(TIMES_S), len(FEATURES)), np.float32)
    features[:, 0] = 0.2 * opened
    blank = np.zeros(len(TIMES_S))
    return SpeakerFrames(np.zeros((1, 478, 3)), TIMES_S, np.full(len(TIMES_S), usable), blank, features, blank, blank)


def test_a_habit_that_holds_for_the_whole_clip_is_learned():
    heard, vowels = curve(1), curve(2)
    real = np.clip(0.45 * heard + 0.55 * vowels, 0, 1)  # this speaker opens for a vowel that others do not open for
    habits = learn_habits(speaker(real), REACH, VOICE, track(heard, vowels))
    assert habits is not None and habits.gain > 0.1
    new_heard, new_vowels = curve(3), curve(4)
    said = habits.applied(track(new_heard, new_vowels))[:, 0]
    wanted = 0.45 * new_heard + 0.55 * new_vowels
    assert np.corrcoef(said, wanted)[0, 1] > np.corrcoef(new_heard, wanted)[0, 1] + 0.1


def test_chance_teaches_nothing():
    heard = curve(1)
    noise = np.clip(0.7 * heard + 0.3 * curve(9), 0, 1)
    assert learn_habits(speaker(noise), REACH, VOICE, track(heard, curve(2))) is None


def test_a_clip_a_little_out_of_sync_teaches_its_habit_and_not_its_lag():
    heard, vowels = curve(1), curve(2)
    real = np.clip(0.45 * heard + 0.55 * vowels, 0, 1)
    together = learn_habits(speaker(real), REACH, VOICE, track(heard, vowels))
    apart = learn_habits(speaker(np.roll(real, 2)), REACH, VOICE, track(heard, vowels))  # the picture is 80 ms late
    assert together is not None and apart is not None
    new = track(curve(3), curve(4))
    one, other = together.applied(new)[:, 0], apart.applied(new)[:, 0]
    assert np.corrcoef(one, other)[0, 1] > 0.98
    assert agreement(TIMES_S, other, TIMES_S, one).lag_ms == pytest.approx(0, abs=15)


def test_a_clip_whose_sound_is_late_teaches_nothing():
    heard, vowels = curve(1), curve(2)
    late = np.roll(0.45 * heard + 0.55 * vowels, 8)  # 320 ms
    assert unseen_gain(speaker(late), REACH, VOICE, track(heard, vowels)) is None


def test_short_clips_and_turned_faces_teach_nothing():
    heard, vowels = curve(1), curve(2)
    real = 0.45 * heard + 0.55 * vowels
    short = Audio(VOICE.samples[:48000], 16000, 16000, 1, 3.0)
    assert unseen_gain(speaker(real), REACH, short, track(heard, vowels)) is None
    assert unseen_gain(speaker(real, usable=0.3), REACH, VOICE, track(heard, vowels)) is None


def test_lips_that_were_heard_to_close_still_close():
    heard, vowels = curve(1), curve(2)
    habits = learn_habits(speaker(0.45 * heard + 0.55 * vowels), REACH, VOICE, track(heard, vowels))
    shut = track(np.zeros(len(TIMES_S)), vowels)
    assert habits.applied(shut)[:, 0].max() == 0.0
