"""The code that carries the id."""

import numpy as np
import pytest

from worker.compose.hidden_mark_code import CODE_BITS, ID_BITS, crc24, decode, encode


def test_the_checksum_is_openpgps():
    assert crc24(b"123456789") == 0x21CF02  # the catalogue's check value of CRC-24/OPENPGP


@pytest.mark.parametrize("number", [0, 1, (1 << ID_BITS) - 1, 0x0123456789AB])
def test_what_is_encoded_is_decoded(number):
    code = encode(number)
    assert code.shape == (CODE_BITS,)
    assert set(code.tolist()) == {-1, 1}
    assert decode(code.astype(float)) == number


def test_different_ids_differ_in_at_least_as_many_signs_as_the_free_distance():
    rng = np.random.default_rng(0)
    for _ in range(50):
        first, second = (int(n) for n in rng.integers(1 << ID_BITS, size=2))
        assert np.count_nonzero(encode(first) != encode(second)) >= 24


def test_heavy_noise_is_corrected():
    rng = np.random.default_rng(1)
    numbers = [int(n) for n in rng.integers(1 << ID_BITS, size=20)]
    assert all(decode(encode(n) + rng.normal(0, 1.0, CODE_BITS)) == n for n in numbers)


def test_a_quarter_of_the_signs_may_be_missing():
    rng = np.random.default_rng(2)
    number = 0xBADC0FFEE123
    assert decode(encode(number) * (rng.random(CODE_BITS) > 0.25)) == number


def test_noise_alone_is_no_id():
    rng = np.random.default_rng(3)
    assert all(decode(rng.normal(0, 1, CODE_BITS)) is None for _ in range(50))


@pytest.mark.parametrize("number", [-1, 1 << ID_BITS])
def test_numbers_that_do_not_fit_are_refused(number):
    with pytest.raises(ValueError, match="does not fit"):
        encode(number)


def test_another_count_of_values_is_refused():
    with pytest.raises(ValueError, match="expected"):
        decode(np.zeros(CODE_BITS - 1))
