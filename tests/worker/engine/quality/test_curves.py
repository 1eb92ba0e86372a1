import numpy as np
import pytest

from worker.engine.contracts import Span
from worker.engine.media.audio import Audio
from worker.engine.quality.curves import Truth, curve_numbers, jaw_flap, median_numbers, reference_numbers

TIMES = np.arange(0, 6, 0.04)


def moving(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    waves = np.sin(2 * np.pi * np.outer(TIMES, rng.uniform(0.5, 5, 16)) + rng.uniform(0, 6.3, 16)).sum(1)
    return 0.1 + 0.02 * waves


def truth(seed: int = 0, lag_s: float = 0.0) -> Truth:
    return Truth(TIMES, moving(seed), lag_s, [Span(1, 1.1)], [])


def audio() -> Audio:
    t = np.arange(6 * 16000) / 16000
    samples = (0.3 * np.sin(2 * np.pi * 150 * t) * (np.sin(2 * np.pi * 1.5 * t) > 0)).astype(np.float32)
    return Audio(samples, 16000, 16000, 1, 6.0)


def test_the_real_mouth_scores_one_and_a_still_one_nothing():
    references = reference_numbers(TIMES, moving(0), truth(), audio(), [truth(5), truth(6)])
    assert set(references) == {"real", "static", "jaw_flap", "shuffled"}
    assert references["real"]["aperture_r"] == pytest.approx(1)
    assert references["real"]["open_range"] == pytest.approx(1)
    assert references["static"]["aperture_r"] == 0.0
    assert abs(references["shuffled"]["aperture_r"]) < 0.4


def test_the_real_mouth_scores_one_also_where_it_is_late_against_its_sound():
    references = reference_numbers(TIMES, moving(0), truth(lag_s=0.16), audio(), [])
    assert references["real"]["aperture_r"] == pytest.approx(1)
    assert references["real"]["av_offset_ms"] == pytest.approx(0, abs=1)


def test_half_the_opening_reads_half():
    assert curve_numbers(TIMES, 0.5 * moving(0), truth())["open_range"] == pytest.approx(0.5)
    assert curve_numbers(TIMES, 0.5 * moving(0), truth())["open_contrast"] == pytest.approx(0.5)


def test_a_jaw_flap_follows_loudness():
    flap = jaw_flap(audio(), TIMES, 0.2)
    loud = np.sin(2 * np.pi * 1.5 * TIMES) > 0.2
    quiet = np.sin(2 * np.pi * 1.5 * TIMES) < -0.2
    assert flap[loud].min() > 0.15
    assert flap[quiet].max() < 0.02


def test_medians_leave_out_what_is_unknown():
    rows = [{"a": 1.0, "b": float("nan")}, {"a": 3.0}, {"a": float("nan")}]
    medians = median_numbers(rows)
    assert medians["a"] == 2.0
    assert np.isnan(medians["b"])
