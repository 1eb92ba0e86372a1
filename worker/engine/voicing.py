"""What is said, and when: a script or a recording becomes the sound of the video and the segments of its timeline."""

import itertools
import math
import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np

from worker.engine.contracts import LENGTH_SLACK_S, MIN_AUDIO_S, Emotion, Script, Span, TalkingPhotoRequest
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.audio import Audio, load_audio
from worker.engine.motion.head import passing_deg_s
from worker.engine.motion.moods import in_mood
from worker.engine.motion.plan import MotionPlan, plan_motion
from worker.engine.speech.emotion import propose_emotion
from worker.engine.speech.mouth_track import MouthTrack, Phoneme
from worker.engine.speech.track import mouth_track_from_audio, mouth_track_from_phonemes
from worker.engine.speech.track_json import track_from_json
from worker.engine.speech.voices import Word, speak_sentences, write_wav
from worker.engine.speech.wording import propose_from_words
from worker.engine.timeline import Seeds, Segment, cut_at_pauses, frames_between, joined, part_of, settled

MAX_TRACK_BYTES = 64_000_000
_SILENT_RMS = 1e-4  # -80 dBFS


@dataclass(frozen=True)
class Feeling:
    """What the face expresses, and how strongly, in [0, 1]."""

    emotion: Emotion
    intensity: float


@dataclass(frozen=True)
class _Sentence:
    """A spoken sentence: its frames, and its place in the sound file, in samples."""

    text: str
    start: int
    frames: int
    first_sample: int
    samples: int
    phonemes: Sequence[Phoneme]
    words: Sequence[Word] = ()


@dataclass(frozen=True)
class _Spoken:
    """A spoken script: the sound file, on whose time line every sentence begins with a frame."""

    path: Path
    sample_rate_hz: int
    sentences: Sequence[_Sentence]

    @property
    def duration_s(self) -> float:
        last = self.sentences[-1]
        return (last.first_sample + last.samples) / self.sample_rate_hz

    def words(self, frame_rate: Fraction) -> list[Word]:
        """When each word is heard, in seconds of the sound file."""
        found = []
        for sentence in self.sentences:
            at_s = float(sentence.start / frame_rate)
            found += [replace(word, start_s=word.start_s + at_s, end_s=word.end_s + at_s) for word in sentence.words]
        return found

    def whole_track(self, frame_rate: Fraction) -> MouthTrack:
        """What the mouth does in the whole script."""
        return joined([(one.start, self.track(one, frame_rate)) for one in self.sentences], frame_rate)

    def track(self, sentence: _Sentence, frame_rate: Fraction) -> MouthTrack:
        """What the mouth does in one sentence, in times from its beginning."""
        with wave.open(str(self.path), "rb") as file:
            file.setpos(sentence.first_sample)
            pcm = file.readframes(sentence.samples)
        samples = np.frombuffer(pcm, "<i2").astype(np.float32) / 32767.0
        rate_hz = self.sample_rate_hz
        audio = Audio(samples, rate_hz, rate_hz, 1, len(samples) / rate_hz)
        return mouth_track_from_phonemes(sentence.phonemes, audio, frames_between(0, sentence.frames, frame_rate))


def speak(script: Script, path: Path, request: TalkingPhotoRequest) -> _Spoken:
    """Speaks a script into `path`, each sentence continued with silence to the next frame of the video.

    Raises:
        EngineFailure: as `speak_sentences`; AUDIO_TOO_LONG.
    """
    spoken = speak_sentences(script, request.voice_dir)
    first = next(spoken)
    rate_hz, sentences = first.sample_rate_hz, []

    def placed() -> Iterator[np.ndarray]:
        start, sample = 0, 0
        for sentence in itertools.chain([first], spoken):
            frames = math.ceil(len(sentence.samples) / rate_hz * request.frame_rate - 1e-6)
            end = max(round((start + frames) / request.frame_rate * rate_hz), sample + len(sentence.samples))
            if end / rate_hz > request.max_duration_s + LENGTH_SLACK_S:
                raise EngineFailure(FailureCode.AUDIO_TOO_LONG, duration_s=end / rate_hz, max_s=request.max_duration_s)
            heard = len(sentence.samples), sentence.phonemes, sentence.words
            sentences.append(_Sentence(sentence.text, start, frames, sample, *heard))
            yield np.pad(sentence.samples, (0, end - sample - len(sentence.samples)))
            start, sample = start + frames, end

    write_wav(path, placed(), rate_hz)
    return _Spoken(path, rate_hz, sentences)


