"""`python -m worker.doctor`: tries what a render needs, and writes one JSON list of findings to stdout.

Run by `manage.py doctor`, which adds what the site needs. Nothing here knows the site.
"""

import datetime
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path

from worker.engine.failures import EngineFailure, FailureCode

ENCODERS = ("libx264", "aac")
FFMPEG_MAX_S = 20
VOICES_MIN = 20
EXPIRES_SOON_DAYS = 30
ADVICE = {
    FailureCode.DEVICE_UNAVAILABLE: "Set ENGINE_DEVICE to auto or cpu, or look after the graphics driver.",
    FailureCode.DISK_FULL: "Free some space where temporary files go.",
}


@dataclass(frozen=True)
class Finding:
    """One thing that was tried. `fix` says what to do when it is not `ok`."""

    name: str
    ok: bool
    found: str
    fix: str = ""


def fine(name: str, found: str) -> Finding:
    return Finding(name, ok=True, found=found)


def broken(name: str, found: str, fix: str) -> Finding:
    return Finding(name, ok=False, found=found, fix=fix)


def check_codecs() -> Finding:
    from worker.engine.media.ffmpeg import ffmpeg_binary

    command = [ffmpeg_binary(), "-hide_banner", "-encoders"]
    listing = subprocess.run(command, capture_output=True, text=True, timeout=FFMPEG_MAX_S, check=True).stdout
    names = {line.split()[1] for line in listing.splitlines() if len(line.split()) > 1}
    missing = [name for name in ENCODERS if name not in names]
    return Finding(
        "video and sound encoders",
        not missing,
        f"no {', '.join(missing)}" if missing else "H.264 and AAC",
        "Reinstall imageio-ffmpeg, or unset IMAGEIO_FFMPEG_EXE if it names another ffmpeg.",
    )


def check_encoding() -> Finding:
    import numpy as np

    from worker.engine.media.decode import decode_video
    from worker.engine.media.encode import VideoEncoder

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "test.mp4"
        with VideoEncoder(path, 64, 64, Fraction(25)) as encoder:
            for level in (40, 120, 200):
                encoder.write(np.full((64, 64, 3), level, np.uint8))
        frames = sum(1 for _ in decode_video(path))
    return Finding("writing and reading video", frames == 3, f"{frames} of 3 frames came back")


def check_face_models() -> Finding:
    from PIL import Image

    from worker.engine.face.detection import find_faces

    presenters = Path(__file__).resolve().parent.parent / "static" / "presenters"
    portrait = next(iter(sorted(path for path in presenters.glob("*.jpg") if "thumb" not in path.name)), None)
    if portrait is None:
        return broken("face models", "no sample portrait to try them on", "Restore static/presenters.")
    import numpy as np

    with Image.open(portrait) as picture:
        faces = find_faces(np.asarray(picture.convert("RGB")))
    fix = "Reinstall mediapipe 0.10.21; later versions no longer carry the models."
    return Finding("face models", len(faces) == 1, f"{len(faces)} face found in the sample portrait", fix)


def check_speech_models() -> Finding:
    import numpy as np

    from worker.engine.media.audio import Audio
    from worker.engine.speech.detection import speech_spans

    rate_hz = 16_000
    silence = Audio(np.zeros(rate_hz, np.float32), rate_hz, rate_hz, channels=1, duration_s=1.0)
    return Finding("speech detector", not speech_spans(silence), "hears silence as silence", "Reinstall silero-vad.")


def check_hearing() -> Finding:
    """The recogniser's encoder and our network are there and say something about a second of noise."""
    import numpy as np

    from worker.engine.speech.learned import heard_in
    from worker.engine.speech.waveform import SPEECH_HZ

    heard = heard_in(np.random.default_rng(0).normal(0, 0.01, SPEECH_HZ).astype(np.float32))
    is_fine = bool(np.isfinite(heard.articulation).all() and len(heard.phones))
    return Finding(
        "hearing", is_fine, "the recogniser and the mouth network", "Run `make clean-venv run` to reinstall."
    )


