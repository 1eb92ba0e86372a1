import numpy as np
import pytest

from worker.engine.quality.signals import agreement, band_pass, fill_gaps, pearson

TIMES = np.arange(0, 8, 0.04)


def speech_like(times: np.ndarray, seed: int = 0) -> np.ndarray:
    """Smooth random movement between 0.5 and 6 Hz, the same function of time for every sampling."""
    rng = np.random.default_rng(seed)
    frequencies, phases = rng.uniform(0.5, 6, 24), rng.uniform(0, 2 * np.pi, 24)
    return np.sin(2 * np.pi * np.outer(times, frequencies) + phases).sum(1) / 10


def test_a_mouth_agrees_fully_with_itself_whatever_its_size():
    agree = agreement(TIMES, 0.1 + 0.03 * speech_like(TIMES), TIMES, speech_like(TIMES))
    assert agree.r == pytest.approx(1, abs=1e-6)
    assert agree.lag_ms == pytest.approx(0, abs=0.5)


@pytest.mark.parametrize("late_ms", [-200, -60, 40, 200])
def test_a_shifted_mouth_reads_its_shift_and_plus_means_late(late_ms):
    agree = agreement(TIMES, speech_like(TIMES - late_ms / 1000), TIMES, speech_like(TIMES))
    assert agree.lag_ms == pytest.approx(late_ms, abs=5)
    assert agree.best_r > 0.97
    assert agree.r < agree.best_r


def test_a_late_truth_is_moved_back_by_its_known_lag():
    late = speech_like(TIMES - 0.16)
    agree = agreement(TIMES, speech_like(TIMES), TIMES, late, reference_lag_s=0.16)
    assert agree.r > 0.97
    assert agree.lag_ms == pytest.approx(0, abs=5)


def test_a_known_mixture_gives_its_known_r():
    signal, other = speech_like(TIMES, 1), speech_like(TIMES, 2)
    grid = np.arange(0, 7.9, 0.01)
    own = [band_pass(np.interp(grid, TIMES, s), 100) for s in (signal, other)]
    expected = pearson(own[0], own[0] + own[1])
    assert agreement(TIMES, signal + other, TIMES, signal).r == pytest.approx(expected, abs=0.02)
    assert 0.5 < expected < 0.9


def test_strangers_and_stillness_agree_with_nothing():
    assert abs(agreement(TIMES, speech_like(TIMES, 3), TIMES, speech_like(TIMES, 4)).r) < 0.35
    still = agreement(TIMES, np.full_like(TIMES, 0.2), TIMES, speech_like(TIMES))
    assert still.r == 0.0
    assert np.isnan(still.lag_ms)


def test_different_frame_rates_and_uneven_times_compare_by_time():
    uneven = np.sort(np.random.default_rng(5).uniform(0, 8, 260))
    agree = agreement(
        uneven, speech_like(uneven), np.arange(0, 8, 1001 / 30000), speech_like(np.arange(0, 8, 1001 / 30000))
    )
    assert agree.r > 0.85  # straight lines between uneven samples cut off peaks
    assert agree.lag_ms == pytest.approx(0, abs=10)


def test_frames_without_a_face_do_not_count():
    values = speech_like(TIMES)
    values[50:80] = np.nan
    assert agreement(TIMES, values, TIMES, speech_like(TIMES)).r > 0.97


@pytest.mark.parametrize(
    ("times", "values"),
    [(TIMES, np.full(len(TIMES), np.nan)), (TIMES + 100, speech_like(TIMES)), (TIMES[:2], np.ones(2))],
)
def test_nothing_in_common_is_an_error(times, values):
    with pytest.raises(ValueError, match=r"common|finite|known"):
        agreement(times, values, TIMES, speech_like(TIMES))


@pytest.mark.parametrize(("frequency_hz", "kept"), [(0.05, 0.0), (1.0, 1.0), (4.0, 1.0), (12.0, 0.0)])
def test_the_band_keeps_speech_and_drops_posture_and_noise(frequency_hz, kept):
    times = np.arange(0, 20, 0.01)
    out = band_pass(np.sin(2 * np.pi * frequency_hz * times), 100)[300:-300]
    assert np.abs(out).max() == pytest.approx(kept, abs=0.08)


def test_the_band_delays_nothing():
    times = np.arange(0, 10, 0.01)
    bump = np.exp(-(((times - 5) / 0.1) ** 2))
    assert times[band_pass(bump, 100).argmax()] == pytest.approx(5, abs=0.011)


def test_gaps_are_bridged_straight():
    assert fill_gaps(np.arange(4.0), np.array([0, np.nan, np.nan, 3])).tolist() == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="finite"):
        fill_gaps(np.arange(2.0), np.array([np.nan, np.nan]))
