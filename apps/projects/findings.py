"""What preflight found, in a creator's words: warnings are not failures, the video can be made all the same."""

from collections.abc import Mapping
from string import Formatter
from typing import Any

from apps.core.failures import CATALOGUE, next_step_for, sentence_for
from apps.core.preflight_texts import WARNING_CODES, warning_text
from apps.uploads.models import Asset

# code → (what we noticed, what would make it better). Facts in braces are filled in when they are known.
_PICTURE_WORDS: dict[str, tuple[str, str]] = {
    "several_faces": ("We found {count} faces; the largest will speak.", "Choose another one if you like."),
    "face_small": (
        "The face is {face_px} px wide, so the mouth will look a little soft.",
        "A larger photo, with a face of {good_px} px or more, gives a sharper video.",
    ),
    "face_cut_off": (
        "Part of the face lies outside the picture.",
        "A photo with the whole head in view moves more naturally.",
    ),
    "blurry": ("The face is not quite sharp.", "A sharper photo gives a clearer mouth."),
    "dark": ("The face is rather dark.", "A photo taken towards a window or a lamp looks better."),
    "glaring": ("Parts of the face are burned out by light.", "A photo in softer light keeps the skin's detail."),
    "turned": (
        "The face is turned {yaw_deg}° to the side.",
        "It works, but the mouth looks most natural when the face looks towards the camera.",
    ),
    "nodding": ("The head is tilted up or down.", "A photo at eye level looks more natural."),
    "tilted": ("The head is tilted to the shoulder.", "It works; an upright head looks calmer."),
    "mouth_open": ("The mouth is slightly open.", "We close it where the voice is silent; a closed mouth looks best."),
    "mouth_wide_open": (
        "The mouth is wide open, as in a laugh.",
        "We close it as well as we can; a photo with a closed mouth looks far more natural.",
    ),
    "mouth_partly_covered": (
        "Something may cover part of the mouth.",
        "A photo with the mouth in full view works better.",
    ),
    "eyes_shut": ("The eyes are shut, and they will stay shut.", "Use a photo with open eyes if you want blinks."),
    "sunglasses": ("There seem to be sunglasses.", "They stay as they are; blinks will not be seen."),
    "transparent": ("The picture has transparent parts.", "They become a soft light grey in the video."),
    "first_frame_only": ("This is an animation.", "Only its first picture is used."),
    "scaled_down": ("The picture is very large.", "It is worked on at {width_px} × {height_px} px, which is plenty."),
}

_SOUND_WORDS: dict[str, tuple[str, str]] = {
    "quiet": (
        "The recording is very quiet.",
        "It stays as quiet in the video; record closer to the microphone.",
    ),
    "clipped": (
        "The recording is distorted because it is too loud in places.",
        "Turn the microphone down a little and record again.",
    ),
    "noisy": (
        "There is a lot of noise behind the voice.",
        "The lips follow the voice better in a quiet room.",
    ),
    "little_speech": (
        "Somebody speaks in only {percent} % of the recording.",
        "The mouth rests where nobody speaks; cut the pauses if they are too long.",
    ),
    "starts_late": (
        "The voice starts only after {start_s} s.",
        "Cut the silence at the start to win attention.",
    ),
    "one_sided": ("The voice is on one side only.", "We use that side for the lips; the sound stays as it is."),
    "opposite_phase": (
        "The two channels of the recording cancel each other.",
        "On a phone's single speaker it may be silent; export it in mono.",
    ),
    "no_pause_to_learn_noise": (
        "The background was not cleaned up: there is no pause in which it is heard alone.",
        "Record half a second of silence before you speak, or switch the cleaning off.",
    ),
    "telephone": ("The recording has telephone quality.", "It works; a better microphone sounds more present."),
    "damaged": (
        "Parts of the recording are damaged.",
        "We use what can be read; export it again if parts are missing.",
    ),
}

_CLIP_WORDS: dict[str, tuple[str, str]] = {
    "no_sound": ("This video has no sound.", "Add a recording, or let the result be silent."),
    "silent": ("This video's sound is silent.", "Add a recording, or let the result be silent."),
    "no_speech": ("We hear nobody speak in this video.", "It works; the face is followed, not the sound."),
    "variable_rate": ("This video's frames come unevenly.", "They are shown when they came; movements stay in time."),
    "rotated": ("This video is stored on its side.", "We turn it upright."),
    "interlaced": ("This video is interlaced, as television was.", "Fast movements may look combed."),
    "hdr": ("This video has high dynamic range.", "We work on it in ordinary range."),
    "sound_longer": ("The sound is longer than the picture.", "It goes on for {sound_s} s; the picture ends earlier."),
    "faces_missing": (
        "We saw a face in only {seen} of the {looked_at} moments we looked at.",
        "Where it is away, the photo rests and breathes.",
    ),
}
# What a render tells afterwards, with the stretch it is about.
_RENDER_WORDS: dict[str, tuple[str, str]] = {
    "driver_face_missing": (
        "From {start_s} to {end_s} s no face was seen in the driving video.",
        "The photo rests there. Film with the face in view all the time to have it move.",
    ),
    "driver_turned_away": (
        "From {start_s} to {end_s} s the face in the driving video is turned away.",
        "The mouth is guessed there. Look towards the camera to have it followed.",
    ),
    "driver_without_sound": (
        "The driving video has no sound, so this one is silent.",
        "Choose “My recording” to give it a voice.",
    ),
}

