"""Closures where the truth is exact: speech we synthesise says when each phoneme sounds."""

import tempfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from worker.engine.contracts import Script, TalkingPhotoRequest
from worker.engine.media.audio import load_audio
from worker.engine.quality import metrics
from worker.engine.quality.clips import bilabial_spans
from worker.engine.quality.curves import Numbers, median_numbers
from worker.engine.quality.tracking import track_video
from worker.engine.speech.detection import speech_spans
from worker.engine.speech.track import mouth_track_from_audio, mouth_track_from_phonemes
from worker.engine.speech.voices import synthesize

FRAME_RATE = Fraction(25)
# Ten languages; each sentence has several lips-together sounds and a pause.
SENTENCES = (
    ("en-us", "My mother baked a big apple pie. Maybe Bob and Pam will bring some more."),
    ("de", "Meine Mama backt am Abend ein Brot. Bald kommen Papa und Peter mit der Post."),
    ("fr", "Maman a mis la pomme sur la table. Papa pose un bon bonbon à part."),
    ("es", "Mi mamá compra pan por la mañana. Pablo siempre bebe un poco de agua."),
    ("it", "La mamma prepara la pasta per Bruno. Poi beve un bel bicchiere di birra."),
    ("pt", "Minha mãe comprou pão e maçã. Pedro bebeu um pouco de café bom."),
    ("nl", "Mama bakt een mooi brood met peper. Bob pakt maar weer de bal op."),
    ("pl", "Mama kupiła bułkę i mapę. Potem pobiegła po białe pomidory."),
    ("fi", "Mummo paistaa pullaa pienessä pannussa. Pappa ompelee mustaa paitaa."),
    ("tr", "Babam bana pembe bir balon aldı. Ben de ona büyük bir pasta yaptım."),
)


@dataclass(frozen=True)
class ScriptedCase:
    language: str
    numbers: Numbers
    by_ear: Numbers  # the same sentence, its phonemes kept from the engine


def scripted_numbers(rendered_portrait: Path | None) -> dict[str, object]:
    """Closure, silence and offset numbers per language, with phonemes known and, for comparison, from sound alone.

    rendered_portrait: a picture to render the sentences on; None scores the mouth tracks alone.
    """
    cases = [_score_sentence(language, text, rendered_portrait) for language, text in SENTENCES]
    return {
        "languages": {case.language: {"phonemes_known": case.numbers, "sound_alone": case.by_ear} for case in cases},
        "medians": median_numbers([case.numbers for case in cases]),
        "medians_sound_alone": median_numbers([case.by_ear for case in cases]),
    }


def _score_sentence(language: str, text: str, portrait: Path | None) -> ScriptedCase:
    with tempfile.TemporaryDirectory() as folder:
        script = Script(text, language)
        wav = Path(folder) / "voice.wav"
        spoken = synthesize(script, wav)
        audio = load_audio(wav)
        bilabials = bilabial_spans(spoken.phonemes)
        pauses = metrics.pauses_between(speech_spans(audio), audio.duration_s)
        times = np.arange(int(audio.duration_s * FRAME_RATE)) / float(FRAME_RATE)

        def numbers(times_s: np.ndarray, aperture: np.ndarray) -> Numbers:
            return {
                "bilabial_closure": metrics.bilabial_closure(times_s, aperture, bilabials),
                "closure_offset_ms": metrics.closure_offset_ms(times_s, aperture, bilabials),
                "silence_closure": metrics.silence_closure(times_s, aperture, pauses),
            }

        by_ear = numbers(times, mouth_track_from_audio(audio, times).openness.astype(np.float64))
        if portrait is None:
            known = mouth_track_from_phonemes(spoken.phonemes, audio, times).openness.astype(np.float64)
            return ScriptedCase(language, numbers(times, known), by_ear)
        from worker.engine.contracts import SilentHooks
        from worker.engine.talking_photo import animate

        result = animate(
            TalkingPhotoRequest(portrait, Path(folder) / "out.mp4", script=script, frame_rate=FRAME_RATE), SilentHooks()
        )
        video = track_video(result.output_path)
        return ScriptedCase(language, numbers(video.times_s, video.aperture), by_ear)
