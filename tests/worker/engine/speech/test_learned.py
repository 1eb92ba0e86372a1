import json
import subprocess
import sys
from itertools import pairwise

import librosa
import numpy as np
import pytest
import torch

from tests.worker.engine.speech.conftest import RATE_HZ
from worker.engine.contracts import Span
from worker.engine.models.mouth_network import FEATURES, REACH_FRAMES, MouthNetwork
from worker.engine.speech import acoustics, features, learned, waveform
from worker.engine.speech import soft_articulation as soft_articulation_module
from worker.engine.speech.acoustics import (
    PHONE_STATES,
    PHONES,
    acoustic_model,
    acoustic_phones,
    hearing_features,
    phone_posteriors,
)
from worker.engine.speech.mouth_track import VISEMES, Viseme
from worker.engine.speech.soft_articulation import beliefs, heard_phonemes, soft_articulation
from worker.engine.speech.waveform import SPEECH_HZ
from worker.train.network import TrainedMouthNetwork
from worker.train.phonotactics import count_followers


def test_shipped_weights_are_the_ones_their_card_describes(tmp_path, monkeypatch):
    assert learned.mouth_network() is not None
    assert learned.shipped_fusion() is not None
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
        articulation, visemes, speech = trained(torch.from_numpy(heard.T[None]))
        wanted = articulation[0].T, visemes.softmax(1)[0].T, speech.sigmoid()[0, 0]
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


def test_posteriors_are_probabilities_and_know_their_sounds(speak):
    """On a voice it was never told about, the phone said is the likeliest far more often than chance (2 %)."""
    spoken, audio = speak("Father bought a large dark car. She sees three green trees.")
    posteriors = phone_posteriors(audio.samples)
    assert posteriors.shape[1] == PHONE_STATES
    assert np.allclose(posteriors.sum(1), 1.0, atol=1e-3)
    names = acoustic_model().phones
    phones = posteriors.reshape(len(posteriors), 42, 3).sum(-1)
    wanted = {"s": ("S", "Z"), "i": ("IY",), "iː": ("IY",), "ɑː": ("AA", "AO"), "ɑːɹ": ("AA", "R"), "ɹ": ("R", "ER")}
    hits = []
    for phoneme in spoken.phonemes:
        if phoneme.symbol in wanted:
            frames = phones[int(phoneme.start_s * 100) : int(phoneme.end_s * 100)]
            hits += [names[best] in wanted[phoneme.symbol] for best in frames.argmax(1)]
    assert len(hits) > 60 and np.mean(hits) > 0.4


def test_posteriors_do_not_hang_on_chunk_borders(speak, monkeypatch):
    _, audio = speak("A sentence that is long enough to be cut in several pieces, and then some more of it.")
    whole = phone_posteriors(audio.samples)
    monkeypatch.setattr(acoustics, "CHUNK_FRAMES", 150)
    cut = phone_posteriors(audio.samples)
    assert np.abs(whole - cut).mean() < 1e-3


def test_articulation_does_not_hang_on_window_borders(speak, monkeypatch):
    _, audio = speak("A sentence that is long enough to be cut in several pieces, and then some more of it.")
    hearing = hearing_features(audio.samples)
    whole = learned.articulate(audio.samples, hearing)
    monkeypatch.setattr(learned, "WINDOW_FRAMES", 150)
    cut = learned.articulate(audio.samples, hearing)
    assert cut.articulation == pytest.approx(whole.articulation, abs=2e-3)
    assert cut.visemes == pytest.approx(whole.visemes, abs=2e-3)
    assert cut.believed.owed == pytest.approx(whole.believed.owed, abs=2e-3)
    assert np.mean(cut.believed.likeliest == whole.believed.likeliest) > 0.99


def test_sound_is_heard_the_same_in_blocks(speak, monkeypatch):
    _, audio = speak("Blocks of sound, one after the other.")
    whole = acoustics.cepstra(audio.samples)
    monkeypatch.setattr(acoustics, "BLOCK_SAMPLES", 160 * 37)
    assert acoustics.cepstra(audio.samples) == pytest.approx(whole, abs=1e-2)


def test_loudness_of_the_file_does_not_matter(speak):
    _, audio = speak("Loud or quiet, the same words.")
    quiet = phone_posteriors(audio.samples * 0.01)
    loud = phone_posteriors(audio.samples)
    assert np.corrcoef(quiet.ravel(), loud.ravel())[0, 1] > 0.97


