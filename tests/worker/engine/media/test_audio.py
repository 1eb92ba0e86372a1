import numpy as np
import pytest
import soundfile

from tests.synth import drawn_portrait, drawn_talking_clip, run_ffmpeg, speechlike, tone, write_audio, write_image
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.audio import ChannelTrouble, load_audio, measure_level, mix_to_mono, require_audible


def refusal(path, **options) -> EngineFailure:
    with pytest.raises(EngineFailure) as caught:
        load_audio(path, **options)
    return caught.value


def loudest_hz(samples: np.ndarray, rate_hz: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum)) * rate_hz / len(samples)


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 44_100, 48_000, 96_000, 192_000])
def test_every_sample_rate_keeps_pitch_level_and_length(tmp_path, rate_hz):
    audio = load_audio(write_audio(tmp_path / "a.wav", tone(1.0, 440, rate_hz), rate_hz))
    assert audio.sample_rate_hz == 16_000 and audio.source_sample_rate_hz == rate_hz
    assert audio.samples.dtype == np.float32 and len(audio.samples) == 16_000
    assert loudest_hz(audio.samples, 16_000) == pytest.approx(440, abs=2)
    assert np.abs(audio.samples[2000:-2000]).max() == pytest.approx(0.3, abs=0.01)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"])
def test_every_sample_format_sounds_alike(tmp_path, subtype):
    soundfile.write(tmp_path / "a.wav", tone(0.5), 16_000, subtype=subtype)
    heard = load_audio(tmp_path / "a.wav").samples
    assert np.sqrt(np.mean((heard - tone(0.5)) ** 2)) < 0.01


@pytest.mark.parametrize("suffix", ["flac", "ogg", "mp3", "m4a", "webm"])
def test_every_container_gives_the_same_speech_at_the_same_time(tmp_path, suffix):
    speech = speechlike(2.0)
    heard = load_audio(write_audio(tmp_path / f"a.{suffix}", speech)).samples
    length = min(len(heard), len(speech))
    lags = range(-800, 801, 4)
    middle = slice(1000, length - 1000)
    scores = [float(np.dot(speech[middle], np.roll(heard[:length], -lag)[middle])) for lag in lags]
    lag_ms = lags[int(np.argmax(scores))] / 16
    assert abs(lag_ms) <= 8
    assert len(heard) / 16_000 == pytest.approx(2.0, abs=0.08)


def test_opposite_phase_and_one_sided_stereo_keep_their_voice(tmp_path):
    voice = speechlike(1.0)
    opposite = load_audio(write_audio(tmp_path / "o.wav", np.stack([voice, -voice], 1)))
    left = load_audio(write_audio(tmp_path / "l.wav", np.stack([voice, 0 * voice], 1)))
    both = load_audio(write_audio(tmp_path / "b.wav", np.stack([voice, voice], 1)))
    assert opposite.channel_trouble is ChannelTrouble.OPPOSITE_PHASE
    assert left.channel_trouble is ChannelTrouble.ONE_SIDED
    assert both.channel_trouble is None and both.channels == 2
    for audio in (opposite, left, both):
        assert np.abs(audio.samples - voice).max() < 0.001


def test_two_speakers_on_two_sides_are_both_heard():
    left, right = tone(1.0, 300), tone(1.0, 700)
    mono, trouble = mix_to_mono(np.stack([left, right], 1))
    assert trouble is None
    assert np.allclose(mono, (left + right) / 2)


def test_six_channels_are_folded_without_losing_the_centre(tmp_path):
    voice = tone(1.0, 440, 48_000)
    six = np.zeros((len(voice), 6), np.float32)
    six[:, 2] = voice  # centre
    soundfile.write(tmp_path / "a.wav", six, 48_000)
    audio = load_audio(tmp_path / "a.wav")
    assert audio.channels == 6
    assert np.abs(audio.samples).max() > 0.05


def test_cover_art_does_not_make_a_video_of_a_song(tmp_path):
    write_audio(tmp_path / "plain.mp3", tone(1.0))
    write_image(tmp_path / "cover.jpg", drawn_portrait())
    run_ffmpeg(
        ["-i", str(tmp_path / "plain.mp3"), "-i", str(tmp_path / "cover.jpg"), "-map", "0", "-map", "1", "-c", "copy",
         "-disposition:v", "attached_pic", str(tmp_path / "a.mp3")]
    )  # fmt: skip
    assert load_audio(tmp_path / "a.mp3").duration_s == pytest.approx(1.0, abs=0.06)


def test_sound_that_starts_late_in_a_clip_is_heard_late(tmp_path):
    clip = drawn_talking_clip(tmp_path / "clip.mp4", 1.0, samples=tone(1.0))
    run_ffmpeg(
        ["-i", str(clip.path), "-itsoffset", "0.5", "-i", str(clip.path), "-map", "0:v", "-map", "1:a", "-c", "copy",
         str(tmp_path / "late.mp4")]
    )  # fmt: skip
    begins_s = [np.argmax(np.abs(load_audio(p).samples) > 0.05) / 16_000 for p in (clip.path, tmp_path / "late.mp4")]
    assert begins_s[1] - begins_s[0] == pytest.approx(0.5, abs=0.001)


