from fractions import Fraction

import numpy as np
import pytest

from tests.worker.engine.speech.conftest import RATE_HZ, make_audio, tone_for
from worker.engine.contracts import Span
from worker.engine.speech import learned, rules
from worker.engine.speech.coarticulation import GRID_HZ
from worker.engine.speech.features import FEATURE_HZ, Sound
from worker.engine.speech.mouth_track import VISEMES, Articulator, Phoneme, Viseme
from worker.engine.speech.phonemes import is_bilabial, is_vowel
from worker.engine.speech.track import (
    mouth_track_from_audio,
    mouth_track_from_phonemes,
    mouth_track_without_clip,
)

TEN_LANGUAGES = {
    "en-us": "My mother baked a big purple pie, but Bob put it up.",
    "de": "Meine Mama baut bald ein buntes Boot am Bach.",
    "fr": "Maman a beaucoup de beaux bijoux, papa part bientôt.",
    "es": "Mi mamá me mima mucho, pero Pablo bebe poco.",
    "it": "Mamma compra bambole belle, babbo porta pane.",
    "pt-br": "Minha mãe comprou bananas para o bebê.",
    "pl": "Moja mama kupiła bułki, babcia piecze placki.",
    "ru": "Моя мама купила хлеб, папа поёт песню.",
    "zh": "妈妈买苹果, 爸爸跑步。",
    "tr": "Benim annem bana pembe bir bebek buldu.",
}


def frames(duration_s: float, rate: Fraction = Fraction(25)) -> np.ndarray:
    return np.array([float(n / rate) for n in range(int(duration_s * rate))])


def test_a_ba_is_closed_until_its_burst_and_open_after():
    phonemes = [Phoneme("b", 0.92, 1.00), Phoneme("ɑ", 1.00, 1.40, 2)]
    times_s = np.arange(0, 2, 0.01)
    track = mouth_track_from_phonemes(phonemes, tone_for(phonemes, 2.0), times_s)
    closed = (times_s >= 0.92) & (times_s <= 1.0)
    assert track.openness[closed].max() < 0.05
    assert track.column(Articulator.PRESS)[closed].min() > 0.5
    assert track.openness[(times_s > 1.1) & (times_s < 1.35)].min() > 0.5
    assert np.all(track.openness[times_s > 1.6] == 0.0)


@pytest.mark.parametrize("rate", [Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(60)])
def test_a_closure_shows_at_every_frame_rate(rate):
    for start_s in np.arange(0.9, 0.95, 0.007):
        phonemes = [
            Phoneme("ɑ", 0.5, start_s),
            Phoneme("p", start_s, start_s + 0.08),
            Phoneme("ɑ", start_s + 0.08, 1.4),
        ]
        times_s = frames(2.0, rate)
        track = mouth_track_from_phonemes(phonemes, tone_for(phonemes, 2.0), times_s)
        near = (times_s >= start_s - 0.08) & (times_s <= start_s + 0.08)
        assert track.openness[near].min() < 0.1 * track.openness.max()


def test_a_short_vowel_between_two_closures_still_opens():
    phonemes = [Phoneme("m", 0.5, 0.57), Phoneme("aɪ", 0.57, 0.65), Phoneme("m", 0.65, 0.72), Phoneme("ʌ", 0.72, 0.9)]
    times_s = np.arange(0, 1.2, 0.01)
    track = mouth_track_from_phonemes(phonemes, tone_for(phonemes, 1.2), times_s)
    assert track.openness[(times_s > 0.57) & (times_s < 0.66)].max() > 0.2


def test_shapes_tell_vowels_apart():
    def held(symbol: str) -> np.ndarray:
        phonemes = [Phoneme(symbol, 0.5, 0.9, 2)]
        track = mouth_track_from_phonemes(phonemes, tone_for(phonemes, 1.5), np.array([0.7]))
        return track.articulation[0]

    names = list(Articulator)
    openness, width, protrusion = (
        names.index(n) for n in (Articulator.OPENNESS, Articulator.WIDTH, Articulator.PROTRUSION)
    )
    ah, ee, oo = held("ɑ"), held("i"), held("u")
    assert ah[openness] > 2 * ee[openness] > 2 * 0.8 * oo[openness]
    assert ee[width] > 0.4 > 0 > -0.4 > oo[width]
    assert oo[protrusion] > 0.6 > 0.2 > ee[protrusion]


