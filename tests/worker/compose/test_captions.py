"""Captions say the script's own words at their times, in any script, inside what platforms leave free."""

import time
from dataclasses import replace
from itertools import pairwise

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.compose.brand_plan import CaptionBrand
from worker.compose.captions.cues import TimedWord, cues_of, timed_words, written_words
from worker.compose.captions.drawing import lay_out
from worker.compose.captions.fonts import drawable, font_file, is_right_to_left
from worker.compose.captions.stage import captions_stage, shifted, style_cues
from worker.compose.captions.styles import DISPLAY, LOOKS, CaptionStyle, branded, safe_area
from worker.engine.media.plane_stages import marked_planes
from worker.engine.media.planes import NativePicture

SCRIPTS = {
    "latin": "Talking photos that people believe, made in seconds.",
    "cyrillic": "Привет, мир! Как дела сегодня?",
    "greek": "Γειά σου Κόσμε, τι κάνεις;",
    "chinese": "你好，世界。今天天气很好！",
    "japanese": "こんにちは、世界。日本語の字幕です。",
    "korean": "안녕하세요, 세계! 오늘 날씨가 좋아요.",
    "arabic": "مرحبا بالعالم، كيف حالك اليوم؟",
    "hebrew": "שלום עולם, מה שלומך היום?",
    "devanagari": "नमस्ते दुनिया, आज मौसम बहुत अच्छा है।",
    "thai": "สวัสดีชาวโลก วันนี้อากาศดี",
}


def spoken(text: str, word_s: float = 0.4) -> list[TimedWord]:
    return [TimedWord(w, n * word_s, (n + 1) * word_s) for n, w in enumerate(written_words(text))]


# -- words and times ---------------------------------------------------------------------------------------------------


def test_punctuation_stays_with_its_word():
    assert written_words("It's 25% off — really (yes).") == ["It's", "25%", "off", "—", "really", "(yes)."]
    assert written_words("你好，世界。「今」天") == ["你", "好，", "世", "界。", "「今」", "天"]


def test_a_voices_fragments_give_the_scripts_words_their_times():
    fragments = [("It", 0.2, 0.4), ("25", 0.4, 0.8), ("5%", 0.8, 1.2), ("%", 1.2, 1.6), ("off", 1.7, 2.0)]
    words = timed_words("It's 25% off today", fragments, 3.0)
    assert [word.text for word in words] == ["It's", "25%", "off", "today"]
    assert (words[1].start_s, words[1].end_s) == (0.4, 1.6)
    assert words[3].start_s == 2.0 and words[3].end_s <= 3.0


@settings(max_examples=60, deadline=None)
@given(
    st.text(max_size=60),
    st.lists(st.tuples(st.text(max_size=6), st.floats(0, 9), st.floats(0, 9)), max_size=12),
    st.floats(0.05, 10),
)
def test_whatever_a_voice_reports_words_keep_their_order_and_stay_inside(text, fragments, duration_s):
    words = timed_words(text, fragments, duration_s)
    assert [word.text for word in words] == written_words(text)
    assert all(0 <= word.start_s <= word.end_s <= duration_s + 1e-9 for word in words)
    starts = [word.start_s for word in words]
    assert starts == sorted(starts)


# -- captions ----------------------------------------------------------------------------------------------------------


def test_a_word_that_ends_the_one_before_it_is_not_found_inside_it():
    words = timed_words("This is new!", [("This", 0.0, 0.2), ("is", 0.3, 0.4), ("new", 0.5, 0.8)], 1.0)
    assert [(word.text, word.start_s) for word in words] == [("This", 0.0), ("is", 0.3), ("new!", 0.5)]


def test_sentences_and_pauses_end_captions():
    words = [*spoken("One two. Three four"), TimedWord("five", 5.0, 5.3)]
    assert [cue.text for cue in cues_of(words, line_chars=30)] == ["One two.", "Three four", "five"]


def test_a_sentence_that_needs_two_captions_leaves_no_word_alone():
    cues = cues_of(spoken("I am a still picture, and yet I can speak."), line_chars=20)
    assert [cue.text.replace("\n", " ") for cue in cues] == ["I am a still picture,", "and yet I can speak."]


