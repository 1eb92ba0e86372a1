import numpy as np
import pytest

from worker.engine.face import landmarks as lm
from worker.engine.face.pose import canonical_face, rotation_from_angles
from worker.train.canonical_face import main, mean_face


def person(seed: int) -> np.ndarray:
    """(T, 478, 3): a lopsided person who turns, talks and closes the mouth now and then."""
    rng = np.random.default_rng(seed)
    own = canonical_face() + rng.normal(0, 0.01, (lm.N_LANDMARKS, 3))
    frames = []
    for i in range(30):
        face = own.copy()
        face[list(lm.LIPS_INNER_LOWER[1:-1])] += [0, 0.0 if i % 3 == 0 else 0.2, 0]
        frames.append(60 * face @ rotation_from_angles(*rng.normal(0, 6, 3)).T + rng.normal(0, 50, 3))
    return np.array(frames)


def test_the_mean_of_turning_talking_people_is_a_symmetric_closed_upright_face():
    face = mean_face([person(seed) for seed in range(5)])
    assert np.allclose((face * [-1, 1, 1])[lm.MIRROR], face, atol=1e-3)
    assert lm.mouth_openness(face) < 0.03
    assert lm.inter_ocular_px(face) == pytest.approx(1)
    assert face[lm.CHIN, 2] == pytest.approx(face[lm.FOREHEAD_TOP, 2], abs=1e-6)
    assert np.abs(face - canonical_face()).max() < 0.05


def test_without_clips_it_says_how_to_be_called(capsys):
    assert main([]) == 2
    assert "usage" in capsys.readouterr().err