def test_f_tucks_the_lip_and_s_keeps_the_jaw_in():
    phonemes = [Phoneme("ɑ", 0.3, 0.6), Phoneme("f", 0.6, 0.72), Phoneme("ɑ", 0.72, 1.0), Phoneme("s", 1.0, 1.15)]
    phonemes.append(Phoneme("ɑ", 1.15, 1.4))
    track = mouth_track_from_phonemes(phonemes, tone_for(phonemes, 2.0), np.array([0.66, 1.08]))
    assert track.column(Articulator.LIP_TUCK)[0] >= 0.75
    assert track.openness[0] <= 0.15
    assert track.column(Articulator.JAW)[1] <= 0.36


def test_rounding_starts_before_its_vowel():
    phonemes = [Phoneme("s", 0.5, 0.65), Phoneme("t", 0.65, 0.72), Phoneme("u", 0.72, 1.0)]
    track = mouth_track_from_phonemes(phonemes, tone_for(phonemes, 1.5), np.array([0.55, 0.66]))
    assert track.column(Articulator.PROTRUSION)[1] > 0.3
    assert track.column(Articulator.PROTRUSION)[1] > track.column(Articulator.PROTRUSION)[0]


def test_a_pause_closes_the_mouth_and_keeps_it_still():
    phonemes = [Phoneme("ɑ", 0.3, 0.8), Phoneme("ɑ", 1.6, 2.0)]
    times_s = np.arange(0, 2.6, 0.01)
    track = mouth_track_from_phonemes(phonemes, tone_for(phonemes, 2.6), times_s)
    still = (times_s > 0.8 + 0.12) & (times_s < 1.6 - 0.2)
    assert np.all(track.openness[still] == 0.0)
    assert np.abs(track.articulation[still]).max() == 0.0
    assert np.all(track.viseme_weights[still, VISEMES.index(Viseme.REST)] == 1.0)


def test_a_gap_too_short_to_see_does_not_close_the_mouth():
    phonemes = [Phoneme("ɑ", 0.3, 0.8), Phoneme("ɑ", 0.95, 1.4)]
    track = mouth_track_from_phonemes(phonemes, tone_for(phonemes, 2.0), np.array([0.87]))
    assert track.openness[0] > 0.5


def test_louder_is_wider():
    phonemes = [Phoneme("ɑ", 0.3, 0.7), Phoneme("ɑ", 1.3, 1.7)]
    audio = tone_for(phonemes, 2.0)
    samples = audio.samples.copy()
    samples[:RATE_HZ] *= 0.1
    track = mouth_track_from_phonemes(phonemes, make_audio(samples), np.array([0.5, 1.5]))
    assert track.openness[1] > 1.2 * track.openness[0]


def test_viseme_weights_sum_to_one_and_openness_is_smooth(speak):
    spoken, audio = speak(TEN_LANGUAGES["en-us"])
    times_s = np.arange(0, spoken.duration_s, 1 / GRID_HZ)
    for track in (mouth_track_from_phonemes(spoken.phonemes, audio, times_s), mouth_track_from_audio(audio, times_s)):
        assert np.allclose(track.viseme_weights.sum(1), 1.0, atol=1e-4)
        assert np.isfinite(track.articulation).all()
        assert track.openness.min() >= 0.0
        assert np.abs(np.diff(track.openness)).max() * GRID_HZ < 30.0  # openings per second
        spectrum = np.abs(np.fft.rfft(track.openness - track.openness.mean())) ** 2
        above = np.fft.rfftfreq(len(times_s), 1 / GRID_HZ) > 12.0
        assert spectrum[above].sum() < 0.05 * spectrum.sum()


