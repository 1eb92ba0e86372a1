"""What we say when something goes wrong: one catalogue for the command line, the site and the API.

Standard library only, so that the worker can read it too. Keys are the values of the engine's `FailureCode`; the site
adds its own codes. A sentence says what is the matter in a creator's words, the next step says what to do about it.
"""

from collections.abc import Mapping
from string import Formatter

from apps.core.failure_text import FailureText, bad_input, our_fault
from apps.core.site_failures import SITE_TEXTS

__all__ = ["CATALOGUE", "FailureText", "SiteFailure", "failure_dict", "message_for", "next_step_for", "sentence_for"]


_FILES: dict[str, FailureText] = {
    "file_missing": bad_input(
        "We could not find that file.",
        "Check that it still exists, then choose it again.",
        "We could not find “{file_name}”.",
        http_status=404,
    ),
    "file_empty": bad_input(
        "That file is empty (0 bytes).",
        "It probably did not finish copying: open it on your device first, then upload it again.",
    ),
    "file_unreadable": bad_input(
        "We could not read that file: it is damaged, cut off, or not really a picture, sound or video.",
        "Open it on your device; if it plays or shows there, export it again (JPEG, MP3 or MP4) and upload that.",
        "We could not read that {kind} file: it is damaged or was cut off before its end.",
    ),
    "file_wrong_kind": bad_input(
        "That file is of the wrong kind for this place.",
        "Choose a picture (JPEG, PNG, WebP, HEIC) for the portrait, and a sound (MP3, WAV, M4A, OGG) for the voice.",
        "That file is a {found}, but a {needed} is needed here.",
        http_status=415,
    ),
    "file_too_large": bad_input(
        "That file is larger than we can take.",
        "Make it smaller (shorter, or a lower quality setting), then upload it again.",
        "That file is {size_mb:.0f} MB; the most we can take is {max_mb:.0f} MB.",
        http_status=413,
    ),
}

_PICTURES: dict[str, FailureText] = {
    "image_too_small": bad_input(
        "That picture is too small to make a good video from.",
        "Use the original photo rather than a thumbnail or a screenshot of it.",
        "That picture is only {width_px} × {height_px} px; we need at least {needed_px} px on its short side.",
    ),
    "image_too_many_pixels": bad_input(
        "That picture has more pixels than we can handle.",
        "Scale it down – 4000 px on the long side is plenty – and upload it again.",
        "That picture has {megapixels:.0f} megapixels; the most we can handle is {max_megapixels:.0f}.",
        http_status=413,
    ),
    "image_too_dark": bad_input(
        "That picture is too dark to see the face properly.",
        "Brighten it, or take one facing a window or a lamp.",
    ),
}

_FACES: dict[str, FailureText] = {
    "no_face": bad_input(
        "We could not find a face in that picture.",
        "Use one where one person looks towards the camera, with eyes and mouth in view.",
        "We could not find a face in the {where}.",
    ),
    "no_face_at_point": bad_input(
        "There is no face where you clicked.",
        "Click in the middle of a face; the ones we found have a box around them.",
        "There is no face where you clicked; we found {count} elsewhere in the picture.",
    ),
    "face_index_out_of_range": bad_input(
        "There are not that many faces in the picture.",
        "Choose one of the faces with a box around it; the largest is number 0.",
        "You asked for face number {index}, but we found only {count} (the largest is number 0).",
    ),
    "several_faces": bad_input(
        "There are several faces in that picture, and we cannot tell which one should speak.",
        "Choose the one that should speak.",
        "There are {count} faces in that picture, and we cannot tell which one should speak.",
    ),
    "face_too_small": bad_input(
        "The face is too small in the picture to move it well.",
        "Use a larger or closer shot, or the original instead of a reduced copy; scaling it up will not help.",
        "The face is {face_px:.0f} px wide; we need at least {needed_px:.0f} px.",
    ),
    "face_turned_away": bad_input(
        "The face is turned too far to the side; half of the mouth is hidden.",
        "Use a shot in which the person looks more towards the camera, so that both corners of the mouth are in view.",
        "The face is turned {yaw_deg:.0f}° to the side; we can animate up to {max_yaw_deg:.0f}°.",
    ),
    "face_covered": bad_input(
        "Something covers the mouth, so we cannot see the lips we have to move.",
        "Use a shot with the mouth in full view – no mask, hand, cup or microphone in front of it.",
    ),
    "face_upside_down": bad_input(
        "The face does not stand upright in the picture.",
        "Turn the picture the right way up and upload it again.",
        "The face does not stand upright: the picture has to be turned by {turn_deg:.0f}° to the left.",
        "The face is tilted by about {roll_deg:.0f}°.",
    ),
}

