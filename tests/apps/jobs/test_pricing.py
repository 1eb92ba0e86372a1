import datetime

import pytest

from apps.jobs.pricing import PaidWork, PricedSegment, billed_seconds, captured_credits, quote, quote_changes

NOW = datetime.datetime(2027, 3, 28, 0, 59, tzinfo=datetime.UTC)
HD = {"width_px": 1080, "height_px": 1920}


def credits(work, duration_s, *, width_px=1080, height_px=1920, is_neural=False):
    return quote(work, duration_s, width_px=width_px, height_px=height_px, is_neural=is_neural, now=NOW).credits


def test_a_talking_photo_costs_a_credit_a_second_and_a_dub_two():
    assert credits(PaidWork.TALKING_PHOTO, 30.0) == 30
    assert credits(PaidWork.DUB, 30.0) == 60


@pytest.mark.parametrize(
    ("duration_s", "seconds"),
    [(0.02, 1), (1.0, 1), (1.1, 1), (1.11, 2), (29.9, 30), (30.0, 30), (30.08, 30), (30.5, 31), (600.0, 600)],
)
def test_started_seconds_count_with_a_tenth_to_spare(duration_s, seconds):
    assert billed_seconds(duration_s) == seconds


@pytest.mark.parametrize("duration_s", [0, -1, float("nan"), float("inf")])
def test_a_length_that_is_none_has_no_price(duration_s):
    with pytest.raises(ValueError):
        billed_seconds(duration_s)


@pytest.mark.parametrize(
    ("size", "factor"),
    [((1080, 1920), 1), ((1920, 1080), 1), ((1080, 1080), 1), ((1081, 1081), 2), ((2160, 3840), 2), ((640, 4000), 1)],
)
def test_above_1080p_costs_twice_whichever_way_the_picture_stands(size, factor):
    assert credits(PaidWork.TALKING_PHOTO, 10, width_px=size[0], height_px=size[1]) == 10 * factor


def test_neural_engines_cost_three_times_and_factors_multiply():
    assert credits(PaidWork.DUB, 10, width_px=2160, height_px=3840, is_neural=True) == 10 * 2 * 3 * 2


def test_the_parts_of_a_quote_multiply_to_its_price():
    got = quote(PaidWork.DUB, 12.3, width_px=1440, height_px=1440, is_neural=True, now=NOW)
    assert got.credits == got.seconds * got.credits_per_s * got.neural_factor * got.size_factor == 13 * 12


def test_a_quote_is_valid_for_a_quarter_of_an_hour():
    got = quote(PaidWork.TALKING_PHOTO, 10, **HD, now=NOW)
    assert got.is_valid_at(NOW + datetime.timedelta(minutes=14, seconds=59))
    assert not got.is_valid_at(NOW + datetime.timedelta(minutes=15))


def test_only_changed_segments_are_paid_again():
    segments = [PricedSegment(4.2, is_changed=False), PricedSegment(3.0, is_changed=True), PricedSegment(9, False)]
    assert quote_changes(PaidWork.TALKING_PHOTO, segments, **HD, now=NOW).credits == 3


def test_nothing_changed_costs_nothing():
    assert quote_changes(PaidWork.DUB, [PricedSegment(5, is_changed=False)], **HD, now=NOW).credits == 0
    assert quote_changes(PaidWork.DUB, [], **HD, now=NOW).credits == 0


@pytest.mark.parametrize(("rendered_s", "credits"), [(30.0, 30), (20.2, 21), (31.9, 30), (400.0, 30)])
def test_what_is_captured_is_what_was_made_and_never_more_than_quoted(rendered_s, credits):
    assert captured_credits(quote(PaidWork.TALKING_PHOTO, 30, **HD, now=NOW), rendered_s) == credits


@pytest.mark.parametrize("size", [(0, 100), (100, 0), (-1, 5)])
def test_a_picture_without_size_has_no_price(size):
    with pytest.raises(ValueError):
        quote(PaidWork.DUB, 5, width_px=size[0], height_px=size[1], now=NOW)
