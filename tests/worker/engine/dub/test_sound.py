"""The finished sound against tones and voices whose place and loudness are known."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.synth import babble, drawn_landscape, silence, speechlike, tone, write_audio
from worker.engine.contracts import Loudness, Span, SyncMode
from worker.engine.dub.background import BackgroundMethod, background_of
from worker.engine.dub.loudness import limit_in_place, loudness_lufs
from worker.engine.dub.sound import DubbedSound, dub_sound
from worker.engine.dub.timing import Stretch, Timeline, plan_timeline
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.probe import probe

RATE_HZ = 48_000
FPS = Fraction(30000, 1001)
SECONDS = 6.0


def sound_clip(folder: Path, samples: np.ndarray | None, name: str = "clip.mkv") -> Path:
    """A plain picture with PCM sound at 48 kHz: lossless, so that it can be compared to the sample."""
    from tests.synth import run_ffmpeg, write_image

    picture = write_image(folder / "still.png", drawn_landscape(64, 48))
    sound = []
    if samples is not None:
        soundfile.write(folder / "source.wav", samples, RATE_HZ, "FLOAT")
        sound = ["-i", str(folder / "source.wav"), "-c:a", "pcm_f32le"]
    rate = f"{FPS.numerator}/{FPS.denominator}"
    run_ffmpeg(
        ["-loop", "1", "-framerate", rate, "-i", str(picture), *sound, "-t", str(SECONDS), "-c:v", "libx264",
         "-preset", "ultrafast", "-pix_fmt", "yuv420p", str(folder / name)]
    )  # fmt: skip
    return folder / name


def laid_out(*stretches: Stretch) -> Timeline:
    frames = round(SECONDS * FPS)
    return plan_timeline(np.arange(frames) / float(FPS), frames / float(FPS), FPS, stretches)


def dubbed(folder: Path, clip: Path, timeline: Timeline, sounds: list[Path], **options) -> DubbedSound:
    work = folder / "work"
    work.mkdir(exist_ok=True)
    return dub_sound(clip, probe(clip), timeline, sounds, folder=work, **options)


def read(result: DubbedSound) -> np.ndarray:
    samples, rate_hz = soundfile.read(result.path, always_2d=True, dtype="float32")
    assert rate_hz == RATE_HZ
    return samples


def at(seconds: float) -> int:
    return round(seconds * RATE_HZ)


def stereo(samples: np.ndarray) -> np.ndarray:
    return np.repeat(samples[:, None], 2, axis=1)


def test_one_line_changes_nothing_outside_itself_to_the_sample(tmp_path):
    original = stereo(tone(SECONDS, 300, RATE_HZ, 0.2))
    clip = sound_clip(tmp_path, original)
    line = write_audio(tmp_path / "line.wav", tone(1.0, 900, 22_050, 0.2), 22_050)
    result = dubbed(tmp_path, clip, laid_out(Stretch(2.0, 3.5, 1.0, SyncMode.SILENCE)), [line])
    made = read(result)
    assert made.shape[1] == 2
    assert abs(len(made) - round(laid_out().end_s * RATE_HZ)) <= 1
    assert np.abs(made[: at(1.9)] - original[: at(1.9)]).max() < 1e-6
    assert np.abs(made[at(3.6) : at(5.9)] - original[at(3.6) : at(5.9)]).max() < 1e-6
    spectrum = np.abs(np.fft.rfft(made[at(2.2) : at(2.8), 0]))
    assert np.argmax(spectrum) * RATE_HZ / at(0.6) == pytest.approx(900, abs=3)
    assert np.abs(made[at(3.1) : at(3.4)]).max() < 1e-4  # after the line, silence


def test_a_line_begins_to_the_sample_and_joins_do_not_click(tmp_path):
    clip = sound_clip(tmp_path, tone(SECONDS, 200, RATE_HZ, 0.3))
    pulse = np.zeros(at(0.8), np.float32)
    pulse[at(0.25)] = 0.9
    line = write_audio(tmp_path / "line.wav", pulse, RATE_HZ)
    made = read(dubbed(tmp_path, clip, laid_out(Stretch(2.011, 3.0, 0.8, SyncMode.SILENCE)), [line]))
    assert abs(int(np.argmax(np.abs(made[:, 0]))) - at(2.011 + 0.25)) <= 1
    quiet = np.delete(np.diff(made[:, 0]), np.arange(at(2.2), at(2.35)))
    assert np.abs(quiet).max() < 2.5 * 0.3 * 2 * np.pi * 200 / RATE_HZ


@pytest.mark.parametrize("mode", list(SyncMode))
def test_the_sound_is_as_long_as_the_picture_in_every_mode(tmp_path, mode):
    clip = sound_clip(tmp_path, tone(SECONDS, 300, RATE_HZ, 0.2))
    line = write_audio(tmp_path / "line.wav", speechlike(2.7, RATE_HZ), RATE_HZ)
    timeline = laid_out(Stretch(1.0, 2.5, 2.7, mode, cuts_picture=True))
    result = dubbed(tmp_path, clip, timeline, [line], keep_background=True)
    assert abs(len(read(result)) - round(timeline.end_s * RATE_HZ)) <= 1
    cut = [w for w in result.warnings if w.startswith("sound_cut")]
    assert bool(cut) == (mode in (SyncMode.CUT_OFF, SyncMode.SILENCE))


def test_the_new_voice_is_as_loud_as_the_old_one(tmp_path):
    quiet = 0.08 * speechlike(SECONDS, RATE_HZ, seed=1)
    clip = sound_clip(tmp_path, quiet)
    voice = write_audio(tmp_path / "voice.wav", speechlike(SECONDS, RATE_HZ, seed=2), RATE_HZ)
    result = dubbed(tmp_path, clip, laid_out(Stretch(0.0, SECONDS, SECONDS, SyncMode.SILENCE, whole=True)), [voice])
    assert result.gains_db[0] < -10
    assert loudness_lufs(read(result), RATE_HZ) == pytest.approx(loudness_lufs(quiet[:, None], RATE_HZ), abs=1.5)


def test_the_streaming_preset_reaches_its_level_and_its_ceiling(tmp_path):
    clip = sound_clip(tmp_path, 0.1 * speechlike(SECONDS, RATE_HZ, seed=1))
    voice = write_audio(tmp_path / "voice.wav", speechlike(SECONDS, RATE_HZ, seed=2), RATE_HZ)
    whole = laid_out(Stretch(0.0, SECONDS, SECONDS, SyncMode.SILENCE, whole=True))
    made = read(dubbed(tmp_path, clip, whole, [voice], loudness=Loudness.STREAMING))
    assert loudness_lufs(made, RATE_HZ) == pytest.approx(-14, abs=1.0)
    assert np.abs(made).max() <= 10 ** (-1 / 20) + 1e-4


def test_sound_that_needs_no_change_is_taken_over_as_it_is(tmp_path):
    voice = write_audio(tmp_path / "voice.wav", stereo(speechlike(SECONDS, RATE_HZ)), RATE_HZ)
    clip = sound_clip(tmp_path, stereo(speechlike(SECONDS, RATE_HZ)))
    whole = laid_out(Stretch(0.0, SECONDS, SECONDS, SyncMode.SILENCE, whole=True))
    result = dubbed(tmp_path, clip, whole, [voice])
    assert (result.path, result.is_copy) == (voice, True)
    assert abs(result.gains_db[0]) < 0.3
    assert dubbed(tmp_path, clip, laid_out(), []) == DubbedSound(clip, is_copy=True)


def test_a_silent_clip_takes_the_voices_own_form(tmp_path):
    clip = sound_clip(tmp_path, None)
    voice = write_audio(tmp_path / "voice.wav", speechlike(8.0, RATE_HZ), RATE_HZ)
    result = dubbed(tmp_path, clip, laid_out(Stretch(0.0, SECONDS, 8.0, SyncMode.SILENCE, whole=True)), [voice])
    assert not result.is_copy  # it is longer than the picture
    assert read(result).shape == (round(laid_out().end_s * RATE_HZ), 1)
    assert dubbed(tmp_path, clip, laid_out(), []).path is None


def test_a_recording_without_sound_is_refused(tmp_path):
    clip = sound_clip(tmp_path, tone(SECONDS, 300, RATE_HZ))
    mute = sound_clip(tmp_path, None, "mute.mkv")
    with pytest.raises(EngineFailure) as caught:
        dubbed(tmp_path, clip, laid_out(Stretch(1.0, 2.0, 1.0, SyncMode.SILENCE)), [mute])
    assert caught.value.code is FailureCode.NO_AUDIO_STREAM


def test_a_hum_stays_while_the_voice_goes():
    hum = tone(8.0, 150, RATE_HZ, 0.05) + tone(8.0, 3100, RATE_HZ, 0.02)
    voice = np.zeros_like(hum)
    voice[at(2) : at(6)] = speechlike(4.0, RATE_HZ)
    found = background_of((hum + voice)[:, None], RATE_HZ, [Span(2.0, 6.0)])
    inside, outside = slice(at(2.5), at(5.5)), slice(0, at(1.8))
    assert np.abs(found.samples[outside, 0] - hum[outside]).max() < 1e-4
    left = found.samples[inside, 0] - hum[inside]
    assert np.mean(left**2) < 0.02 * np.mean(voice[inside] ** 2)  # −17 dB at least
    assert found.method in (BackgroundMethod.SEPARATED, BackgroundMethod.DUCKED)


def test_without_speech_everything_is_background():
    samples = stereo(tone(1.0, 200, RATE_HZ))
    found = background_of(samples, RATE_HZ, [])
    assert found.method is BackgroundMethod.NOTHING_SPOKEN
    assert np.array_equal(found.samples, samples)


def test_the_limiter_leaves_quiet_sound_alone_and_holds_peaks_between_samples():
    quiet = np.stack([0.3 * tone(1.0, 200, RATE_HZ)] * 2, 1)
    kept = quiet.copy()
    assert not limit_in_place(kept, RATE_HZ)
    assert np.array_equal(kept, quiet)
    # a quarter of the sample rate, shifted by 45 degrees: its samples lie 3 dB under its peaks
    loud = np.sin(np.pi / 2 * np.arange(RATE_HZ) + np.pi / 4).astype(np.float32)[:, None] * 1.2
    assert limit_in_place(loud, RATE_HZ)
    assert np.abs(loud[1000:-1000]).max() <= 10 ** (-1 / 20) / np.sqrt(2) + 0.01


def test_babble_stays_in_time_through_resampling(tmp_path):
    clip = sound_clip(tmp_path, silence(SECONDS, RATE_HZ))
    voice = write_audio(tmp_path / "voice.wav", babble([0.5, 4.5], 5.0, 22_050), 22_050)
    made = read(dubbed(tmp_path, clip, laid_out(Stretch(0.0, SECONDS, 5.0, SyncMode.SILENCE, whole=True)), [voice]))
    for burst_s in (0.5, 4.5):
        near = np.abs(made[at(burst_s - 0.1) : at(burst_s + 0.1), 0])
        assert np.argmax(near > 0.02) / RATE_HZ == pytest.approx(0.1, abs=0.002)