_SOUND: dict[str, FailureText] = {
    "no_audio_stream": bad_input(
        "There is no sound in that file.",
        "Choose a recording of a voice, or record one here.",
    ),
    "audio_silent": bad_input(
        "That recording is silent from start to end.",
        "Check that the microphone was on and not muted, then record or export it again.",
        "That recording is silent: its loudest moment is at {peak_dbfs:.0f} dB.",
    ),
    "no_speech": bad_input(
        "We could hear sound in that recording, but nobody speaking.",
        "Use a recording in which a voice is clearly louder than music and noise.",
    ),
    "audio_too_short": bad_input(
        "That recording is too short to speak a word.",
        "Use a longer recording.",
        "That recording is {duration_s:.2f} s long; we need at least {needed_s:.1f} s.",
        "That recording is {duration_s:.2f} s long; we need at least {min_s:.1f} s.",
    ),
    "audio_too_long": bad_input(
        "That speech is longer than we can take in one go.",
        "Cut it into shorter parts and make one video of each.",
        "That speech is {duration_s:.0f} s long; the most we can take is {max_s:.0f} s.",
        http_status=413,
    ),
}

_SCRIPTS_AND_OPTIONS: dict[str, FailureText] = {
    "script_empty": bad_input("There is nothing to say yet.", "Type the words that the photo should speak."),
    "script_too_long": bad_input(
        "That script is too long for one video.",
        "Split it into parts and make one video of each.",
        "That script has {chars} characters; the most we can take is {max_chars}.",
        http_status=413,
    ),
    "script_not_speakable": bad_input(
        "That script has no words that the chosen voice can speak.",
        "Write it out in letters of the voice's language, or choose a voice that speaks the script's language.",
    ),
    "voice_unknown": bad_input(
        "We do not have that voice.",
        "Choose one of the voices in the list.",
        "We do not have a voice called “{voice}”.",
    ),
    "option_invalid": bad_input(
        "One of the settings is not possible.",
        "Change it and try again.",
        "The setting {option} is not possible: {reason}.",
        "The setting {option} is not possible: {rule}.",
        "The setting {option} is not possible: it must be between {min} and {max}.",
        "The setting {option} is not possible: it must be at least {min}.",
        "The setting {option} is not possible: choose one of {allowed}.",
        "The setting {option} is not possible.",
        "One of the settings is not possible: {reason}.",
        http_status=400,
    ),
}

_CLIPS: dict[str, FailureText] = {
    "no_video_stream": bad_input(
        "There is no moving picture in that file.",
        "Choose a video clip (MP4, MOV, WebM).",
        http_status=415,
    ),
    "clip_too_short": bad_input(
        "That clip is too short to work with.",
        "Use a clip of at least one second.",
        "That clip is {duration_s:.2f} s long; we need at least {needed_s:.1f} s.",
    ),
    "clip_too_long": bad_input(
        "That clip is longer than we can take in one go.",
        "Cut it into shorter parts first.",
        "That clip is {duration_s:.0f} s long; the most we can take is {max_s:.0f} s.",
        http_status=413,
    ),
}

_DUBS: dict[str, FailureText] = {
    "segments_unreadable": bad_input(
        "We could not read that list of lines.",
        "Each line needs a start and an end in seconds, and either a recording or a text with a voice.",
        "We could not read that list of lines: {reason} (line {line}).",
        "We could not read that list of lines: {reason}.",
        http_status=400,
    ),
    "segment_empty": bad_input(
        "One of the lines ends before it begins, or is too short to hold a word.",
        "Move its end, or take the line out.",
        "Line {line} runs from {start_s:.2f} s to {end_s:.2f} s; it needs at least {needed_s:.1f} s.",
    ),
    "segments_overlap": bad_input(
        "Two of the lines overlap; only one can be spoken at a time.",
        "Move one of them, so that it ends before the next begins.",
        "Line {line} begins at {start_s:.2f} s, before the line ahead of it has ended at {end_s:.2f} s.",
    ),
    "segment_past_end": bad_input(
        "One of the lines runs past the end of the clip.",
        "Move it so that it ends within the clip.",
        "Line {line} runs to {end_s:.2f} s, but the clip ends at {clip_s:.2f} s.",
    ),
    "subtitles_unreadable": bad_input(
        "We could not read those subtitles.",
        "Save them as SubRip (.srt) or WebVTT (.vtt) in UTF-8 and choose them again.",
        "We could not read those subtitles: {reason} (line {line}).",
        "We could not read those subtitles: {reason}.",
        http_status=400,
    ),
}

_FILMS: dict[str, FailureText] = {
    "scenes_unreadable": bad_input(
        "We could not read that list of scenes.",
        "It is a JSON object with “scenes”: a list in which each has a video, a picture, a photo or a clip.",
        "We could not read that list of scenes: {reason}.",
        http_status=400,
    ),
    "scene_trimmed_away": bad_input(
        "Nothing is left of one of the scenes.",
        "Let it start earlier or end later, or take it out.",
        "Its trim leaves {start_s:.1f} s to {end_s:.1f} s, but at least {needed_s:.1f} s of it have to be left.",
    ),
}

