"""Opening and closing cards around a finished video: to the frame, to the sample, with the marks that it has."""

from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from tests import synth
from worker.compose.brand_cards import draw_card, with_cards
from worker.compose.brand_plan import Bookends, CaptionBrand, Card, Logo
from worker.compose.marks import ai_label_stage
from worker.engine.contracts import RenderResult, SilentHooks
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.audio import load_audio
from worker.engine.media.decode import decode_video
from worker.engine.media.probe import probe

BRAND = CaptionBrand((20, 80, 180), (255, 214, 64), (255, 255, 255))


@pytest.fixture
def logo(tmp_path):
    picture = Image.new("RGBA", (200, 80), (255, 0, 0, 255))
    path = tmp_path / "logo.png"
    picture.save(path)
    return Logo(path, "digest")


def finished(path, size=(128, 96), rate=25, seconds=1.0, samples=None):
    frames = [np.full((size[1], size[0], 3), (30, 170, 40), np.uint8) for _ in range(round(seconds * rate))]
    synth.write_clip(path, frames, Fraction(rate), samples=samples)
    return RenderResult(path, *size, Fraction(rate), len(frames), seconds, path.stat().st_size)


def test_a_video_is_put_between_its_cards_and_its_sound_begins_when_it_does(tmp_path, logo):
    made = finished(tmp_path / "video.mp4", samples=synth.tone(1.0, level=0.1))
    loud = load_audio(made.output_path).samples.std()
    bookends = Bookends(BRAND, Card("Hello", 1.01), Card("Bye", 1.2), logo)
    result, *cards_s = with_cards(made, bookends, SilentHooks(), [ai_label_stage(128, 96)])
    assert cards_s == [1.0, 1.2]  # in whole frames
    assert (result.frame_count, result.duration_s) == (25 + 25 + 30, pytest.approx(3.2))
    frames = [frame.rgb() for frame in decode_video(result.output_path)]
    assert len(frames) == 80
    is_card = [np.abs(frame[2, 2].astype(int) - BRAND.primary).max() < 24 for frame in frames]
    assert is_card == [True] * 25 + [False] * 25 + [True] * 30
    assert np.abs(frames[40][48, 64].astype(int) - (30, 170, 40)).max() < 16
    plain = draw_card(bookends.intro, bookends, (128, 96))
    assert np.abs(frames[3].astype(int) - plain)[78:94, :60].max() > 60  # the label is on the card, too
    sound = load_audio(result.output_path)
    rate = sound.sample_rate_hz
    before, during = sound.samples[: round(0.95 * rate)], sound.samples[round(1.05 * rate) : round(1.95 * rate)]
    assert np.abs(before).max() < 0.01 and np.abs(sound.samples[round(2.1 * rate) :]).max() < 0.01
    assert during.std() == pytest.approx(loud, rel=0.08)  # as loud as it was


def test_a_silent_video_gets_no_sound_and_odd_rates_become_ones_that_films_have(tmp_path):
    made = finished(tmp_path / "video.mp4", rate=10)
    bookends = Bookends(BRAND, None, Card("Bye", 1.0), adds_watermark=True)
    result, *_ = with_cards(made, bookends, SilentHooks(), [])
    last = [frame.rgb() for frame in decode_video(result.output_path)][-1]
    assert np.abs(last.astype(int) - draw_card(bookends.outro, bookends, (128, 96))).max() > 30  # a film's mark
    assert result.frame_rate == 12 and result.duration_s == pytest.approx(2.0, abs=0.09)
    assert probe(result.output_path).sound is None


@pytest.mark.parametrize("size", [(360, 640), (512, 512), (640, 360), (160, 160)])
@pytest.mark.parametrize(
    "text", ["", "Hello", "Learn something new every single week", "こんにちは世界", "مرحبا بالعالم", "W" * 80]
)
def test_a_card_holds_its_words_and_its_logo_whole(size, text, logo):
    picture = draw_card(Card(text), Bookends(BRAND, logo=logo), size)
    assert picture.shape == (size[1], size[0], 3)
    drawn = np.abs(picture.astype(int) - BRAND.primary).max(axis=2) > 40
    assert drawn.any() and not drawn[0].any() and not drawn[-1].any()
    assert not drawn[:, :2].any() and not drawn[:, -2:].any()
    red = (picture[..., 0] > 200) & (picture[..., 1] < 60)
    assert red.any() and (not text or (drawn & ~red).sum() > 20)


def test_a_card_of_unlikely_length_is_refused():
    for wrong in (0.5, 6.0, float("nan")):
        with pytest.raises(EngineFailure) as refused:
            Card("Hello", wrong)
        assert refused.value.code is FailureCode.OPTION_INVALID
    with pytest.raises(EngineFailure):
        Card("x" * 81)
