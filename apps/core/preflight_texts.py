"""What preflight's warnings mean in a creator's words. Standard library only, shared with the command line."""

from collections.abc import Mapping

# Each: (what we noticed, what it means or what to do). Facts in braces come from the warning's detail.
_TEXTS: dict[str, str] = {
    # pictures
    "several_faces": "There are {count} faces; choose the one that should speak.",
    "face_small": "The face is only {face_px} px wide, so the mouth will look soft. A closer shot looks better.",
    "face_cut_off": "Part of the face lies outside the picture; that part cannot move.",
    "blurry": "The face is a little blurred, and the video will be too.",
    "dark": "The face is dark. A brighter photo shows the mouth better.",
    "glaring": "The face is overexposed in places; skin may look flat.",
    "turned": "The face is turned {yaw_deg}° to the side. It works, but looking into the camera works better.",
    "nodding": "The face looks up or down quite far, which limits how well the mouth can move.",
    "tilted": "The head is tilted {roll_deg}°. It works, but an upright head looks more natural.",
    "mouth_open": "The mouth is open or smiling in the photo. We close it in pauses; a closed mouth looks best.",
    "mouth_wide_open": "The mouth is wide open. We can close it, but a photo with a closed mouth looks better.",
    "mouth_partly_covered": "Something may be in front of the mouth; look at the preview closely.",
    "eyes_shut": "The eyes are shut in the photo and will stay shut.",
    "sunglasses": "Dark glasses hide the eyes, so blinking will not be seen.",
    "transparent": "The picture has transparent parts; we put a soft grey backdrop behind them.",
    "first_frame_only": "This is an animation; we use its first frame.",
    "scaled_down": "The picture is very large; we work at {width_px} × {height_px} px, which is plenty.",
    # sound
    "quiet": "The recording is very quiet. It works; a louder one sounds better in the video.",
    "clipped": "The recording is too loud and distorted ({percent} % of it). Record with less gain if you can.",
    "noisy": "There is a lot of background noise; the mouth may follow it here and there.",
    "little_speech": "Somebody speaks in only {percent} % of the recording; the mouth stays closed in between.",
    "starts_late": "Nobody speaks before second {start_s}. You may want to cut the beginning.",
    "one_sided": "The voice is only on one side of the stereo sound, and it stays that way in the video.",
    "opposite_phase": "Left and right cancel each other out: on phones with one speaker this voice may be silent.",
    "telephone": "The recording has telephone quality ({rate_hz} Hz).",
    "damaged": "Part of the file is damaged; we use what can be read.",
    # clips
    "no_sound": "The clip has no sound.",
    "silent": "The clip's sound is silent.",
    "no_speech": "Nobody speaks in the clip's own sound.",
    "variable_rate": "The clip has a variable frame rate; we keep every frame's own time.",
    "rotated": "The clip is stored turned by {rotation_deg}°; we show it upright.",
    "interlaced": "The clip is interlaced (made for old televisions) and will be smoothed.",
    "hdr": "The clip is HDR; colours will be converted for ordinary screens.",
    "sound_longer": "The clip's sound goes on longer than its picture.",
    "face_away": "Nobody who could speak is seen at {times}; those moments stay as they are.",
    "face_turned": "The face turns away at {times}; the lips are left alone there.",
    "mouth_covered": "Something may be in front of the mouth at {times}, and stays. Look at those moments closely.",
    "lips_never_close": "This clip never shows closed lips, so those are made up. A clip with a pause is better.",
    "mouth_never_opens": "This clip never shows an open mouth, so that is made up. Somebody talking is better.",
    "several_people": "There are {count} people in the clip; whoever speaks in it is meant, unless you choose another.",
    "shot_cuts": "Cuts in the clip: about {count}; each shot is worked on by itself.",
}
_WITHOUT_FACTS: dict[str, str] = {
    "face_away": "A face is not seen all the time; the rest stays as it is.",
    "face_turned": "The face turns away at times; the lips are left alone there.",
    "mouth_covered": "Something may be in front of the mouth at times; it stays in front.",
    "several_people": "There are several people in the clip; whoever speaks in it is meant, unless you choose another.",
    "shot_cuts": "The clip has cuts; each shot is worked on by itself.",
    "several_faces": "There are several faces; choose the one that should speak.",
    "face_small": "The face is small, so the mouth will look soft. A closer shot looks better.",
    "turned": "The face is turned to the side. It works, but looking into the camera works better.",
    "tilted": "The head is tilted. It works, but an upright head looks more natural.",
    "scaled_down": "The picture is very large; we work at a smaller size, which is plenty.",
    "clipped": "The recording is too loud and distorted. Record with less gain if you can.",
    "little_speech": "Somebody speaks in only a small part of the recording; the mouth stays closed in between.",
    "starts_late": "It takes a while until somebody speaks. You may want to cut the beginning.",
    "telephone": "The recording has telephone quality.",
    "rotated": "The clip is stored on its side; we show it upright.",
}
WARNING_CODES: frozenset[str] = frozenset(_TEXTS)


def warning_text(code: str, detail: Mapping[str, object] | None = None) -> str:
    """The sentence for a preflight warning, with its facts when they are known; "" for an unknown code."""
    template = _TEXTS.get(code, "")
    try:
        return template.format(**(detail or {}))
    except (KeyError, ValueError, IndexError):
        return _WITHOUT_FACTS.get(code, "")
