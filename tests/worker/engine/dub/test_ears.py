import numpy as np

from tests.synth import speechlike
from worker.engine.dub import ears as ears_module
from worker.engine.dub.ears import Ears
from worker.engine.media.audio import Audio
from worker.engine.speech.track import mouth_track_from_audio


def voice(seed: int) -> Audio:
    samples = speechlike(1.0, seed=seed)
    return Audio(samples, 16_000, 16_000, 1, len(samples) / 16_000)


def test_voices_are_heard_once_and_say_at_any_times_what_listening_afresh_would(monkeypatch):
    heard = []
    real = ears_module.hear_voice
    monkeypatch.setattr(ears_module, "hear_voice", lambda one: heard.append(one) or real(one))
    announced, unexpected = voice(1), voice(2)
    with Ears() as ears:
        ears.listen_to([announced])
        for one in (announced, unexpected):
            for times_s in (np.arange(25) / 25, np.array([0.1, 0.37, 0.9])):
                found, afresh = ears.track(one, times_s), mouth_track_from_audio(one, times_s)
                np.testing.assert_array_equal(found.articulation, afresh.articulation)
                np.testing.assert_array_equal(found.prosody.energy, afresh.prosody.energy)
    assert heard == [announced, unexpected]