_MACHINE: dict[str, FailureText] = {
    "disk_full": our_fault(
        "Our disk is full, so the video could not be saved.",
        "Nothing is lost on your side. Please try again later; whoever runs this site has to free some space.",
        retryable=False,
        http_status=507,
    ),
    "out_of_memory": our_fault(
        "The machine ran out of memory while making the video.",
        "Try again in a moment, or choose a smaller picture or a shorter recording.",
        retryable=True,
        http_status=503,
    ),
    "device_unavailable": our_fault(
        "The graphics processor that was asked for is not there.",
        "Choose “auto” or “cpu” instead.",
        "The device “{device}” is not available on this machine.",
        retryable=False,
        http_status=400,
    ),
    "encoder_failed": our_fault(
        "The video could not be written.",
        "Try again; if it happens again, tell us and we will look into it.",
        retryable=False,
        http_status=500,
    ),
    "cancelled": our_fault(
        "Stopped, as you asked.",
        "Start it again whenever you like; it cost nothing.",
        retryable=False,
        http_status=409,
    ),
    "timed_out": our_fault(
        "It took far longer than it should have, so we stopped it.",
        "Try again; if it happens again, use a shorter recording and tell us.",
        retryable=True,
        http_status=504,
    ),
    "engine_crashed": our_fault(
        "The engine stopped unexpectedly.",
        "Try again; if it happens again with the same files, tell us and we will look into it.",
        retryable=True,
        http_status=500,
    ),
    "internal": our_fault(
        "Something went wrong on our side.",
        "Try again; if it happens again, tell us and we will look into it.",
        retryable=True,
        http_status=500,
    ),
}

CATALOGUE: dict[str, FailureText] = {
    **_FILES,
    **_PICTURES,
    **_FACES,
    **_SOUND,
    **_SCRIPTS_AND_OPTIONS,
    **_CLIPS,
    **_DUBS,
    **_FILMS,
    **_MACHINE,
    **SITE_TEXTS,
}


def sentence_for(code: str, detail: Mapping[str, object] | None = None) -> str:
    """What is the matter, with as many facts as are known, and in which scene of a film. Unknown codes get the
    general sentence.
    """
    return _scene_of(detail or {}) + _sentence(code, detail)


def _scene_of(detail: Mapping[str, object]) -> str:
    number, title = detail.get("scene"), detail.get("scene_title")
    if number is None:
        return ""
    return f"Scene {number} (“{title}”): " if title else f"Scene {number}: "


def _sentence(code: str, detail: Mapping[str, object] | None) -> str:
    text = CATALOGUE.get(code, CATALOGUE["internal"])
    facts = {key: value for key, value in (detail or {}).items() if value is not None}
    for template in text.with_facts:
        wanted = {field for _, field, _, _ in Formatter().parse(template) if field}
        if not wanted <= facts.keys():
            continue
        try:
            return template.format(**facts)
        except (ValueError, TypeError):  # a fact of another type than the template expects must not hide the failure
            continue
    return text.sentence


def next_step_for(code: str) -> str:
    """What the creator can do about it."""
    return CATALOGUE.get(code, CATALOGUE["internal"]).next_step


def message_for(code: str, detail: Mapping[str, object] | None = None) -> str:
    """The whole message: what is the matter, and what to do next."""
    return f"{sentence_for(code, detail)} {next_step_for(code)}"


class SiteFailure(Exception):
    """Raised when the site cannot do what was asked; pages and API turn it into the catalogue's words.

    Args:
        code: a key of `CATALOGUE`.
        detail: JSON-able facts for the sentence, e.g. {"size_mb": 312.0, "max_mb": 250.0}. Never a path.
    """

    def __init__(self, code: str, **detail: object) -> None:
        if code not in CATALOGUE:
            raise ValueError(f"{code!r} is not in the failure catalogue")
        super().__init__(code, detail)
        self.code = code
        self.detail = detail

    def __reduce__(self) -> tuple[object, ...]:
        return _revive_site_failure, (self.code, self.detail)

    @property
    def sentence(self) -> str:
        return sentence_for(self.code, self.detail)

    @property
    def next_step(self) -> str:
        return next_step_for(self.code)

    @property
    def retryable(self) -> bool:
        return CATALOGUE[self.code].retryable

    @property
    def http_status(self) -> int:
        return CATALOGUE[self.code].http_status

    def as_dict(self) -> dict[str, object]:
        """What goes over the wire: {code, sentence, next_step, retryable, detail}."""
        return failure_dict(self.code, self.detail)

    def __str__(self) -> str:
        return message_for(self.code, self.detail)


def failure_dict(code: str, detail: Mapping[str, object] | None = None) -> dict[str, object]:
    """A failure as JSON for pages, websockets and the API."""
    return {
        "code": code,
        "sentence": sentence_for(code, detail),
        "next_step": next_step_for(code),
        "retryable": CATALOGUE.get(code, CATALOGUE["internal"]).retryable,
        "detail": dict(detail or {}),
    }


def _revive_site_failure(code: str, detail: dict[str, object]) -> SiteFailure:
    return SiteFailure(code, **detail)
