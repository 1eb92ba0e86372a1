"""The Piper child: a program of its own, started by path, that speaks JSON lines and PCM over its pipes.

piper-tts is GPL-3 and optional, so it is imported here and nowhere else. Protocol as in `espeak_process`:
    {"op": "speak", "model": PATH, "text", "length_scale"}
        -> {"ok": true, "sample_rate_hz", "sentences": [{"samples": N, "symbols": [[symbol, samples or null], …]}, …],
            "pcm_bytes": N} and the sentences' PCM, one after the other.
"""

import importlib
import json
import os
import sys


def _sentence(chunk: object) -> dict[str, object]:
    alignments = getattr(chunk, "phoneme_alignments", None)
    if alignments:
        symbols = [[item.phoneme, int(item.num_samples)] for item in alignments]
    else:
        symbols = [[symbol, None] for symbol in chunk.phonemes]
    return {"samples": len(chunk.audio_int16_bytes) // 2, "symbols": symbols}


def _speak(request: dict[str, object], loaded: dict[str, object]) -> tuple[dict[str, object], bytes]:
    piper = importlib.import_module("piper")
    model = str(request["model"])
    if model not in loaded:
        loaded.clear()  # one voice in memory at a time
        loaded[model] = piper.PiperVoice.load(model)
    config = piper.SynthesisConfig(length_scale=float(str(request["length_scale"])))
    sentences, pcm, sample_rate_hz = [], b"", 0
    for chunk in loaded[model].synthesize(str(request["text"]), config, include_alignments=True):
        sentences.append(_sentence(chunk))
        pcm += chunk.audio_int16_bytes
        sample_rate_hz = chunk.sample_rate
    header = {"ok": True, "sample_rate_hz": sample_rate_hz, "sentences": sentences, "pcm_bytes": len(pcm)}
    return header, pcm


def main() -> None:
    answers = os.fdopen(os.dup(1), "wb")
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    loaded: dict[str, object] = {}
    for line in sys.stdin.buffer:
        try:
            header, pcm = _speak(json.loads(line), loaded)
        except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
            header, pcm = {"ok": False, "error": type(error).__name__}, b""
        answers.write(json.dumps(header, ensure_ascii=False).encode() + b"\n" + pcm)
        answers.flush()


if __name__ == "__main__":
    main()
