"""The training set: synthetic speech with exact phoneme times → what the network hears and what the mouth should do.

`build_corpus` writes one `.npz` that training reads with NumPy and torch alone.
"""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
import soxr

from worker.engine.failures import EngineFailure
from worker.engine.speech import voices
from worker.engine.speech.coarticulation import coarticulate, grid_times, shape_spans, speaking_spans
from worker.engine.speech.features import FEATURE_HZ, network_features, sound_of
from worker.engine.speech.mouth_track import Phoneme
from worker.engine.speech.phonemes import ipa_from_arpabet
from worker.engine.speech.phones import phones_at
from worker.engine.speech.prosody import loudness
from worker.engine.speech.rules import PAUSE_S, apply_rules
from worker.engine.speech.waveform import LEVEL_HZ, SPEECH_HZ
from worker.train.augment import augment
from worker.train.festival import VOICES as FESTIVAL_VOICES
from worker.train.festival import festival_utterances
from worker.train.speech_texts import LOCALE_BY_VOICE, sentences

VARIANTS = ("", "+m1", "+m2", "+m3", "+m4", "+m5", "+m7", "+f1", "+f2", "+f3", "+f4", "+f5", "+whisper")
RECORDED_VOICES = ("slt", "rms", "awb", "kal16")  # flite: voices built from recordings of people
FLITE_PHONE = re.compile(r"([a-z@]+):([0-9.]+)")
FLITE_TO_ARPABET = {"ax": "AH0", "axr": "ER"}
TIMEOUT_S = 60


def espeak_utterances(voice: str, count: int, seed: int) -> Iterator[tuple[np.ndarray, list[Phoneme]]]:
    """(16 kHz samples, phonemes) of espeak-ng speech, voice, rate and pitch drawn at random."""
    generator = np.random.default_rng(seed)
    for text in sentences(voice, count, seed):
        variant = str(generator.choice(VARIANTS))
        rate, pitch = float(generator.uniform(0.7, 1.45)), float(generator.uniform(0.7, 1.5))
        try:
            spoken = voices.speak_passage(text, voice, variant, rate, pitch)
        except EngineFailure:
            continue
        yield soxr.resample(spoken.samples, voices.SAMPLE_RATE_HZ, SPEECH_HZ), list(spoken.phonemes)


def flite_utterances(voice: str, count: int, seed: int) -> Iterator[tuple[np.ndarray, list[Phoneme]]]:
    """(16 kHz samples, phonemes) of Debian's flite; nothing where it is not installed."""
    program = shutil.which("flite")
    if program is None:
        return
    generator = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "spoken.wav"
        for text in sentences("en-us", count, seed):
            stretch = generator.uniform(0.75, 1.3)
            command = [program, "-voice", voice, "-psdur", "--setf", f"duration_stretch={stretch:.2f}"]
            done = subprocess.run(
                [*command, "-t", text, "-o", str(wav)], capture_output=True, text=True, timeout=TIMEOUT_S, check=True
            )
            samples, rate_hz = soundfile.read(wav, dtype="float32")
            yield soxr.resample(samples, rate_hz, SPEECH_HZ), _flite_phonemes(done.stdout)


def _flite_phonemes(printed: str) -> list[Phoneme]:
    found, start_s = [], 0.0
    for name, end in FLITE_PHONE.findall(printed):
        symbol, stress = ipa_from_arpabet(FLITE_TO_ARPABET.get(name, name))
        if symbol and float(end) > start_s:
            found.append(Phoneme(symbol, start_s, float(end), stress))
        start_s = float(end)
    return found


def as_somebody_else(
    samples: np.ndarray, phonemes: list[Phoneme], generator: np.random.Generator
) -> tuple[np.ndarray, list[Phoneme]]:
    """Played up to 16 % faster or slower: another throat, pitch and rate; then silence before and after."""
    speed = float(np.exp(generator.uniform(-0.15, 0.15)))
    before, after = (int(generator.uniform(0, 0.7) * SPEECH_HZ) for _ in range(2))
    samples = np.pad(soxr.resample(samples, SPEECH_HZ * speed, SPEECH_HZ), (before, after))
    shift_s = before / SPEECH_HZ
    return samples, [
        Phoneme(p.symbol, p.start_s / speed + shift_s, p.end_s / speed + shift_s, p.stress) for p in phonemes
    ]


def targets(phonemes: list[Phoneme], samples: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """(F, 23) float16 articulation and visemes, (F,) int8 phones, every 20 ms as the features are: moving with the
    sound (the lead comes later)."""
    duration_s = len(samples) / SPEECH_HZ
    spans = speaking_spans(phonemes, PAUSE_S)
    grid_s = grid_times(duration_s + 0.1)
    loud = np.pad(loudness(samples, spans), (0, len(grid_s)))[: len(grid_s)]
    articulation, visemes = coarticulate(shape_spans(phonemes, loud), grid_s, lead_s=0.0)
    articulation, visemes = apply_rules(articulation, visemes, phonemes, spans)
    joined = np.concatenate([articulation, visemes], axis=1)
    at_s = (np.arange(count) + 0.5) / FEATURE_HZ
    index = np.clip(np.round(at_s * LEVEL_HZ).astype(int), 0, len(joined) - 1)
    return joined[index].astype(np.float16), phones_at(phonemes, at_s)


def build_corpus(path: Path, per_voice: int, seed: int = 0) -> dict[str, int]:
    """Writes `features` (F, 313) float16, `targets` (F, 23) float16, `phones` (F,) int8 and `starts` (U + 1,) to
    `path`; returns counts."""
    features, wanted, phones, starts = [], [], [], [0]
    generator = np.random.default_rng(seed)
    sources = [espeak_utterances(voice, per_voice, seed + n) for n, voice in enumerate(LOCALE_BY_VOICE)]
    sources += [festival_utterances(voice, 3 * per_voice, seed + 200 + n) for n, voice in enumerate(FESTIVAL_VOICES)]
    sources += [flite_utterances(voice, 6 * per_voice, seed + 100 + n) for n, voice in enumerate(RECORDED_VOICES)]
    babble = np.zeros(20 * SPEECH_HZ, np.float32)
    for source in sources:
        for samples, phonemes in source:
            if not phonemes or len(samples) < SPEECH_HZ:
                continue
            samples, phonemes = as_somebody_else(samples, phonemes, generator)
            sound = sound_of(augment(samples, babble, generator))
            babble = 0.7 * babble + np.resize(samples, len(babble))
            found = network_features(sound, 0, sound.feature_count)
            features.append(found.astype(np.float16))
            moving, said = targets(phonemes, samples, len(found))
            wanted.append(moving)
            phones.append(said)
            starts.append(starts[-1] + len(found))
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = {"features": features, "targets": wanted, "phones": phones}
    joined = {name: np.concatenate(parts) for name, parts in columns.items()}
    np.savez(path, **joined, starts=np.array(starts, np.int64))
    return {"utterances": len(features), "seconds": starts[-1] // FEATURE_HZ}