def test_lines_are_alike_in_length_and_break_at_commas():
    cue = cues_of(spoken("When it rains outside, we stay at home"), line_chars=24)[0]
    assert cue.text == "When it rains outside,\nwe stay at home"


@pytest.mark.parametrize("style", list(CaptionStyle), ids=str)
@pytest.mark.parametrize("script", sorted(SCRIPTS))
def test_captions_follow_each_other_without_overlap_and_say_everything(script, style):
    words = spoken(SCRIPTS[script])
    cues = style_cues(words, style)
    assert [word for cue in cues for word in cue.words] == words
    for before, after in pairwise(cues):
        assert before.end_s <= after.start_s
    for cue in cues:
        assert cue.end_s - cue.start_s >= 0.39
        assert len(cue.lines) <= LOOKS[style].max_lines


def test_shifted_captions_keep_their_rhythm():
    cues = style_cues(spoken(SCRIPTS["latin"]), CaptionStyle.CLEAN)
    later = shifted(cues, 2.5)
    assert [cue.start_s - 2.5 for cue in later] == pytest.approx([cue.start_s for cue in cues])
    assert later[0].words[0].start_s == pytest.approx(2.5)


# -- pictures ----------------------------------------------------------------------------------------------------------


def burned(text: str, style: CaptionStyle, at_s: float, size=(540, 960)) -> tuple[np.ndarray, np.ndarray]:
    plain = np.full((size[1], size[0], 3), 120, np.uint8)
    stage = captions_stage(*size, style_cues(spoken(text), style), style)
    return plain, np.asarray(stage(plain.copy(), at_s))


@pytest.mark.parametrize("style", list(CaptionStyle), ids=str)
@pytest.mark.parametrize("script", sorted(SCRIPTS))
@pytest.mark.parametrize("size", [(540, 960), (640, 640), (960, 540)], ids=str)
def test_letters_stay_in_the_safe_area(script, style, size):
    area = safe_area(*size)
    for cue in style_cues(spoken(SCRIPTS[script]), style):
        layout = lay_out(cue, LOOKS[style], *size)
        assert layout.words
        assert layout.box[0] >= area.left * size[0] - 1
        assert layout.box[2] <= (1 - area.right) * size[0] + 2
        assert layout.box[3] <= (1 - area.bottom) * size[1] + 2


@pytest.mark.parametrize("script", sorted(SCRIPTS))
def test_every_letter_of_a_covered_script_has_a_glyph(script):
    text = SCRIPTS[script]
    for word in written_words(text):
        for style in (CaptionStyle.CLEAN, CaptionStyle.KARAOKE):
            cue = style_cues([TimedWord(word, 0, 1)], style)[0]
            layout = lay_out(cue, LOOKS[style], 540, 960, japanese=script == "japanese")
            font = layout.words[0].font
            missing = bytes(font.getmask("\U0010fffe"))
            for character in filter(str.isalpha, word):
                assert bytes(font.getmask(character)) != missing, f"{character!r} in {font.path}"


