"""Speech made to fit a slot: a translated line has to be over when the original line was.

A voice is asked to speak faster or slower – it is never resampled, so it keeps its pitch – and only as far as people
do: below 0.8 it drawls, above 1.35 nobody follows. What does not fit even so is said with the number of characters to
cut, since that is what a translator can do about it.
"""

import math
import wave
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from worker.engine.contracts import Script
from worker.engine.speech.voices import RATE_LIMITS, Synthesis, Word, synthesize

SLOWEST, FASTEST = 0.8, 1.35  # times the script's own rate
LEAD_IN_S, LEAD_OUT_S = 0.04, 0.06  # kept around the words: the slot itself is the pause
FILLS_SHARE = 0.8  # of the slot; a line shorter than this is not drawn out, a pause sounds better
CLOSE_ENOUGH = 0.02
MAX_TRIES = 4


@dataclass(frozen=True)
class FittedSpeech:
    """A line spoken for its slot.

    synthesis: sound and times, without the silence around the words. rate: what the voice was asked for.
    spoken_s: length of the sound. chars_to_cut: 0 when it fits; else how many characters are too many, roughly.
    over_s: by how much it is too long as it is.
    """

    synthesis: Synthesis
    rate: float
    spoken_s: float
    over_s: float = 0.0
    chars_to_cut: int = 0

    @property
    def fits(self) -> bool:
        return self.chars_to_cut == 0


def fit_speech(script: Script, slot_s: float, out_wav: Path, voice_dir: Path | None = None) -> FittedSpeech:
    """Speak `script` so that it lasts `slot_s` seconds where it can, never longer if the limits allow it.

    Args:
        slot_s: seconds there are for it, > 0.
        out_wav: where the sound goes (mono, 16 bit).

    Raises:
        EngineFailure: as `synthesize`.
        ValueError: no slot.
    """
    if not slot_s > 0:
        raise ValueError(f"a slot of {slot_s} s")
    lowest = max(RATE_LIMITS[0], SLOWEST * script.rate)
    highest = min(RATE_LIMITS[1], FASTEST * script.rate)
    rate = min(max(script.rate, lowest), highest)
    synthesis = _spoken(script, rate, out_wav, voice_dir)
    for _ in range(MAX_TRIES):
        wanted = rate * synthesis.duration_s / slot_s
        if synthesis.duration_s < FILLS_SHARE * slot_s and rate <= script.rate:
            break  # far too short: leave the pause, speak naturally
        better = min(max(wanted, lowest), highest)
        if abs(better / rate - 1) < CLOSE_ENOUGH and (synthesis.duration_s <= slot_s or better == rate):
            break
        if better == rate:
            break
        rate = min(highest, better * 1.01)  # rather a little early than late
        synthesis = _spoken(script, rate, out_wav, voice_dir)
    over_s = max(0.0, synthesis.duration_s - slot_s)
    to_cut = 0
    if over_s > CLOSE_ENOUGH * slot_s:
        to_cut = max(1, math.ceil(len(script.text.strip()) * over_s / synthesis.duration_s))
    return FittedSpeech(synthesis, rate, synthesis.duration_s, over_s if to_cut else 0.0, to_cut)


def _spoken(script: Script, rate: float, out_wav: Path, voice_dir: Path | None) -> Synthesis:
    whole = synthesize(replace(script, rate=rate), out_wav, voice_dir)
    return _trimmed(whole, out_wav)


def _trimmed(spoken: Synthesis, out_wav: Path) -> Synthesis:
    """Without the silence before the first sound and after the last one."""
    with wave.open(str(out_wav), "rb") as file:
        rate_hz = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    start_s = max(0.0, spoken.phonemes[0].start_s - LEAD_IN_S)
    end_s = min(len(samples) / rate_hz, spoken.phonemes[-1].end_s + LEAD_OUT_S)
    kept = samples[round(start_s * rate_hz) : round(end_s * rate_hz)].astype(np.float32)
    ramp = min(len(kept) // 2, round(0.008 * rate_hz))
    if ramp:
        kept[:ramp] *= np.linspace(0.0, 1.0, ramp, dtype=np.float32)
        kept[-ramp:] *= np.linspace(1.0, 0.0, ramp, dtype=np.float32)
    partial = out_wav.with_name(out_wav.name + ".part")
    try:
        with partial.open("wb") as file, wave.open(file, "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(rate_hz)
            out.writeframes(kept.astype("<i2").tobytes())
        partial.replace(out_wav)
    finally:
        partial.unlink(missing_ok=True)
    return Synthesis(
        out_wav,
        [replace(p, start_s=p.start_s - start_s, end_s=p.end_s - start_s) for p in spoken.phonemes],
        [Word(w.text, w.start_s - start_s, w.end_s - start_s) for w in spoken.words],
        len(kept) / rate_hz,
        rate_hz,
    )
