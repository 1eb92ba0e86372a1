import json

import numpy as np
import pytest
import torch

from tests.worker.engine.speech.conftest import RATE_HZ
from worker.engine.contracts import Span
from worker.engine.models.mouth_network import FEATURES, MouthNetwork, MouthNetworkConfig
from worker.engine.speech import learned
from worker.engine.speech.acoustics import PHONE_STATES, acoustic_model, phone_posteriors
from worker.engine.speech.features import network_features
from worker.engine.speech.soft_articulation import heard_phonemes, phone_memberships, soft_articulation


def test_shipped_weights_are_the_ones_their_card_describes(tmp_path, monkeypatch):
    assert learned.mouth_network() is not None
    assert learned.shipped_fusion() is not None
    for name in ("mouth_network.pt", "mouth_network.json"):
        (tmp_path / name).write_bytes((learned.MODELS / name).read_bytes())
    weights = tmp_path / "mouth_network.pt"
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


def test_the_network_keeps_time_and_shape():
    network = MouthNetwork(MouthNetworkConfig.tiny()).eval()
    articulation, visemes, speech = network(torch.zeros(2, FEATURES, 50))
    assert (articulation.shape, visemes.shape, speech.shape) == ((2, 9, 50), (2, 14, 50), (2, 1, 50))


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
    from worker.engine.speech import acoustics

    _, audio = speak("A sentence that is long enough to be cut in several pieces, and then some more of it.")
    whole = phone_posteriors(audio.samples)
    monkeypatch.setattr(acoustics, "CHUNK_FRAMES", 150)
    cut = phone_posteriors(audio.samples)
    assert np.abs(whole - cut).mean() < 1e-3


def test_network_outputs_do_not_hang_on_chunk_borders(speak, monkeypatch):
    _, audio = speak("A sentence that is long enough to be cut in several pieces, and then some more of it.")
    posteriors = phone_posteriors(audio.samples)
    network = learned.mouth_network()
    whole = learned.network_outputs(audio.samples, posteriors, network)
    monkeypatch.setattr(learned, "CHUNK_FEATURES", 90)
    cut = learned.network_outputs(audio.samples, posteriors, network)
    assert np.abs(whole[:, :9] - cut[:, :9]).mean() < 0.02


def test_loudness_of_the_file_does_not_matter(speak):
    _, audio = speak("Loud or quiet, the same words.")
    quiet = phone_posteriors(audio.samples * 0.01)
    loud = phone_posteriors(audio.samples)
    assert np.corrcoef(quiet.ravel(), loud.ravel())[0, 1] > 0.97


def test_memberships_and_visemes_are_shares():
    posteriors = np.random.default_rng(0).dirichlet(np.full(PHONE_STATES, 0.05), 200).astype(np.float32)
    articulation, visemes = soft_articulation(posteriors)
    assert np.allclose(phone_memberships(posteriors).sum(1), 1.0, atol=1e-4)
    assert np.allclose(visemes.sum(1), 1.0, atol=1e-4)
    assert articulation.min() >= -1.0 and articulation.max() <= 1.0


def test_a_doubtful_bilabial_is_not_closed():
    names = acoustic_model().phones
    posteriors = np.zeros((60, 42, 3), np.float32)
    posteriors[:, names.index("AA")] = 1 / 3
    sure = posteriors.copy()
    posteriors[20:32, names.index("M")], posteriors[20:32, names.index("AA")] = 0.5 / 3, 0.5 / 3
    sure[20:32, names.index("M")], sure[20:32, names.index("AA")] = 0.95 / 3, 0.05 / 3
    doubtful, certain = (heard_phonemes(p.reshape(60, -1), [Span(0.0, 0.6)]) for p in (posteriors, sure))
    assert "m" not in [p.symbol for p in doubtful]
    assert "m" in [p.symbol for p in certain]


def test_features_of_nothing_are_empty():
    assert phone_posteriors(np.zeros(0, np.float32)).shape == (0, PHONE_STATES)
    assert network_features(np.zeros(100, np.float32), np.zeros((1, PHONE_STATES), np.float32)).shape == (0, FEATURES)
    articulation, _, _ = learned.articulate(np.zeros(RATE_HZ, np.float32), phone_posteriors(np.zeros(RATE_HZ)))
    assert np.isfinite(articulation).all()