def voice_segments(request: TalkingPhotoRequest, folder: Path) -> tuple[tuple[Segment, ...], Path | None, Feeling]:
    """The timeline of a voice, the file whose sound the video gets (None for a silent one), and what is felt.

    Raises:
        EngineFailure: whatever is wrong with the recording, the script or the mouth track; NO_SPEECH.
    """
    if request.script is not None and request.track_path is None:
        spoken = speak(request.script, folder / "voice.wav", request)
        feeling = _feeling(request, None)
        return _sentence_segments(spoken, request, feeling), spoken.path, feeling
    track, sound, heard = _listened(request, folder)
    feeling = _feeling(request, heard, track.prosody.speech_spans)
    seeds, frames = Seeds(request.seed), len(track.times_s)
    cuts = cut_at_pauses(track.prosody.speech_spans, frames, request.frame_rate)
    segments = []
    for start, end in itertools.pairwise([*cuts, frames]):
        part = part_of(track, start, end, request.frame_rate)
        if heard is None:
            content = part.articulation.tobytes()
        else:
            content = _sound_between(heard, start, end, request.frame_rate)
        seed = seeds.next_for(content)
        segments.append(Segment(start, end - start, partial(_motion, part, request, seed, feeling)))
    return tuple(segments), sound, feeling


def _sound_between(audio: Audio, start: int, end: int, frame_rate: Fraction) -> bytes:
    """What is heard in frames `start` to `end`. Seeds come from it: how a mouth is worked out, or edited, rounds
    differently from version to version, and must not change when somebody blinks.
    """
    first, last = (round(index / frame_rate * audio.sample_rate_hz) for index in (start, end))
    return np.round(audio.samples[first:last] * 32767).astype("<i2").tobytes()


def _sentence_segments(spoken: _Spoken, request: TalkingPhotoRequest, feeling: Feeling) -> tuple[Segment, ...]:
    seeds = Seeds(request.seed)

    def plan_of(sentence: _Sentence, seed: int) -> MotionPlan:
        return _motion(spoken.track(sentence, request.frame_rate), request, seed, feeling)

    return tuple(
        Segment(one.start, one.frames, partial(plan_of, one, seeds.next_for(one.text.encode())), one.text)
        for one in spoken.sentences
    )


def _motion(track: MouthTrack, request: TalkingPhotoRequest, seed: int, feeling: Feeling) -> MotionPlan:
    plan = plan_motion(track, request.style, seed, request.life)
    plan = settled(plan, request.frame_rate, passing_deg_s(request.style, request.life.head))
    return in_mood(plan, feeling.emotion, feeling.intensity, track.prosody.energy)


def _feeling(request: TalkingPhotoRequest, heard: Audio | None, spans: Sequence[Span] = ()) -> Feeling:
    """What was asked for, or what a recording or the words of a script propose. A made voice has no mood of its own:
    what one would hear in it is chance, and would turn the whole video around when one word changes.

    spans: where somebody speaks in `heard`, as far as that is known.
    """
    if request.emotion is not Emotion.AUTO:
        return Feeling(request.emotion, request.intensity)
    if request.script is not None:
        proposal = propose_from_words(request.script)
    else:
        assert heard is not None
        proposal = propose_emotion(heard, list(spans) or None)
    if proposal is None:
        return Feeling(Emotion.NEUTRAL, 0.0)
    return Feeling(proposal.emotion, request.intensity * proposal.intensity)


def listen(request: TalkingPhotoRequest, folder: Path) -> tuple[MouthTrack, Path | None]:
    """What the mouth does at every frame, and the file whose sound the video gets (None for a silent one).

    Raises:
        EngineFailure: whatever is wrong with the recording, the script or the mouth track; NO_SPEECH.
    """
    track, sound, _ = _listened(request, folder)
    return track, sound