def test_visemes_are_shares():
    posteriors = np.random.default_rng(0).dirichlet(np.full(PHONE_STATES, 0.05), 200).astype(np.float32)
    articulation, visemes = soft_articulation(posteriors)
    assert np.allclose(visemes.sum(1), 1.0, atol=1e-4)
    assert articulation.min() >= -1.0 and articulation.max() <= 1.0


def certainty_of_m(share: float, visemes: np.ndarray | None = None) -> float:
    """How certain an /m/ is that gets this share of the belief for 120 ms; 0 where it is not heard."""
    names = acoustic_model().phones
    posteriors = np.zeros((60, 42, 3), np.float32)
    posteriors[:, names.index("AA")] = 1 / 3
    posteriors[20:32, names.index("M")], posteriors[20:32, names.index("AA")] = share / 3, (1 - share) / 3
    heard = heard_phonemes(beliefs(posteriors.reshape(60, -1), visemes), [Span(0.0, 0.6)])
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


def test_features_of_nothing_are_empty():
    assert phone_posteriors(np.zeros(0, np.float32)).shape == (0, PHONE_STATES)
    silence = np.zeros(RATE_HZ, np.float32)
    assert np.isfinite(learned.articulate(silence, hearing_features(silence)).articulation).all()
    for samples in (silence[:0], silence[:100], silence[:300]):
        hearing = hearing_features(samples)
        found = learned.articulate(samples, hearing)
        assert found.articulation.shape == (len(hearing), 9)
        assert np.isfinite(found.articulation).all()


def test_mel_bands_are_those_of_the_reference():
    bank = librosa.filters.mel(
        sr=SPEECH_HZ, n_fft=features.FFT_SIZE, n_mels=features.MEL_BANDS, fmin=80.0, fmax=7600.0, htk=True
    )
    assert np.abs(features._mel_bank().T - bank).max() < 1e-6


def test_a_state_counts_as_its_best_context(speak):
    """The fast evaluation of mixtures agrees with the sum of Gaussians worked out plainly."""
    _, audio = speak("Mama.")
    model, frame = acoustic_model(), 30
    features = acoustics._with_differences(acoustics.cepstra(audio.samples))[frame : frame + 1]
    found = acoustics._scores(features)[0]
    phone = model.phones.index("AA")
    logs = np.zeros(sum(model.contexts[phone]))
    for stream in range(3):
        values = features[0, stream].astype(np.float64)
        own = slice(128 * phone, 128 * (phone + 1))
        density = np.concatenate([values**2, values]) @ model.projection[stream][:, own]
        density = np.exp(density + model.offsets[stream][own])
        logs += np.log(density @ model.weights[phone][stream])
    edges = np.cumsum((0, *model.contexts[phone]))
    best = [logs[a:b].max() for a, b in pairwise(edges)]
    assert found[3 * phone : 3 * phone + 3] == pytest.approx(best, abs=0.05)


def test_every_phone_has_contexts_for_all_its_states():
    contexts = np.array(acoustic_model().contexts)
    assert contexts.shape == (PHONES, 3) and contexts.min() >= 1
    assert contexts.sum() == 5126  # all tied states of the model, each owned once


def test_a_fusion_of_zeros_leaves_the_prior():
    prior = np.random.default_rng(0).uniform(0, 1, (20, 9)).astype(np.float32)
    features = np.ones((20, 138), np.float32)
    assert np.array_equal(learned.fuse(learned.Fusion((0.0,) * 138), prior, features), prior)
    lifted = learned.fuse(learned.Fusion((0.001,) * 138), prior, features)
    assert lifted[:, 0] - prior[:, 0] == pytest.approx(0.138, abs=1e-4)
    assert np.array_equal(lifted[:, 2:], prior[:, 2:])


def test_levels_do_not_hang_on_chunk_borders(monkeypatch):
    samples = np.random.default_rng(0).normal(0, 0.1, RATE_HZ + 77).astype(np.float32)
    whole = waveform.level_db(samples)
    monkeypatch.setattr(waveform, "LEVEL_CHUNK", 7)
    assert waveform.level_db(samples) == pytest.approx(whole, abs=1e-3)
    assert len(whole) == len(samples) // 160 + 1


def test_the_shipped_phonotactics_are_those_of_the_installed_dictionary():
    with np.load(acoustics.FOLLOWERS) as stored:
        assert tuple(stored["phones"]) == acoustic_phones()
        assert stored["followers"] == pytest.approx(count_followers(acoustic_phones()), abs=1e-5)


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