def test_only_the_captions_own_box_changes_and_only_while_it_is_shown():
    plain, shown = burned("Hello world", CaptionStyle.BOXED, 0.2)
    changed = (plain != shown).any(axis=2)
    assert changed.any()
    assert not changed[: 960 // 2].any()
    _, after = burned("Hello world", CaptionStyle.BOXED, 30.0)
    assert np.array_equal(after, plain)


def test_the_word_that_is_said_has_the_active_colour_and_it_moves_on():
    yellow = np.array(LOOKS[CaptionStyle.KARAOKE].active)

    def where(at_s: float) -> float:
        _, shown = burned("first second", CaptionStyle.KARAOKE, at_s)
        return float(np.flatnonzero((shown == yellow).all(axis=2).any(axis=0)).mean())

    assert where(0.1) < 270 < where(0.5)


def test_right_to_left_scripts_begin_at_the_right():
    yellow = np.array(LOOKS[CaptionStyle.KARAOKE].active)
    _, shown = burned("مرحبا بالعالم", CaptionStyle.KARAOKE, 0.1)
    assert np.flatnonzero((shown == yellow).all(axis=2).any(axis=0)).mean() > 270
    assert is_right_to_left("«مرحبا» 2026") and not is_right_to_left("Hello مرحبا")


def test_arabic_letters_join():
    whole = lay_out(style_cues([TimedWord("مرحبا", 0, 1)], CaptionStyle.CLEAN)[0], LOOKS[CaptionStyle.CLEAN], 540, 960)
    font = whole.words[0].font
    assert font.getlength("مرحبا") < 0.9 * sum(font.getlength(letter) for letter in "مرحبا")


def test_han_among_kana_takes_japanese_forms():
    assert font_file("世界", "inter-semibold.ttf").name == "noto-sans-sc-bold.otf"
    assert font_file("世界", "inter-semibold.ttf", japanese=True).name == "noto-sans-jp-bold.otf"
    assert font_file("語", "inter-semibold.ttf").name == "noto-sans-jp-bold.otf", "the only one that has it"


@pytest.mark.parametrize("text", ["🙂🙂", "\x00\x07", "\u202e\u202d", " "], ids=ascii)
def test_what_no_font_draws_is_left_out(text):
    assert drawable(text) == ""
    plain, shown = burned(f"a {text} b", CaptionStyle.CLEAN, 0.1)
    assert not np.array_equal(plain, shown)


def test_a_word_longer_than_the_picture_shrinks_and_nothing_breaks():
    _, shown = burned("Donaudampfschifffahrtsgesellschaftskapitän" * 2, CaptionStyle.POP, 0.3, (90, 160))
    assert shown.shape == (160, 90, 3)


def test_a_frame_costs_a_blend_not_a_drawing():
    stage = captions_stage(720, 1280, style_cues(spoken(SCRIPTS["latin"]), CaptionStyle.KARAOKE), CaptionStyle.KARAOKE)
    frame = np.full((1280, 720, 3), 120, np.uint8)

    def seconds(at_s: float) -> float:
        started = time.perf_counter()
        stage(frame, at_s)
        return time.perf_counter() - started

    first = seconds(0.1)
    assert min(seconds(0.1) for _ in range(5)) < 0.5 * first


def test_on_native_planes_only_the_captions_box_is_painted_and_looks_the_same(monkeypatch):
    grey = np.full((360, 640, 3), 90, np.uint8)
    frame = av.VideoFrame.from_ndarray(grey, "rgb24").reformat(format="yuv420p")
    picture, untouched = NativePicture(frame, 0), NativePicture(frame, 0).rgb()
    cues = cues_of([TimedWord("Hello", 0.0, 1.0)], line_chars=26)
    stage = captions_stage(640, 360, cues, CaptionStyle.BOXED)
    wanted = stage(untouched.copy(), 0.5)
    monkeypatch.setattr(NativePicture, "rgb", lambda self: pytest.fail("the whole picture went through RGB"))
    marked_planes(picture, [stage], 0.5)
    monkeypatch.undo()
    painted = picture.rgb().astype(int)
    drawn = (wanted != untouched).any(axis=2)
    assert drawn.any() and np.abs(painted - wanted)[drawn].mean() < 6, "colour is stored for four pixels at once"
    far = np.ones_like(drawn)
    rows, columns = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
    far[rows[0] - 4 : rows[-1] + 5, columns[0] - 4 : columns[-1] + 5] = False
    assert (painted == untouched)[far].all()


@pytest.mark.parametrize("style", list(CaptionStyle))
def test_captions_take_the_colours_and_letters_of_a_brand_and_keep_their_shape(style):
    brand = CaptionBrand((20, 80, 180), (10, 20, 60), (250, 240, 230), "display")
    look, plain = branded(LOOKS[style], brand), LOOKS[style]
    assert branded(plain, None) is plain and look.font == DISPLAY
    assert (look.size, look.pad, look.left, look.outline) == (plain.size, plain.pad, plain.left, plain.outline)
    if plain.box is not None:
        assert look.box == (20, 80, 180, plain.box[3]) and look.colour == (250, 240, 230)
    if plain.active is not None:  # as dark as it was, nobody could tell it from the line around letters
        assert sum(look.active) > 300 and look.active[2] > look.active[0]
    assert branded(plain, replace(brand, typeface="style")).font == plain.font