# What a dub tells afterwards.
_DUB_WORDS: dict[str, tuple[str, str]] = {
    "text_too_long": (
        "The text from {start_s} to {end_s} s is too long for its time by about {count} characters.",
        "Shorten it, or give the line more time.",
    ),
    "sound_cut": (
        "The new sound is longer than its place; what came from {start_s} to {end_s} s was cut off.",
        "Shorten it, or choose under “Fit” that the clip is repeated or goes along with the voice.",
    ),
    "background_ducked": (
        "The old voice could not be taken out of the background, so the background is turned down where it spoke.",
        "Without “keep background” there is only the new voice.",
    ),
    "face_missing": (
        "From {start_s} to {end_s} s the speaker is not seen.",
        "Those moments stay as they are.",
    ),
    "face_turned_away": (
        "From {start_s} to {end_s} s the speaker is turned away.",
        "The lips are left alone there.",
    ),
    "mouth_hidden": (
        "From {start_s} to {end_s} s something lies over the mouth all the time.",
        "Those moments stay as they are. Film without a mask, a scarf or a microphone before the lips.",
    ),
    "kept_in_front": (
        "From {start_s} to {end_s} s something passes before the mouth.",
        "It stays in front of the new lips; look at those moments closely.",
    ),
    "mouth_never_closed": (
        "This clip never shows the speaker's closed lips, so they are made up.",
        "A clip with a pause in it looks better.",
    ),
    "mouth_never_open": (
        "This clip never shows the speaker's open mouth, so its inside is made up.",
        "A clip in which the person talks looks better.",
    ),
}

_WORDS = {**_DUB_WORDS, **_PICTURE_WORDS, **_SOUND_WORDS, **_CLIP_WORDS, **_RENDER_WORDS}
_WITHOUT_FACTS = {
    "several_faces": "We found several faces; the largest will speak.",
    "face_small": "The face is small, so the mouth will look a little soft.",
    "turned": "The face is turned to the side.",
    "little_speech": "Somebody speaks in only a small part of the recording.",
    "starts_late": "The voice starts late.",
    "faces_missing": "The face is not always in view.",
    "text_too_long": "Some text is too long for its time.",
    "sound_cut": "Some of the new sound was cut off.",
    "face_missing": "In places the speaker is not seen.",
    "face_turned_away": "In places the speaker is turned away.",
    "mouth_hidden": "In places something lies over the mouth.",
    "kept_in_front": "In places something passes before the mouth.",
    "driver_face_missing": "In places no face was seen in the driving video.",
    "driver_turned_away": "In places the face in the driving video is turned away.",
}


def _filled(template: str, facts: Mapping[str, Any]) -> str | None:
    wanted = {field for _, field, _, _ in Formatter().parse(template) if field}
    return template.format(**facts) if wanted <= facts.keys() else None


def in_words(finding: Mapping[str, Any], *, is_problem: bool = False) -> dict[str, Any]:
    """A finding {code, at_s, detail} with a sentence and a next step; problems speak the catalogue's words."""
    code, facts = str(finding["code"]), dict(finding.get("detail") or {})
    if not is_problem and code not in _WORDS and code in WARNING_CODES:
        words = warning_text(code, facts), ""
    elif is_problem or code not in _WORDS:
        known = code if code in CATALOGUE else "internal"
        words = sentence_for(known, facts), next_step_for(known)
    else:
        notice, advice = _WORDS[code]
        words = (
            _filled(notice, facts) or _WITHOUT_FACTS.get(code, notice),
            _filled(advice, facts) or "",
        )
    return {**finding, "sentence": words[0], "next_step": words[1]}


def render_warning_in_words(warning: str) -> dict[str, Any]:
    """A render's warning, "code", "code 1.20-2.40" or "code 1.20-2.40 12" (seconds, a count), in words."""
    code, _, stretch = warning.partition(" ")
    stretch, _, count = stretch.partition(" ")
    start, dash, end = stretch.partition("-")
    facts = {"start_s": start, "end_s": end} if dash else {}
    if count:
        facts["count"] = count
    if code not in _WORDS:
        return {"code": code, "at_s": None, "detail": facts, "sentence": "", "next_step": ""}
    at_s = float(start) if dash and start.replace(".", "", 1).isdigit() else None
    return in_words({"code": code, "at_s": at_s, "detail": facts})


def report_in_words(report: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Preflight's report with words for every problem and warning, the faces' included."""
    if report is None:
        return None
    told = {
        **report,
        "problems": [in_words(one, is_problem=True) for one in report.get("problems", [])],
        "warnings": [in_words(one) for one in report.get("warnings", [])],
    }
    told.pop("sampled_frames", None)  # of clips: what the people were found from, and long
    if "people" in report:
        told["people"] = [_face_in_words(person) for person in report["people"]]
    if "faces" in report:
        told["faces"] = [_face_in_words(face) for face in report["faces"]]
    if report.get("auto_face_failure"):
        told["auto_face_failure"] = in_words(report["auto_face_failure"], is_problem=True)
    return told


def _face_in_words(face: Mapping[str, Any]) -> dict[str, Any]:
    problem = face.get("problem")
    return {
        **face,
        "problem": in_words(problem, is_problem=True) if problem else None,
        "warnings": [in_words(one) for one in face.get("warnings", [])],
    }


def faces_of(source: Asset | None) -> list[dict[str, Any]]:
    """The faces that preflight found in a portrait, or the people in a clip; none while it is still looking."""
    if source is None or not source.preflight:
        return []
    return list(source.preflight.get("people" if source.kind == Asset.Kind.CLIP else "faces", []))
