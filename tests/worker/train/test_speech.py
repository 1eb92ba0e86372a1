import json
import subprocess
import sys

import numpy as np
import pytest

from worker.engine.models.mouth_network import FEATURES, PHONE_OUTPUTS, MouthNetwork
from worker.train import speech


@pytest.fixture
def prepared(tmp_path):
    """A folder with one small shard, as `prepare` leaves it."""
    generator = np.random.default_rng(0)
    features = generator.uniform(0, 1, (1500, FEATURES)).astype(np.float16)
    targets = generator.uniform(0, 1, (1500, 23)).astype(np.float16)
    targets[:, 9:] /= targets[:, 9:].sum(1, keepdims=True)
    phones = generator.integers(0, PHONE_OUTPUTS, 1500).astype(np.int8)
    starts = np.arange(0, 1501, 300)
    np.savez(tmp_path / "shard-00.npz", features=features, targets=targets, phones=phones, starts=starts)
    return tmp_path


def fit(folder, steps: int) -> dict[str, np.ndarray]:
    assert speech.main(["fit", "--work", str(folder), "--out", str(folder / "out"), "--steps", str(steps)]) == 0
    with np.load(folder / "out" / "mouth_network.npz") as stored:
        return dict(stored)


def test_fitting_ships_weights_that_work_and_a_card_that_names_them(prepared, capsys):
    network = MouthNetwork.from_stored(fit(prepared, 2))
    articulation, visemes, phones = network(np.zeros((10, FEATURES), np.float32))
    assert np.isfinite(articulation).all()
    for shares in (visemes, phones):
        assert shares.sum(1) == pytest.approx(np.ones(10), abs=1e-4)
    card = json.loads((prepared / "out" / "mouth_network.json").read_text(encoding="utf-8"))
    assert card["training_speech_s"] == 30.0 and len(card["sha256"]) == 64
    assert "step 2" in capsys.readouterr().out


def test_a_fit_that_was_finished_is_not_done_again(prepared, capsys):
    first = fit(prepared, 2)
    capsys.readouterr()
    again = fit(prepared, 2)
    assert "step" not in capsys.readouterr().out
    assert all(np.array_equal(first[name], again[name]) for name in first)


def test_fitting_without_shards_says_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match="prepare"):
        speech.main(["fit", "--work", str(tmp_path), "--steps", "1"])


def test_fitting_needs_torch_and_numpy_alone():
    code = "import sys, worker.train.speech; sys.exit(any(m in sys.modules for m in ('scipy', 'onnxruntime', 'av')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
