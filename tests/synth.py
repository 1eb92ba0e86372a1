"""Synthetic test material made in memory: faces, voices and clips whose truth is known. No binary fixtures needed.

Faces come from the product's own presenter painter at a small size (about 0.2 s the first time, then cached). Lengths
called `gap` and the apertures of clips are inner-lip gap ÷ distance between the pupils: 0 closed, 0.45 wide open.
"""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import av
import cv2
import imageio_ffmpeg
import numpy as np
import soundfile

from worker.compose.presenters.face import Pose
from worker.compose.presenters.look import Look
from worker.compose.presenters.painter import paint_presenter

LOOKS = {
    "light": Look(hairstyle="crop", seed=3),
    "dark": Look(
        hairstyle="crop",
        skin=(112, 72, 52),
        blush=(120, 56, 46),
        lips=(122, 66, 62),
        iris=(48, 32, 24),
        brow=(24, 18, 16),
        nose_width=1.2,
        upper_lip=1.25,
        lower_lip=1.15,
        seed=5,
    ),
    "old": Look(
        hairstyle="crop",
        hair=(150, 148, 150),
        hair_light=(220, 220, 220),
        skin=(232, 190, 170),
        age=0.9,
        brow=(150, 145, 140),
        iris=(92, 120, 140),
        upper_lip=0.8,
        seed=8,
    ),
}
APERTURE_STEP = 0.02  # clips quantise the aperture to this, so that few faces have to be painted


# ---------------------------------------------------------------------------------------------------------- pictures
@lru_cache(maxsize=128)
def _painted(
    look: str, width_px: int, height_px: int, gap: float, lids: float, unit_share: float, eye_line: float
) -> np.ndarray:
    rgb = paint_presenter(
        LOOKS[look],
        width_px,
        height_px,
        pose=Pose(gap=gap, lids=lids),
        supersample=1,
        unit_share=unit_share,
        eye_line=eye_line,
        detail=0.05,
    )
    rgb.setflags(write=False)
    return rgb


