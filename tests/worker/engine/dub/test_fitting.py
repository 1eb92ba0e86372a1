"""Lines spoken into slots of known length."""

import pytest
import soundfile

from worker.engine.contracts import Script
from worker.engine.dub.fitting import FASTEST, SLOWEST, fit_speech

LINE = "We will meet at the old bridge tomorrow morning."


@pytest.fixture(scope="module")
def natural_s(tmp_path_factory) -> float:
    return fit_speech(Script(LINE, "en-us"), 30.0, tmp_path_factory.mktemp("voice") / "line.wav").spoken_s


@pytest.mark.parametrize("share", [0.8, 0.95, 1.0, 1.12])
def test_a_line_fills_a_slot_near_its_own_length_and_is_never_longer(tmp_path, natural_s, share):
    fitted = fit_speech(Script(LINE, "en-us"), natural_s * share, tmp_path / "line.wav")
    assert fitted.fits
    assert 0.92 * share * natural_s <= fitted.spoken_s <= 1.02 * share * natural_s
    assert SLOWEST <= fitted.rate <= FASTEST
    assert soundfile.info(tmp_path / "line.wav").duration == pytest.approx(fitted.spoken_s, abs=0.001)


def test_a_line_that_is_far_too_long_says_how_much_to_cut(tmp_path, natural_s):
    fitted = fit_speech(Script(LINE, "en-us"), natural_s / 2, tmp_path / "line.wav")
    assert not fitted.fits
    assert fitted.rate == pytest.approx(FASTEST)
    assert fitted.over_s > 0.1 * natural_s
    shorter = Script(LINE[: len(LINE) - fitted.chars_to_cut - 2], "en-us")
    assert fit_speech(shorter, natural_s / 2, tmp_path / "line.wav").over_s < 0.12 * natural_s


def test_a_short_line_in_a_long_slot_is_spoken_as_always(tmp_path, natural_s):
    fitted = fit_speech(Script(LINE, "en-us"), 3 * natural_s, tmp_path / "line.wav")
    assert fitted.rate == 1.0
    assert fitted.spoken_s == pytest.approx(natural_s, rel=0.01)


def test_words_begin_at_once_and_their_times_are_those_of_the_sound(tmp_path):
    fitted = fit_speech(Script("Papa", "en-us"), 2.0, tmp_path / "line.wav")
    samples, rate_hz = soundfile.read(tmp_path / "line.wav")
    first = fitted.synthesis.phonemes[0]
    assert 0.0 <= first.start_s <= 0.05
    assert fitted.synthesis.phonemes[-1].end_s <= fitted.spoken_s
    loud = abs(samples) > 0.02
    assert loud.argmax() / rate_hz < first.end_s + 0.06


def test_a_slot_without_length_is_a_mistake_of_the_caller(tmp_path):
    with pytest.raises(ValueError, match="slot"):
        fit_speech(Script(LINE, "en-us"), 0.0, tmp_path / "line.wav")
