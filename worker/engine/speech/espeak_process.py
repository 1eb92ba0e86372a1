"""The espeak-ng child: a program of its own that speaks JSON lines and PCM over its pipes.

espeak-ng is GPL-3, so it never shares a process with Lipsmith: this file imports only the standard library and the
loader that knows where the library lies, and is started by path (`python -P espeak_process.py`).

Protocol, one request at a time, until stdin closes:
    {"op": "voices"}                                  -> {"ok": true, "voices": [[file name, name, language], …]}
    {"op": "speak", "text", "voice", "rate_wpm", "pitch"}
        -> {"ok": true, "sample_rate_hz", "events": [[type, sample, text_position, length, phoneme], …], "pcm_bytes": N}
           and N bytes of 16-bit little-endian mono PCM.
    anything that fails                               -> {"ok": false, "error": CODE}
"""

import ctypes
import json
import os
import sys
from collections.abc import Callable
from typing import BinaryIO

import espeakng_loader

AUDIO_OUTPUT_SYNCHRONOUS = 2
INIT_PHONEME_EVENTS, INIT_PHONEME_IPA, INIT_DONT_EXIT = 0x1, 0x2, 0x8000
CHARS_UTF8, END_PAUSE = 0x1, 0x1000
PARAMETER_RATE, PARAMETER_PITCH = 1, 3
EVENT_LIST_END, EVENT_WORD, EVENT_SENTENCE, EVENT_END, EVENT_PHONEME = 0, 1, 2, 5, 7
KEPT_EVENTS = (EVENT_WORD, EVENT_SENTENCE, EVENT_END, EVENT_PHONEME)


class Event(ctypes.Structure):
    """espeak_EVENT of speak_lib.h; `text` is the 8-byte union, IPA for phoneme events."""

    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position_ms", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("text", ctypes.c_char * 8),
    ]


class VoiceEntry(ctypes.Structure):
    """espeak_VOICE of speak_lib.h."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("languages", ctypes.POINTER(ctypes.c_char)),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("xx1", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    ]


SynthCallback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(Event))


class Espeak:
    """The loaded library. One global callback inside it: never two requests at once."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        self._library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(VoiceEntry))
        options = INIT_PHONEME_EVENTS | INIT_PHONEME_IPA | INIT_DONT_EXIT
        data = espeakng_loader.get_data_path().encode()
        self.sample_rate_hz = self._library.espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, 0, data, options)
        self._pcm = bytearray()
        self._events: list[tuple[int, int, int, int, str]] = []
        self._callback = SynthCallback(self._collect)  # kept: ctypes would free it
        self._library.espeak_SetSynthCallback(self._callback)

    def _collect(self, wave: "ctypes._Pointer", count: int, events: "ctypes._Pointer") -> int:
        if count > 0:
            self._pcm += ctypes.string_at(wave, count * 2)
        index = 0
        while events[index].type != EVENT_LIST_END:
            event = events[index]
            if event.type in KEPT_EVENTS:
                # A phoneme longer than the 8-byte field is cut mid-letter: the broken tail is dropped.
                phoneme = event.text.decode("utf-8", "ignore") if event.type == EVENT_PHONEME else ""
                self._events.append((event.type, event.sample, event.text_position, event.length, phoneme))
            index += 1
        return 0

    def voices(self) -> list[tuple[str, str, str]]:
        """(file name, human name, language tag) of every voice, in espeak's order.

        The file name is what a voice is asked for by: several language tags (`en-gb`, `fr-fr`) are refused as names.
        """
        entries = self._library.espeak_ListVoices(None)
        found = []
        index = 0
        while entries[index]:
            entry = entries[index].contents
            language = ctypes.string_at(ctypes.addressof(entry.languages.contents) + 1).decode("utf-8", "replace")
            file_name = entry.identifier.decode("utf-8", "replace").rsplit("/", 1)[-1]
            found.append((file_name, entry.name.decode("utf-8", "replace").strip(), language))
            index += 1
        return found

    def speak(self, text: str, voice: str, rate_wpm: int, pitch: int) -> tuple[list[tuple], bytes] | None:
        """Events and PCM, or None when the voice does not exist."""
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            return None
        self._library.espeak_SetParameter(PARAMETER_RATE, rate_wpm, 0)
        self._library.espeak_SetParameter(PARAMETER_PITCH, pitch, 0)
        self._pcm, self._events = bytearray(), []
        encoded = text.encode("utf-8", "ignore") + b"\0"
        self._library.espeak_Synth(encoded, len(encoded), 0, 1, 0, CHARS_UTF8 | END_PAUSE, None, None)
        return self._events, bytes(self._pcm)


def _answer(espeak: Espeak, request: dict[str, object]) -> tuple[dict[str, object], bytes]:
    if request.get("op") == "voices":
        return {"ok": True, "voices": espeak.voices()}, b""
    if request.get("op") != "speak":
        return {"ok": False, "error": "unknown_request"}, b""
    spoken = espeak.speak(
        str(request["text"]), str(request["voice"]), int(str(request["rate_wpm"])), int(str(request["pitch"]))
    )
    if spoken is None:
        return {"ok": False, "error": "voice_unknown"}, b""
    events, pcm = spoken
    return {"ok": True, "sample_rate_hz": espeak.sample_rate_hz, "events": events, "pcm_bytes": len(pcm)}, pcm


def serve(requests: BinaryIO, answers: BinaryIO, answer: Callable[[dict[str, object]], tuple[dict, bytes]]) -> None:
    """Answers requests line by line until the other side hangs up.

    Each request is answered by a fork of this process: espeak-ng's voice and noise generators keep state from one
    synthesis to the next, and the same script must always give the same sound.
    """
    for line in requests:
        child = os.fork()
        if child == 0:
            header, payload = answer(json.loads(line))
            answers.write(json.dumps(header, ensure_ascii=False).encode() + b"\n" + payload)
            answers.flush()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status != 0:
            answers.write(b'{"ok": false, "error": "crashed"}\n')
            answers.flush()


def main() -> None:
    # The library may print; only the protocol may reach the pipe.
    answers = os.fdopen(os.dup(1), "wb")
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    espeak = Espeak()
    serve(sys.stdin.buffer, answers, lambda request: _answer(espeak, request))


if __name__ == "__main__":
    main()
