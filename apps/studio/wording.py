"""What options are called on the page."""

EMOTIONS = (
    ("auto", "As the voice"),
    ("neutral", "Neutral"),
    ("calm", "Calm"),
    ("happy", "Happy"),
    ("sad", "Sad"),
    ("angry", "Angry"),
    ("surprised", "Surprised"),
)

# setting, what it is called, what its slider changes
LIFE = (
    ("blink", "Blinks", "how often"),
    ("gaze", "Glances", "how far the eyes wander"),
    ("brow", "Brows", "how high they rise"),
    ("head", "Head and breath", "how much they move"),
)
