"""What a project may be set to. The engine has the same words; the site must not import it, so here they are again."""

ASPECTS = ("source", "9:16", "4:5", "1:1", "16:9")
STYLES = ("still", "natural", "expressive")
LABEL_CORNERS = ("top-left", "top-right", "bottom-left", "bottom-right")
FRAME_RATES = ("24", "25", "30", "50", "60")
RATE_MIN, RATE_MAX = 0.5, 2.0  # speaking speed, 1 = the voice's own
PITCH_MIN, PITCH_MAX = 0.5, 2.0
SEED_MAX = 2**31 - 1
TITLE_MAX_CHARS = 120
SCRIPT_MAX_CHARS = 10_000
VOICE_MAX_CHARS = 80

# A free render: the brand mark and the label in its pixels, and no more than this.
FREE_SHORT_SIDE_MAX_PX = 720
FREE_DURATION_MAX_S = 60.0

CHARS_PER_SECOND = 14.5  # of an unhurried voice, spaces included; measured over the bundled voices' Latin scripts


def spoken_duration_s(script: str, rate: float) -> float:
    """About how long a script takes to say. For telling the creator beforehand, never for cutting."""
    letters = sum(2.6 if ord(char) >= 0x2E80 else 1.0 for char in script.strip())  # a Han or kana sign is a syllable
    return letters / CHARS_PER_SECOND / max(rate, 0.1)