@pytest.mark.parametrize("voice", TEN_LANGUAGES)
def test_lips_close_on_bilabials_in_ten_languages(speak, voice):
    spoken, audio = speak(TEN_LANGUAGES[voice], voice)
    times_s = frames(spoken.duration_s)
    track = mouth_track_from_phonemes(spoken.phonemes, audio, times_s)
    limit = 0.15 * np.percentile(track.openness, 95)
    spans = [(p.start_s, p.end_s) for p in spoken.phonemes if is_bilabial(p.symbol)]
    closed = [
        bool(track.openness[(times_s >= start_s - 0.08) & (times_s <= end_s)].min(initial=1.0) <= limit)
        for start_s, end_s in spans
    ]
    assert len(spans) >= 4
    assert np.mean(closed) >= 0.95


def test_vowels_are_heard_without_a_script(speak):
    """Openness from sound alone agrees with openness from exact phonemes on a voice it has never been told about."""
    spoken, audio = speak("Father bought a large dark car. Mama saw papa far away.")
    times_s = frames(spoken.duration_s)
    exact = mouth_track_from_phonemes(spoken.phonemes, audio, times_s).openness
    heard = mouth_track_from_audio(audio, times_s).openness
    rolled = np.roll(heard, len(heard) // 2)
    assert np.corrcoef(exact, heard)[0, 1] > 0.5
    assert np.corrcoef(exact, heard)[0, 1] > np.corrcoef(exact, rolled)[0, 1] + 0.3


def test_audio_moved_by_200_ms_reads_200_ms(speak):
    _, audio = speak("Father bought a large dark car. Mama saw papa far away.")
    moved = make_audio(np.concatenate([np.zeros(int(0.2 * RATE_HZ), np.float32), audio.samples]), RATE_HZ)
    times_s = np.arange(0, audio.duration_s, 0.01)
    before = mouth_track_from_audio(audio, times_s).openness
    after = mouth_track_from_audio(moved, times_s).openness
    lags = range(0, 41)
    best = max(lags, key=lambda lag: np.corrcoef(before[: len(before) - lag], after[lag:])[0, 1])
    assert best * 10 == pytest.approx(200, abs=20)


def test_the_same_sound_gives_the_same_track(speak):
    _, audio = speak("Same again.")
    times_s = frames(audio.duration_s)
    first, second = (mouth_track_from_audio(audio, times_s) for _ in range(2))
    assert np.array_equal(first.articulation, second.articulation)
    assert np.array_equal(first.viseme_weights, second.viseme_weights)


def test_frame_times_may_be_uneven(speak):
    _, audio = speak("Uneven frame times are normal.")
    dense_s = np.arange(0, audio.duration_s, 0.01)
    uneven_s = np.sort(np.random.default_rng(1).choice(dense_s, 40, replace=False))
    dense = mouth_track_from_audio(audio, dense_s).articulation
    uneven = mouth_track_from_audio(audio, uneven_s).articulation
    assert np.allclose(uneven, dense[np.round(uneven_s * 100).astype(int)], atol=1e-3)


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(2 * RATE_HZ),
        np.random.default_rng(0).normal(0, 0.05, 2 * RATE_HZ),
        0.3 * np.sin(2 * np.pi * 440 * np.arange(2 * RATE_HZ) / RATE_HZ),
        np.full(2 * RATE_HZ, np.nan),
        np.zeros(100),
        np.zeros(0),
    ],
    ids=["silence", "noise", "tone", "not-a-number", "a-blip", "nothing"],
)
def test_without_speech_the_mouth_stays_shut(samples):
    times_s = frames(2.0)
    track = mouth_track_from_audio(make_audio(samples), times_s)
    assert np.all(track.openness == 0.0)
    assert np.allclose(track.viseme_weights[:, VISEMES.index(Viseme.REST)], 1.0)
    assert list(track.prosody.speech_spans) == []


