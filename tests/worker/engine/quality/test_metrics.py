import numpy as np
import pytest

from worker.engine.contracts import Span
from worker.engine.quality import metrics

TIMES = np.arange(0, 6, 0.04)


def mouth(closed: list[tuple[float, float]], opening: float = 0.2) -> np.ndarray:
    """Open but for the given spans."""
    aperture = np.full(len(TIMES), opening)
    for start, end in closed:
        aperture[(start <= TIMES) & (end >= TIMES)] = 0.005
    return aperture


def test_closures_are_counted_where_lips_touch_in_time():
    spans = [Span(1.0, 1.08), Span(2.0, 2.08), Span(3.0, 3.08), Span(4.0, 4.08)]
    aperture = mouth([(0.96, 1.04), (1.93, 1.99), (3.3, 3.4)])  # in it, in the 80 ms before, too late, never
    assert metrics.bilabial_closure(TIMES, aperture, spans) == pytest.approx(0.5)


def test_a_mouth_that_never_opens_wide_still_has_to_close_for_its_size():
    spans = [Span(1.0, 1.08)]
    aperture = 0.03 + 0.02 * np.sin(2 * np.pi * TIMES)
    assert metrics.bilabial_closure(TIMES, aperture, spans) == 0.0


def test_no_spans_and_no_face_say_nothing():
    assert np.isnan(metrics.bilabial_closure(TIMES, mouth([]), []))
    assert np.isnan(metrics.bilabial_closure(TIMES, np.full(len(TIMES), np.nan), [Span(1, 1.1)]))


@pytest.mark.parametrize("late_s", [-0.08, 0.0, 0.12])
def test_closures_tell_how_late_the_mouth_is(late_s):
    spans = [Span(t, t + 0.08) for t in (1.0, 2.2, 3.5, 4.9)]
    aperture = 0.2 * np.ones(len(TIMES))
    for span in spans:
        middle = (span.start_s + span.end_s) / 2 + late_s
        aperture -= 0.2 * np.exp(-(((TIMES - middle) / 0.06) ** 2))
    assert metrics.closure_offset_ms(TIMES, aperture, spans) == pytest.approx(1000 * late_s, abs=20)


def test_pauses_are_the_silences_of_400_ms_and_more():
    found = metrics.pauses_between([Span(0.5, 1.0), Span(1.2, 2.0), Span(2.5, 3.0)], 3.3)
    assert [(p.start_s, p.end_s) for p in found] == [(0.0, 0.5), (2.0, 2.5)]
    assert [(p.start_s, p.end_s) for p in metrics.pauses_between([], 1.0)] == [(0.0, 1.0)]


def test_silence_counts_closed_and_still_frames_only():
    pause = [Span(2.0, 4.0)]
    assert metrics.silence_closure(TIMES, mouth([(2.0, 4.0)]), pause) == 1.0
    assert metrics.silence_closure(TIMES, mouth([]), pause) == 0.0
    half = mouth([(2.0, 2.96)])
    assert metrics.silence_closure(TIMES, half, pause) == pytest.approx(0.5, abs=0.05)
    mumbling = mouth([(2.0, 4.0)])
    inside = (TIMES > 2) & (TIMES < 4)
    mumbling[inside] = 0.008 + 0.008 * (np.arange(inside.sum()) % 2 == 0)
    mumbling[inside] = 0.01 + 0.01 * np.sin(2 * np.pi * 4 * TIMES[inside])
    assert metrics.silence_closure(TIMES, mumbling, pause) < 0.5


def test_the_edges_of_a_pause_are_forgiven():
    assert metrics.silence_closure(TIMES, mouth([(2.12, 3.84)]), [Span(2.0, 4.0)]) > 0.95


def test_ranges_are_ratios_of_wide_openings():
    assert metrics.open_range(mouth([(0, 3)], 0.1), mouth([(0, 3)], 0.2)) == pytest.approx(0.5)
    assert metrics.opening_contrast(mouth([(0, 3)], 0.205)) == pytest.approx(0.2)