def _listened(request: TalkingPhotoRequest, folder: Path) -> tuple[MouthTrack, Path | None, Audio | None]:
    """As `listen`, and what is heard in that file."""
    spoken, sound = None, request.audio_path
    if request.script is not None:
        spoken = speak(request.script, folder / "voice.wav", request)
        sound = spoken.path
    if request.track_path is not None:
        audio = None if sound is None else _audible(sound, request)
        return _track_at_frames(read_track(request.track_path), audio, request), sound, audio
    if spoken is not None:
        heard = load_audio(spoken.path, max_duration_s=request.max_duration_s)
        return spoken.whole_track(request.frame_rate), sound, heard
    assert sound is not None
    audio = _audible(sound, request)
    track = mouth_track_from_audio(audio, frame_times_s(audio.duration_s, request.frame_rate))
    if not track.prosody.speech_spans:
        raise EngineFailure(FailureCode.NO_SPEECH)
    return track, sound, audio


def _audible(sound: Path, request: TalkingPhotoRequest) -> Audio:
    audio = load_audio(sound, max_duration_s=request.max_duration_s)
    if audio.duration_s < MIN_AUDIO_S:
        raise EngineFailure(FailureCode.AUDIO_TOO_SHORT, duration_s=audio.duration_s, min_s=MIN_AUDIO_S)
    if float(np.sqrt(np.mean(np.square(audio.samples, dtype=np.float64)))) < _SILENT_RMS:
        raise EngineFailure(FailureCode.AUDIO_SILENT)
    return audio


def frame_times_s(duration_s: float, frame_rate: Fraction) -> np.ndarray:
    """(T,) exact presentation times of the frames that cover `duration_s`."""
    frames = max(1, math.ceil(duration_s * frame_rate - 1e-6))
    return np.array([float(index / frame_rate) for index in range(frames)])


def read_track(path: Path) -> MouthTrack:
    """A mouth track from a JSON file.

    Raises:
        EngineFailure: FILE_MISSING, FILE_EMPTY, FILE_TOO_LARGE, FILE_UNREADABLE; OPTION_INVALID for what is no track.
    """
    try:
        size = path.stat().st_size
        if size > MAX_TRACK_BYTES:
            raise EngineFailure(FailureCode.FILE_TOO_LARGE, size_bytes=size, max_bytes=MAX_TRACK_BYTES)
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise EngineFailure(FailureCode.FILE_MISSING) from error
    except (OSError, UnicodeDecodeError) as error:
        raise EngineFailure(FailureCode.FILE_UNREADABLE) from error
    if not text.strip():
        raise EngineFailure(FailureCode.FILE_EMPTY)
    track = track_from_json(text)
    if not len(track.times_s):
        raise EngineFailure(FailureCode.OPTION_INVALID, option="mouth_track", reason="it has no frames")
    return track


def _track_at_frames(track: MouthTrack, audio: Audio | None, request: TalkingPhotoRequest) -> MouthTrack:
    """An edited track read at this video's frame times; after its end the mouth rests."""
    gap_s = float(np.median(np.diff(track.times_s))) if len(track.times_s) > 1 else float(1 / request.frame_rate)
    end_s = float(track.times_s[-1]) + gap_s
    duration_s = end_s if audio is None else audio.duration_s
    if duration_s > request.max_duration_s + LENGTH_SLACK_S:
        raise EngineFailure(FailureCode.AUDIO_TOO_LONG, duration_s=duration_s, max_s=request.max_duration_s)
    times_s = frame_times_s(duration_s, request.frame_rate)
    inside = (times_s >= track.times_s[0] - gap_s) & (times_s < end_s)

    def read(values: np.ndarray) -> np.ndarray:
        columns = values.reshape(len(values), -1).T
        at_frames = np.stack([np.interp(times_s, track.times_s, column) for column in columns], axis=1)
        return (at_frames * inside[:, None]).reshape(len(times_s), *values.shape[1:]).astype(np.float32)

    visemes = read(track.viseme_weights)
    visemes[~inside, 0] = 1.0  # rest
    prosody = replace(track.prosody, energy=read(track.prosody.energy), f0_hz=read(track.prosody.f0_hz))
    articulation = read(track.articulation)
    return replace(track, times_s=times_s, articulation=articulation, viseme_weights=visemes, prosody=prosody)