def test_noise_between_words_does_not_open_the_mouth(speak):
    _, audio = speak("Before the pause.")
    quiet = np.zeros(RATE_HZ, np.float32)
    both = np.concatenate([audio.samples, quiet, audio.samples])
    noisy = both + np.random.default_rng(0).normal(0, 0.004, len(both)).astype(np.float32)
    times_s = frames(len(noisy) / RATE_HZ)
    track = mouth_track_from_audio(make_audio(noisy), times_s)
    pause = (times_s > audio.duration_s) & (times_s < audio.duration_s + 0.7)
    assert np.mean(track.openness[pause] < 0.05) > 0.95


def test_a_recording_opens_as_far_as_real_mouths_do(speak):
    """Track-level `open_range`: averaged beliefs are stretched to where real speakers' openness lies."""
    _, audio = speak("Father bought a large dark car. Mama saw papa far away.")
    openness = mouth_track_from_audio(audio, frames(audio.duration_s)).openness
    assert 0.7 < np.percentile(openness, 95) < 1.3


def test_a_clip_that_shaped_the_weights_has_a_track_that_never_saw_it(speak):
    _, audio = speak("Bin blue at two now.")
    times_s = frames(audio.duration_s)
    shipped = mouth_track_from_audio(audio, times_s).openness
    held_out = mouth_track_without_clip("g01_bbaf2n", audio, times_s).openness
    assert not np.array_equal(shipped, held_out)
    assert np.array_equal(shipped, mouth_track_without_clip("v01_woman_flag_512", audio, times_s).openness)


def test_no_frames_and_no_phonemes_are_fine():
    assert mouth_track_from_phonemes([], make_audio(np.zeros(RATE_HZ)), np.zeros(0)).articulation.shape == (0, 9)
    track = mouth_track_from_phonemes([], make_audio(np.zeros(RATE_HZ)), frames(1.0))
    assert np.all(track.articulation == 0.0)


def test_accents_sit_on_stressed_vowels(speak):
    spoken, audio = speak("The banana was fantastic, absolutely wonderful!")
    track = mouth_track_from_phonemes(spoken.phonemes, audio, frames(spoken.duration_s))
    stressed = [p for p in spoken.phonemes if p.stress == 2 and is_vowel(p.symbol)]
    assert track.prosody.accents
    for accent in track.prosody.accents:
        assert any(p.start_s <= accent.time_s <= p.end_s for p in stressed)
        assert 0.0 < accent.strength <= 1.0


def test_wide_openings_are_bent_and_keep_their_order():
    bent = rules._bounded(np.array([-0.3, 0.0, 0.5, 0.9, 1.2, 1.8, 3.0]))
    assert bent[:4] == pytest.approx([0.0, 0.0, 0.5, 0.9])
    assert np.all(np.diff(bent[1:]) > 0) and bent[-1] <= rules.MAX_OPENNESS


def test_a_short_vowel_between_two_hisses_still_opens():
    track = np.zeros((100, 9), np.float32)
    track[:, 0] = 0.8
    hisses = [Phoneme("s", 0.30, 0.40), Phoneme("s", 0.50, 0.60)]
    ruled, _ = rules.apply_rules(track, np.full((100, 14), 1 / 14, np.float32), hisses, [Span(0.0, 1.0)])
    assert ruled[33:39, 0].max() <= rules.SIBILANT_OPENNESS_MAX + 0.01
    assert ruled[44:46, 0].min() > 0.65


def test_a_long_recording_is_never_heard_at_once(speak, monkeypatch):
    """Memory stays flat because no step that is large per frame sees more than one window."""
    _, audio = speak("Father bought a large dark car. Mama saw papa far away.")
    long = make_audio(np.tile(audio.samples, 30)[: 90 * RATE_HZ])
    most, heard = 0, learned.network_features

    def features(sound: Sound, first: int, last: int) -> np.ndarray:
        nonlocal most
        most = max(most, last - first)
        return heard(sound, first, last)

    monkeypatch.setattr(learned, "network_features", features)
    track = mouth_track_from_audio(long, frames(90.0))
    assert most <= learned.WINDOW_FEATURES + 2 * learned.MARGIN_FEATURES < 0.5 * 90 * FEATURE_HZ
    assert track.openness[-200:].max() > 0.3
