import json
import subprocess
import sys

import librosa
import numpy as np
import pytest
import torch

from tests.worker.engine.speech.conftest import RATE_HZ
from worker.engine.contracts import Span
from worker.engine.models.mouth_network import FEATURES, REACH_FRAMES, MouthNetwork
from worker.engine.speech import features, learned, waveform
from worker.engine.speech import soft_articulation as soft_articulation_module
from worker.engine.speech.mouth_track import VISEMES, Viseme
from worker.engine.speech.phones import PHONES
from worker.engine.speech.soft_articulation import beliefs, heard_phonemes, soft_articulation
from worker.engine.speech.waveform import SPEECH_HZ
from worker.train.network import TrainedMouthNetwork


def test_shipped_weights_are_the_ones_their_card_describes(tmp_path, monkeypatch):
    assert len(learned.shipped_fusion().weights) == learned.CORRECTION_FEATURES
    for name in (learned.WEIGHTS, "mouth_network.json"):
        (tmp_path / name).write_bytes((learned.MODELS / name).read_bytes())
    weights = tmp_path / learned.WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    monkeypatch.setattr(learned, "MODELS", tmp_path)
    with pytest.raises(RuntimeError):
        learned.mouth_network.__wrapped__()


def test_weights_stay_small_enough_to_commit():
    assert sum(path.stat().st_size for path in learned.MODELS.iterdir() if path.is_file()) < 10_000_000


def test_every_grid_clip_has_a_fusion_that_never_saw_it():
    stored = json.loads((learned.MODELS / learned.FUSION).read_text(encoding="utf-8"))
    assert len(stored["folds"]) == 7
    for name in stored["folds"]:
        fold = learned.fold_fusion(name)
        assert fold is not None and fold != learned.shipped_fusion()
    assert learned.fold_fusion("v01_woman_flag_512") is None
    assert learned.fold_fusion("") is None


def test_the_network_at_work_is_the_network_that_learned():
    torch.manual_seed(0)
    trained = TrainedMouthNetwork().eval()
    with torch.inference_mode():
        for parameter in trained.parameters():
            parameter.copy_(parameter.half().float())
        heard = np.random.default_rng(0).normal(0, 1, (70, FEATURES)).astype(np.float32)
        articulation, visemes, phones = trained(torch.from_numpy(heard.T[None]))
        wanted = articulation[0].T, visemes.softmax(1)[0].T, phones.softmax(1)[0].T
    found = MouthNetwork.from_stored(trained.stored())(heard)
    for ours, theirs in zip(found, wanted, strict=True):
        assert ours == pytest.approx(theirs.numpy(), abs=1e-4)


def test_the_network_hears_no_further_than_it_says():
    network = learned.mouth_network()
    heard = np.random.default_rng(0).normal(0, 1, (100, FEATURES)).astype(np.float32)
    moved = heard.copy()
    moved[60] += 1.0
    change = np.abs(network(moved)[0] - network(heard)[0]).max(1)
    assert change[60] > 0
    assert np.all(change[np.abs(np.arange(100) - 60) > REACH_FRAMES] == 0)


def test_phones_are_probabilities_and_know_their_sounds(speak):
    """On a voice it was never told about, the phone said is the likeliest far more often than chance (2 %)."""
    spoken, audio = speak("Father bought a large dark car. She sees three green trees.")
    phones = learned.heard_in(audio.samples).phones
    assert phones.shape[1] == len(PHONES)
    assert np.allclose(phones.sum(1), 1.0, atol=1e-3)
    hits = []
    for phoneme in spoken.phonemes:
        if phoneme.symbol[0] in "siɑɹf":
            frames = phones[int(phoneme.start_s * 100) : int(phoneme.end_s * 100)]
            hits += [PHONES[best] in phoneme.symbol for best in frames.argmax(1)]
    assert len(hits) > 60 and np.mean(hits) > 0.6


def test_articulation_does_not_hang_on_window_borders(speak, monkeypatch):
    """The encoder hears a little differently what it hears in other company; nothing jumps."""
    _, audio = speak("A sentence that is long enough to be cut in several pieces, and then some more of it.")
    whole = learned.articulate(audio.samples)
    monkeypatch.setattr(learned, "WINDOW_FEATURES", 75)
    cut = learned.articulate(audio.samples)
    assert np.corrcoef(cut.articulation[:, 0], whole.articulation[:, 0])[0, 1] > 0.97
    assert np.abs(np.diff(cut.articulation[:, 0])).max() < 1.5 * np.abs(np.diff(whole.articulation[:, 0])).max()
    assert np.mean(cut.believed.likeliest == whole.believed.likeliest) > 0.85


