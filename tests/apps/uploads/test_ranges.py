import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.uploads.ranges import ByteRange, RangeNotSatisfiableError, requested_range


@pytest.mark.parametrize("header, first, last", [
    ("bytes=0-9", 0, 9),
    ("bytes=0-", 0, 99),
    ("bytes=90-200", 90, 99),
    ("bytes=99-99", 99, 99),
    ("bytes=-10", 90, 99),
    ("bytes=-1000", 0, 99),
    ("bytes = 5-6", 5, 6),
])  # fmt: skip
def test_a_range_is_clipped_to_the_file(header, first, last):
    assert requested_range(header, 100) == ByteRange(first, last)


@pytest.mark.parametrize("header", [
    "", "bytes=", "bytes=-", "bytes=5-2", "bytes=a-b", "bytes=1.5-2", "lines=1-2", "bytes=0-1,3-4", "bytes 0-1",
    "bytes=٣-٤", "bytes=" + "9" * 5000 + "-", "bytes=--5", "bytes=0-0-0",
])  # fmt: skip
def test_what_makes_no_sense_means_the_whole_file(header):
    assert requested_range(header, 100) is None


@pytest.mark.parametrize("header, size", [("bytes=100-", 100), ("bytes=1000-2000", 100), ("bytes=-0", 100),
                                          ("bytes=0-", 0), ("bytes=-5", 0)])  # fmt: skip
def test_a_range_outside_of_the_file_cannot_be_satisfied(header, size):
    with pytest.raises(RangeNotSatisfiableError):
        requested_range(header, size)


@given(st.text(alphabet="bytes=-, 0123456789", max_size=30), st.integers(0, 1000))
def test_a_range_never_leaves_the_file(header, size):
    try:
        part = requested_range(header, size)
    except RangeNotSatisfiableError:
        return
    if part is not None:
        assert 0 <= part.first <= part.last < size
        assert part.length == part.last - part.first + 1