def drawn_portrait(
    width_px: int = 384,
    height_px: int = 480,
    *,
    look: str = "light",
    gap: float = 0.0,
    lids: float = 1.0,
    roll_deg: float = 0.0,
    mirrored: bool = False,
    covered: bool = False,
    unit_share: float = 0.17,
    eye_line: float = 0.40,
) -> np.ndarray:
    """One frontal face in front of a plain wall, (height_px, width_px, 3) uint8 RGB, writable.

    `unit_share`: distance between the pupils as a share of the height. `roll_deg`: the picture turned clockwise.
    `covered`: a medical mask over nose, mouth and chin. `look`: "light", "dark" or "old".
    """
    rgb = _painted(look, width_px, height_px, round(gap, 4), lids, unit_share, eye_line).copy()
    if covered:
        _draw_mask(rgb, unit_share * height_px, (width_px / 2, eye_line * height_px))
    if roll_deg:
        turn = cv2.getRotationMatrix2D((width_px / 2, height_px / 2), -roll_deg, 1.0)
        rgb = cv2.warpAffine(rgb, turn, (width_px, height_px), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.ascontiguousarray(rgb[:, ::-1]) if mirrored else rgb


def _draw_mask(rgb: np.ndarray, unit_px: float, centre: tuple[float, float]) -> None:
    shape = np.array(
        [(-0.95, 0.42), (0, 0.28), (0.95, 0.42), (0.85, 1.15), (0.5, 1.75), (0, 2.0), (-0.5, 1.75), (-0.85, 1.15)]
    )
    cv2.fillPoly(rgb, [np.int32(shape * unit_px + centre)], (170, 200, 214), cv2.LINE_AA)
    for y in (0.75, 1.05, 1.35):
        ends = np.int32(np.array([(-0.85, y), (0.85, y)]) * unit_px + centre)
        cv2.line(
            rgb,
            tuple(map(int, ends[0])),
            tuple(map(int, ends[1])),
            (140, 172, 190),
            max(1, int(unit_px / 40)),
            cv2.LINE_AA,
        )


def portrait_truth(
    width_px: int = 384, height_px: int = 480, *, unit_share: float = 0.17, eye_line: float = 0.40
) -> dict[str, tuple[float, float]]:
    """Where `drawn_portrait` (upright, not mirrored) puts things, in pixels: pupils and the closed mouth's centre."""
    unit, cx, cy = unit_share * height_px, width_px / 2, eye_line * height_px
    return {"left_pupil": (cx - 0.5 * unit, cy), "right_pupil": (cx + 0.5 * unit, cy), "mouth": (cx, cy + 1.09 * unit)}


def drawn_group(count: int = 3, height_px: int = 480) -> np.ndarray:
    """`count` faces of equal size side by side; their looks alternate."""
    names = list(LOOKS)
    return np.concatenate([drawn_portrait(384, height_px, look=names[i % len(names)]) for i in range(count)], axis=1)


def drawn_tiny_face(face_px: int = 24, width_px: int = 640, height_px: int = 480) -> np.ndarray:
    """One face about `face_px` wide (ear to ear) alone in a wide room."""
    return drawn_portrait(width_px, height_px, unit_share=face_px / 2.2 / height_px)


def drawn_landscape(width_px: int = 480, height_px: int = 360) -> np.ndarray:
    """Hills under a sky: a picture without a face."""
    y, x = np.mgrid[0:height_px, 0:width_px].astype(np.float32)
    hills = height_px * (0.55 + 0.08 * np.sin(x / width_px * 9) + 0.03 * np.sin(x / width_px * 31))
    sky = np.stack([150 + 60 * y / height_px, 190 + 30 * y / height_px, np.full_like(y, 235)], -1)
    grass = np.stack([60 + 40 * y / height_px, 120 + 30 * np.sin(x / 17) * np.sin(y / 13), np.full_like(y, 60)], -1)
    return np.where((y > hills)[..., None], grass, sky).clip(0, 255).astype(np.uint8)


def write_image(path: Path, rgb: np.ndarray, *, quality: int = 92) -> Path:
    """Write RGB (or RGBA) by the suffix of `path`: .jpg, .png, .webp, …"""
    order = cv2.COLOR_RGBA2BGRA if rgb.shape[2] == 4 else cv2.COLOR_RGB2BGR
    options = [cv2.IMWRITE_JPEG_QUALITY, quality] if path.suffix in {".jpg", ".jpeg"} else []
    if not cv2.imwrite(str(path), cv2.cvtColor(rgb, order), options):
        raise OSError(f"cannot write {path.name}")
    return path


# ------------------------------------------------------------------------------------------------------------- sound
def silence(duration_s: float, sample_rate_hz: int = 16000) -> np.ndarray:
    return np.zeros(round(duration_s * sample_rate_hz), np.float32)


def tone(duration_s: float, frequency_hz: float = 440.0, sample_rate_hz: int = 16000, level: float = 0.3) -> np.ndarray:
    t = np.arange(round(duration_s * sample_rate_hz)) / sample_rate_hz
    return (level * np.sin(2 * np.pi * frequency_hz * t)).astype(np.float32)


_FORMANTS_HZ = {
    "a": (730, 1090, 2440),
    "i": (270, 2290, 3010),
    "u": (300, 870, 2240),
    "e": (530, 1840, 2480),
    "o": (570, 840, 2410),
}


def vowel(
    symbol: str, duration_s: float, sample_rate_hz: int = 16000, pitch_hz: float = 120.0, seed: int = 0
) -> np.ndarray:
    """A steady vowel (a, e, i, o, u): harmonics of a gliding pitch under three formants (Peterson & Barney 1952)."""
    n = round(duration_s * sample_rate_hz)
    t = np.arange(n) / sample_rate_hz
    rng = np.random.default_rng(seed)
    pitch = pitch_hz * (1.0 + 0.04 * np.sin(2 * np.pi * 2.1 * t + rng.uniform(0, 6)))
    phase = 2 * np.pi * np.cumsum(pitch) / sample_rate_hz
    out = np.zeros(n)
    for k in range(1, int(min(4000, 0.45 * sample_rate_hz) / pitch_hz)):
        gain = sum(
            a / (1 + ((k * pitch_hz - f) / b) ** 2)
            for f, b, a in zip(_FORMANTS_HZ[symbol], (70, 100, 150), (1.0, 0.6, 0.25), strict=True)
        )
        out += gain * np.sin(k * phase) / k**0.3
    return (0.28 * out / (np.abs(out).max() + 1e-9)).astype(np.float32)


def babble(
    times_s: list[float], duration_s: float, sample_rate_hz: int = 16000, symbol: str = "a", length_s: float = 0.22
) -> np.ndarray:
    """Syllables /ba/ (or b + `symbol`) whose release bursts are at `times_s`: 80 ms of lip closure, burst, vowel."""
    out = silence(duration_s, sample_rate_hz)
    rng = np.random.default_rng(11)
    for i, at in enumerate(times_s):
        sound = vowel(symbol, length_s, sample_rate_hz, seed=i)
        t = np.arange(sound.size) / sample_rate_hz
        sound *= np.minimum(1, t / 0.012) * np.minimum(1, (length_s - t) / 0.05)
        burst = round(0.008 * sample_rate_hz)
        sound[:burst] += 0.12 * rng.standard_normal(burst) * np.linspace(1, 0, burst)
        start = round(at * sample_rate_hz)
        end = min(out.size, start + sound.size)
        if end > start:
            out[start:end] += sound[: end - start]
    return out.astype(np.float32)


def speechlike(duration_s: float, sample_rate_hz: int = 16000, seed: int = 0) -> np.ndarray:
    """Something with the rhythm and spectrum of speech: four syllables a second of varied vowels, hisses and pauses."""
    rng = np.random.default_rng(seed)
    out = silence(duration_s, sample_rate_hz)
    at = 0.08
    while at < duration_s - 0.1:
        length = float(rng.uniform(0.12, 0.26))
        sound = vowel(
            str(rng.choice(list("aeiou"))),
            length,
            sample_rate_hz,
            float(rng.uniform(105, 150)),
            int(rng.integers(1 << 30)),
        )
        t = np.arange(sound.size) / sample_rate_hz
        sound *= (np.minimum(1, t / 0.03) * np.minimum(1, (length - t) / 0.04) * rng.uniform(0.55, 1.0)).astype(
            np.float32
        )
        if rng.random() < 0.35:
            hiss = np.diff(rng.standard_normal(round(0.07 * sample_rate_hz) + 1)) * 0.05
            sound = np.concatenate([hiss.astype(np.float32), sound])
        start = round(at * sample_rate_hz)
        end = min(out.size, start + sound.size)
        out[start:end] += sound[: end - start]
        at += sound.size / sample_rate_hz + (
            float(rng.uniform(0.25, 0.4)) if rng.random() < 0.12 else float(rng.uniform(0.02, 0.06))
        )
    return out


def write_audio(path: Path, samples: np.ndarray, sample_rate_hz: int = 16000) -> Path:
    """Write (N,) or (N, channels) float samples by the suffix of `path`: .wav .flac .ogg .mp3 .m4a .webm"""
    if path.suffix in {".m4a", ".webm"}:
        wav = path.with_suffix(".source.wav")
        soundfile.write(wav, samples, sample_rate_hz)
        run_ffmpeg(["-i", str(wav), str(path)])
        wav.unlink()
    else:
        soundfile.write(path, samples, sample_rate_hz)
    return path


def run_ffmpeg(arguments: list[str]) -> None:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-y", "-loglevel", "error", *arguments]
    subprocess.run(command, check=True, capture_output=True, timeout=60)


# ------------------------------------------------------------------------------------------------------------- clips
@dataclass(frozen=True)
class DrawnClip:
    """A clip on disk and its truth, one entry per frame: `pts_s` (T,) and drawn `apertures` (T,)."""

    path: Path
    pts_s: np.ndarray
    apertures: np.ndarray


def syllables(rate_hz: float = 3.0, peak: float = 0.24) -> Callable[[float], float]:
    """An aperture curve that opens `rate_hz` times a second, closed at every 1/rate_hz."""
    return lambda t: peak * float(np.sin(np.pi * rate_hz * t) ** 2)


def drawn_talking_clip(
    path: Path,
    duration_s: float = 2.0,
    *,
    frame_rate: Fraction = Fraction(25),
    aperture: Callable[[float], float] | None = None,
    width_px: int = 256,
    height_px: int = 320,
    look: str = "light",
    vfr: bool = False,
    rotation_deg: int = 0,
    samples: np.ndarray | None = None,
    sample_rate_hz: int = 16000,
) -> DrawnClip:
    """A drawn face that talks: H.264 (with AAC when `samples` are given), written to `path`.

    `vfr`: every third frame is dropped, times stay true. `rotation_deg` (90, 180, 270): stored turned, with the
    container's display matrix turning it back, as phones do.
    """
    aperture = aperture or syllables()
    times = np.array([float(i / frame_rate) for i in range(round(duration_s * frame_rate))])
    if vfr:
        times = times[np.arange(times.size) % 3 != 2]
    gaps = np.round([aperture(float(t)) / APERTURE_STEP for t in times]) * APERTURE_STEP
    frames = (drawn_portrait(width_px, height_px, look=look, gap=float(g), unit_share=0.2, eye_line=0.38) for g in gaps)
    stored = path if not rotation_deg else path.with_suffix(".stored" + path.suffix)
    turns = (rotation_deg // 90) % 4
    _encode(
        stored, (np.ascontiguousarray(np.rot90(f, turns)) for f in frames), times, frame_rate, samples, sample_rate_hz
    )
    if rotation_deg:
        run_ffmpeg(["-display_rotation", str(-rotation_deg), "-i", str(stored), "-c", "copy", str(path)])
        stored.unlink()
    return DrawnClip(path, times, gaps)


def write_clip(
    path: Path, frames: list[np.ndarray], frame_rate: Fraction = Fraction(25), samples: np.ndarray | None = None
) -> Path:
    """Any RGB frames as H.264, with sound at 16 kHz when `samples` are given."""
    _encode(path, frames, np.arange(len(frames)) / float(frame_rate), frame_rate, samples, 16000)
    return path


def _encode(
    path: Path, frames, times_s: np.ndarray, frame_rate: Fraction, samples: np.ndarray | None, sample_rate_hz: int
) -> None:
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=frame_rate, options={"crf": "18", "preset": "ultrafast"})
        video.pix_fmt = "yuv420p"
        video.codec_context.time_base = Fraction(1, 90000)
        sound = container.add_stream("aac", rate=sample_rate_hz, layout="mono") if samples is not None else None
        for i, (rgb, at) in enumerate(zip(frames, times_s, strict=True)):
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
            if not i:  # the size is fixed once the codec is open
                video.height, video.width = rgb.shape[:2]
            frame.pts, frame.time_base = round(at * 90000), Fraction(1, 90000)
            container.mux(video.encode(frame))
        container.mux(video.encode())
        if sound is not None:
            block = np.ascontiguousarray(samples.reshape(len(samples), -1).mean(1)[None], np.float32)
            audio = av.AudioFrame.from_ndarray(block, format="fltp", layout="mono")
            audio.sample_rate = sample_rate_hz
            container.mux(sound.encode(audio))
            container.mux(sound.encode())