def test_loudness_of_the_file_does_not_matter(speak):
    _, audio = speak("Loud or quiet, the same words.")
    quiet = learned.heard_in(audio.samples * 0.01).phones
    loud = learned.heard_in(audio.samples).phones
    assert np.corrcoef(quiet.ravel(), loud.ravel())[0, 1] > 0.97


def test_visemes_are_shares():
    posteriors = np.random.default_rng(0).dirichlet(np.full(len(PHONES), 0.05), 200).astype(np.float32)
    articulation, visemes = soft_articulation(posteriors)
    assert np.allclose(visemes.sum(1), 1.0, atol=1e-4)
    assert articulation.min() >= -1.0 and articulation.max() <= 1.0


def certainty_of_m(share: float, visemes: np.ndarray | None = None) -> float:
    """How certain an /m/ is that gets this share of the belief for 120 ms; 0 where it is not heard."""
    posteriors = np.zeros((60, len(PHONES)), np.float32)
    posteriors[:, PHONES.index("ɑ")] = 1.0
    posteriors[20:32, PHONES.index("m")], posteriors[20:32, PHONES.index("ɑ")] = share, 1 - share
    heard = heard_phonemes(beliefs(posteriors, visemes), [Span(0.0, 0.6)])
    return max((phoneme.certainty for phoneme in heard if phoneme.symbol == "m"), default=0.0)


def test_a_doubtful_bilabial_closes_less_than_a_certain_one():
    assert certainty_of_m(0.3) == 0.0
    assert 0.1 < certainty_of_m(0.55) < 0.9
    assert certainty_of_m(0.95) == 1.0


def test_a_second_opinion_can_close_the_lips_and_can_veto_it():
    agrees = np.zeros((60, len(VISEMES)), np.float32)
    disagrees = agrees.copy()
    agrees[20:32, VISEMES.index(Viseme.PP)] = 0.95
    assert certainty_of_m(0.45, agrees) > 0.9
    assert certainty_of_m(0.45, disagrees) == 0.0


def test_nothing_and_silence_are_heard_without_trouble():
    silence = np.zeros(RATE_HZ, np.float32)
    for samples in (silence[:0], silence[:100], silence[:330], silence[:1000], silence):
        found = learned.articulate(samples)
        assert found.articulation.shape == (len(samples) // 320 * 2, 9)
        assert np.isfinite(found.articulation).all()


def test_mel_bands_are_those_of_the_reference():
    bank = librosa.filters.mel(
        sr=SPEECH_HZ, n_fft=features.FFT_SIZE, n_mels=features.MEL_BANDS, fmin=80.0, fmax=7600.0, htk=True
    )
    assert np.abs(features._mel_bank().T - bank).max() < 1e-6


def test_a_fusion_of_zeros_leaves_the_prior():
    prior = np.random.default_rng(0).uniform(0, 1, (20, 9)).astype(np.float32)
    features = np.ones((20, learned.CORRECTION_FEATURES), np.float32)
    assert np.array_equal(learned.fuse(learned.Fusion((0.0,) * learned.CORRECTION_FEATURES), prior, features), prior)
    lifted = learned.fuse(learned.Fusion((0.01,) * learned.CORRECTION_FEATURES), prior, features)
    assert lifted[:, 0] - prior[:, 0] == pytest.approx(0.23, abs=1e-4)
    assert np.array_equal(lifted[:, 2:], prior[:, 2:])


def test_levels_do_not_hang_on_chunk_borders(monkeypatch):
    samples = np.random.default_rng(0).normal(0, 0.1, RATE_HZ + 77).astype(np.float32)
    whole = waveform.level_db(samples)
    monkeypatch.setattr(waveform, "LEVEL_CHUNK", 7)
    assert waveform.level_db(samples) == pytest.approx(whole, abs=1e-3)
    assert len(whole) == len(samples) // 160 + 1


def test_sounds_fade_as_a_one_pole_filter_does():
    values = np.random.default_rng(0).uniform(0, 1, (150, 3))
    wanted, state = [], np.zeros(3)
    for row in values:
        state = 0.9 * state + row
        wanted.append(state)
    assert soft_articulation_module._decaying(values, 0.9) == pytest.approx(np.array(wanted), abs=1e-4)


def test_listening_loads_no_tensor_library():
    code = "import sys, worker.engine.speech.track; sys.exit('torch' in sys.modules or 'librosa' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
