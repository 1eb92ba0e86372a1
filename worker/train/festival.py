"""Festival's voices for the training set: speech built from recordings of people, with the times of its sounds.

Festival (free licence) and its voice packages run as a separate program; where it is not installed there is nothing.
Each voice has its own letters for sounds; what they mean is written down here per language.
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

from worker.engine.speech.mouth_track import Phoneme
from worker.engine.speech.phonemes import ipa_from_arpabet
from worker.engine.speech.waveform import SPEECH_HZ
from worker.train.speech_texts import sentences

TIMEOUT_S = 60
SEGMENT_LINE = re.compile(r"^\s*([0-9.]+)\s+\S+\s+(\S+)\s*$")
PAUSES = ("#", "##", "_", "pau", "h#")
# voice → (espeak voice whose sentences it reads, encoding it wants)
VOICES = {
    "czech_dita": ("cs", "latin2"),
    "czech_machac": ("cs", "latin2"),
    "czech_ph": ("cs", "latin2"),
    "lp_diphone": ("it", "latin1"),
    "pc_diphone": ("it", "latin1"),
    "hy_fi_mv_diphone": ("fi", "latin1"),
    "suo_fi_lj_diphone": ("fi", "latin1"),
    "upc_ca_ona_hts": ("ca", "latin1"),
    "msu_ru_nsh_clunits": ("ru", "utf-8"),
    "ked_diphone": ("en-us", "latin1"),
    "cmu_us_slt_arctic_hts": ("en-us", "latin1"),
}
# Where a language's letter is not simply its IPA sign.
_LETTERS: dict[str, dict[str, str]] = {
    "cs": {
        **{"c~": "tʃ", "s~": "ʃ", "z~": "ʒ", "r~": "r", "r~*": "r", "n~": "ɲ", "d~": "ɟ", "t~": "c", "ch": "x"},
        **{"c": "ts", "dz": "dz", "dz~": "dʒ", "n*": "ŋ", "e": "ɛ", "i": "ɪ"},
    },
    "it": {"L": "ʎ", "J": "ɲ", "S": "ʃ", "tS": "tʃ", "dZ": "dʒ", "O": "ɔ", "E": "ɛ", "g": "ɡ", "ts": "ts", "dz": "dz"},
    "fi": {"@": "æ", "7": "ø", "N": "ŋ", "g": "ɡ", "S": "ʃ", "A": "ɑ", "a": "ɑ"},
    "ca": {
        **{"ax": "ə", "O": "ɔ", "E": "ɛ", "S": "ʃ", "Z": "ʒ", "L": "ʎ", "J": "ɲ", "N": "ŋ", "rr": "r", "r": "ɾ"},
        **{"g": "ɡ", "D": "ð", "B": "b", "G": "ɣ", "uw": "w", "y": "j", "tS": "tʃ", "dZ": "dʒ"},
    },
    "ru": {
        **{"a": "ɐ", "ay": "ɪ", "ae": "ə", "ur": "ʊ", "yu": "u", "y": "ɨ", "yy": "ɨ", "ch": "tɕ", "sh": "ʂ"},
        **{"sch": "ɕ", "zh": "ʐ", "c": "ts", "h": "x", "hh": "x", "g": "ɡ", "gg": "ɡ", "i": "ɪ"},
        **{double * 2: double for double in "aeioubdfklmnprstvz"},
    },
}


def festival_utterances(voice: str, count: int, seed: int) -> Iterator[tuple[np.ndarray, list[Phoneme]]]:
    """(16 kHz samples, phonemes) of one voice of `VOICES`; nothing where festival or the voice is missing."""
    program = shutil.which("festival")
    if program is None:
        return
    generator = np.random.default_rng(seed)
    language, encoding = VOICES[voice]
    with tempfile.TemporaryDirectory() as folder:
        wav, segments, order = (Path(folder) / name for name in ("spoken.wav", "spoken.seg", "order.scm"))
        for text in sentences(language, count, seed):
            words = re.sub(r'["\\()<>]', " ", text)
            order.write_bytes(
                f"(voice_{voice})\n(Parameter.set 'Duration_Stretch {generator.uniform(0.8, 1.3):.2f})\n"
                f'(set! spoken (Utterance Text "{words}"))\n(utt.synth spoken)\n'
                f'(utt.save.segs spoken "{segments}")\n(utt.save.wave spoken "{wav}" (quote riff))\n'.encode(
                    encoding, errors="ignore"
                )
            )
            segments.unlink(missing_ok=True)
            try:
                subprocess.run([program, "-b", str(order)], capture_output=True, timeout=TIMEOUT_S, check=False)
            except subprocess.TimeoutExpired:
                continue
            if not segments.is_file():  # a voice that is not installed, or words it cannot read
                continue
            samples, rate_hz = soundfile.read(wav, dtype="float32")
            yield soxr.resample(samples, rate_hz, SPEECH_HZ), festival_phonemes(segments.read_text("latin1"), language)


def festival_phonemes(segments: str, language: str) -> list[Phoneme]:
    """What `utt.save.segs` wrote → phonemes; pauses are left out."""
    found, start_s = [], 0.0
    for end, name in (match.groups() for line in segments.splitlines() if (match := SEGMENT_LINE.match(line))):
        end_s = float(end)
        symbol, stress = ("", 0) if name in PAUSES else _ipa(name, language)
        if symbol and end_s > start_s:
            found.append(Phoneme(symbol, start_s, end_s, stress))
        start_s = end_s
    return found


def _ipa(name: str, language: str) -> tuple[str, int]:
    if language.startswith("en"):
        return ipa_from_arpabet({"ax": "AH0", "axr": "ER", "dx": "T", "nx": "N", "el": "L", "en": "N"}.get(name, name))
    plain, stress = (name[:-1], 2) if name.endswith("1") else (name.rstrip("0"), 0)
    plain = plain.rstrip(":")
    return _LETTERS[language].get(plain, plain), stress