def blinking(times, at, width_s=0.2):
    eyes = np.full(len(times), 0.3)
    for moment in at:
        eyes[np.abs(times - moment) <= width_s / 2] = 0.05
    return eyes


def test_blinks_are_counted_and_the_longest_wait_is_found():
    times = np.arange(0, 60, 0.04)
    rate, gap_s = metrics.blink_rate(times, blinking(times, [3, 7, 8.5, 20, 24, 28, 33, 40, 45, 50, 55]))
    assert rate == pytest.approx(11, abs=0.05)
    assert gap_s == pytest.approx(11.5, abs=0.1)


def test_closed_eyes_are_no_blink():
    times = np.arange(0, 10, 0.04)
    assert metrics.blinks(times, blinking(times, [5], width_s=2.0)) == []
    assert len(metrics.blinks(times, blinking(times, [5], width_s=0.04))) == 1


def test_no_eyes_no_rate():
    times = np.arange(0, 10, 0.04)
    assert metrics.blink_rate(times, np.full(len(times), np.nan))[0] == 0.0
    assert np.isnan(metrics.blink_rate(times[:1], np.ones(1))[0])


def test_jitter_is_the_mean_acceleration_in_eye_distances():
    shaking = np.zeros((40, 5, 2))
    shaking[::2, :, 0] = 1.0  # ±1 px every frame: second differences of 2 px
    assert metrics.jitter_share(shaking, 100.0) == pytest.approx(0.02)
    gliding = np.cumsum(np.ones((40, 5, 2)), axis=0)
    assert metrics.jitter_share(gliding, 100.0) == pytest.approx(0.0)


def test_jitter_counts_only_where_asked():
    points = np.zeros((40, 5, 2))
    points[20::2] = 1.0
    still = np.arange(40) < 19
    assert metrics.jitter_share(points, 100.0, still) == pytest.approx(0.0)
    assert np.isnan(metrics.jitter_share(points, 100.0, np.zeros(40, bool)))


def test_tremor_is_told_from_speech():
    times = np.arange(0, 8, 0.02)
    assert metrics.fast_energy_share(times, np.sin(2 * np.pi * 3 * times)) < 0.05
    assert metrics.fast_energy_share(times, np.sin(2 * np.pi * 15 * times)) > 0.9


def test_flicker_counts_spikes_but_not_cuts():
    rng = np.random.default_rng(0)
    change = 2 + 0.2 * rng.random(len(TIMES))
    change[[40, 90]] = 15
    assert metrics.flicker_per_10_s(TIMES, change) == pytest.approx(10 * 2 / TIMES[-1])
    assert metrics.flicker_per_10_s(TIMES, change, cuts=[40, 90]) == 0.0


def test_lengths_and_shapes():
    assert metrics.length_delta_frames(151, 25, 6.0) == pytest.approx(1)
    shape = np.random.default_rng(1).normal(size=(10, 3))
    assert metrics.rigid_shape_distance(shape, shape, range(10)) == 0
    assert metrics.rigid_shape_distance(shape + np.array([0.1, 0, 0]), shape, range(10)) == pytest.approx(0.1)


def test_closed_lips_read_as_closed_whatever_the_tracker_reads_on_this_face():
    real = np.concatenate([np.full(20, 0.03), np.linspace(0.03, 0.3, 80)])
    assert metrics.above_closed(np.array([0.02, 0.03, 0.13]), real) == pytest.approx([0, 0, 0.1], abs=2e-3)


def test_a_mouth_that_never_closes_does_not_become_closed_by_definition():
    hanging = np.full(50, 0.2)
    assert metrics.above_closed(hanging, hanging).min() > 0.1


def test_the_instruments_own_noise_is_taken_out_and_never_more_than_there_is():
    assert metrics.above_floor(5.0, 3.0) == pytest.approx(4)
    assert metrics.above_floor(1.0, 3.0) == 0
    assert np.isnan(metrics.above_floor(float("nan"), 1.0))