def check_voices(voice_dir: Path | None) -> Finding:
    from worker.engine.speech.voices import list_voices

    voices = list_voices(voice_dir)
    own = sum(voice.engine == "piper" for voice in voices)
    extra = f", {own} of them your own" if own else ""
    return Finding("voices", len(voices) >= VOICES_MIN, f"{len(voices)} voices{extra}", "Reinstall espeakng-loader.")


def check_drafts(whisper_dir: Path | None) -> Finding:
    """English drafts always work; others need a model that the operator brings."""
    from worker.engine.speech.whisper import missing_of

    name = "drafts of recordings"
    missing = missing_of(whisper_dir)
    if missing is None:
        return fine(name, "English alone; for other languages see WHISPER_DIR in the README")
    if not missing:
        return fine(name, f"by faster-whisper, with the model in {whisper_dir}")
    fix = "Install faster-whisper and put a whole converted model into the folder, or empty it. Until then: English."
    return broken(name, f"WHISPER_DIR is {whisper_dir}, but {', '.join(missing)} cannot be found", fix)


def check_marks() -> Finding:
    from worker.compose.stages import ComposeOptions, stages_for

    stages = stages_for(ComposeOptions(), 360, 640)
    return Finding("fonts of the marks", len(stages) == 2, "watermark and label can be drawn", "Restore the fonts.")


def check_certificate(folder: Path | None) -> Finding:
    """The certificate that signs videos: whose it is, and how long it is good for."""
    from worker.compose.certificates import CHAIN, expiry_of, is_development

    name = "certificate for content credentials"
    if folder is None or not (folder / CHAIN).exists():
        return fine(name, "none yet: the first render makes one for development")
    days = (expiry_of(folder) - datetime.datetime.now(datetime.UTC)).days
    whose = "made here, for development" if is_development(folder) else "your own"
    fix = f"Put a new certificate into {folder}, or empty it if it is for development; see docs/provenance.md."
    return Finding(name, days >= EXPIRES_SOON_DAYS, f"{whose}, good for {max(days, 0)} more days", fix)


def check_device(wanted: str) -> Finding:
    from worker.engine.device import choose_device

    return fine("compute device", choose_device(wanted))


def checks(
    device: str, voice_dir: Path | None, credentials_dir: Path | None = None, whisper_dir: Path | None = None
) -> dict[str, Callable[[], Finding]]:
    return {
        "video and sound encoders": check_codecs,
        "writing and reading video": check_encoding,
        "face models": check_face_models,
        "speech detector": check_speech_models,
        "hearing": check_hearing,
        "voices": lambda: check_voices(voice_dir),
        "drafts of recordings": lambda: check_drafts(whisper_dir),
        "fonts of the marks": check_marks,
        "certificate for content credentials": lambda: check_certificate(credentials_dir),
        "compute device": lambda: check_device(device),
    }


def findings(todo: dict[str, Callable[[], Finding]]) -> Iterator[Finding]:
    """Each check's finding; one that stumbles is a finding too."""
    for name, check in todo.items():
        try:
            yield check()
        except EngineFailure as failure:
            yield broken(name, str(failure), ADVICE.get(failure.code, "Run `make clean-venv run` to reinstall."))
        except Exception as error:  # noqa: BLE001 (whatever is broken here is what was asked for)
            yield broken(name, f"{type(error).__name__}: {error}", "Run `make clean-venv run` to reinstall.")


def main(arguments: list[str]) -> int:
    device = arguments[0] if arguments else "auto"
    voice_dir = Path(arguments[1]) if len(arguments) > 1 else None
    credentials_dir = Path(arguments[2]) if len(arguments) > 2 else None
    whisper_dir = Path(arguments[3]) if len(arguments) > 3 else None
    stdout = os.dup(1)
    os.dup2(2, 1)  # native libraries may write what they like, but not between our JSON
    found = [asdict(finding) for finding in findings(checks(device, voice_dir, credentials_dir, whisper_dir))]
    os.write(stdout, json.dumps(found).encode())
    return 0 if all(finding["ok"] for finding in found) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