def test_infinite_and_missing_samples_do_not_spread(tmp_path):
    voice = tone(0.5)
    voice[100:110], voice[200] = np.nan, np.inf
    soundfile.write(tmp_path / "a.wav", voice, 16_000, subtype="FLOAT")
    assert np.isfinite(load_audio(tmp_path / "a.wav").samples).all()
    assert np.abs(load_audio(tmp_path / "a.wav").samples).max() <= 1.0


def test_a_recording_cut_off_is_used_as_far_as_it_goes(tmp_path):
    whole = write_audio(tmp_path / "a.mp3", tone(4.0))
    data = whole.read_bytes()
    (tmp_path / "cut.mp3").write_bytes(data[: len(data) // 2])
    assert 1.5 < load_audio(tmp_path / "cut.mp3").duration_s < 2.5


def test_a_recording_of_about_the_longest_length_is_taken(tmp_path):
    about = write_audio(tmp_path / "about.wav", tone(1.3))
    assert load_audio(about, max_duration_s=1.0).duration_s == pytest.approx(1.3, abs=0.01), "rarely exact"
    assert refusal(write_audio(tmp_path / "more.wav", tone(1.7)), max_duration_s=1.0).code is FailureCode.AUDIO_TOO_LONG


def test_too_short_too_long_silent_and_none_are_told_apart(tmp_path):
    short = refusal(write_audio(tmp_path / "s.wav", tone(0.15)))
    assert (short.code, short.detail["needed_s"]) == (FailureCode.AUDIO_TOO_SHORT, 0.3)
    long = refusal(write_audio(tmp_path / "l.wav", tone(3.0)), max_duration_s=1.0)
    assert long.code is FailureCode.AUDIO_TOO_LONG and long.detail["max_s"] == 1.0
    silent = load_audio(write_audio(tmp_path / "z.wav", np.zeros(16_000, np.float32)))
    with pytest.raises(EngineFailure) as caught:
        require_audible(measure_level(silent))
    assert caught.value.code is FailureCode.AUDIO_SILENT
    clip = drawn_talking_clip(tmp_path / "mute.mp4", 0.4)
    assert refusal(clip.path).code is FailureCode.NO_AUDIO_STREAM


def test_a_lying_header_cannot_make_it_read_for_ever(tmp_path):
    path = write_audio(tmp_path / "a.wav", tone(5.0))
    data = bytearray(path.read_bytes())
    data[4:8] = data[40:44] = (1000).to_bytes(4, "little")  # says it is 30 ms long
    path.write_bytes(bytes(data))
    with pytest.raises(EngineFailure) as caught:
        load_audio(path, max_duration_s=1.0)
    assert caught.value.code in {FailureCode.AUDIO_TOO_LONG, FailureCode.AUDIO_TOO_SHORT}


def test_what_is_no_sound_is_refused_by_its_content(tmp_path):
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.mp3").write_text("this is no music\n" * 50)
    picture = write_image(tmp_path / "p.png", drawn_portrait()).rename(tmp_path / "p.wav")
    assert refusal(tmp_path / "empty.wav").code is FailureCode.FILE_EMPTY
    assert refusal(tmp_path / "text.mp3").code is FailureCode.FILE_UNREADABLE
    assert refusal(picture).code is FailureCode.FILE_WRONG_KIND
    assert refusal(tmp_path / "none.wav").code is FailureCode.FILE_MISSING


def test_a_playlist_cannot_make_it_open_other_files(tmp_path):
    secret = write_audio(tmp_path / "secret.wav", tone(1.0))
    (tmp_path / "a.m3u8").write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n")
    (tmp_path / "b.txt").write_text(f"ffconcat version 1.0\nfile '{secret}'\n")
    assert refusal(tmp_path / "a.m3u8").code is FailureCode.FILE_UNREADABLE
    assert refusal(tmp_path / "b.txt").code is FailureCode.FILE_UNREADABLE


@pytest.mark.parametrize("name", ["a b; rm -rf $HOME.wav", "concat:a|b.wav", "-i.wav", "données 声音.wav", "'\".wav"])
def test_hostile_names_are_only_names(tmp_path, name):
    path = write_audio(tmp_path / "plain.wav", tone(0.5)).rename(tmp_path / name)
    assert load_audio(path).duration_s == pytest.approx(0.5)


def test_levels_are_measured_as_the_standards_say(tmp_path):
    loud = load_audio(write_audio(tmp_path / "a.wav", tone(3.0, 997, 48_000, level=0.1), 48_000), 48_000)
    level = measure_level(loud)
    assert level.peak_dbfs == pytest.approx(-20.0, abs=0.1)
    assert level.rms_dbfs == pytest.approx(-23.0, abs=0.1)
    assert level.loudness_lufs == pytest.approx(-23.0, abs=0.3)  # BS.1770: a 997 Hz sine reads its RMS level
    assert level.clipped_share == 0.0
    clipped = measure_level(load_audio(write_audio(tmp_path / "c.wav", np.clip(8 * tone(1.0), -1, 1))))
    assert clipped.clipped_share > 0.3
