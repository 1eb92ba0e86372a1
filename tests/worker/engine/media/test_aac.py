"""How sound is encoded."""

import pytest

from worker.engine.media.aac import aac_arguments


@pytest.mark.parametrize(
    ("rate_hz", "channels", "wanted"),
    [
        (8_000, 1, ("8000", "40000", "twoloop")),
        (16_000, 1, ("16000", "80000", "fast")),
        (44_100, 2, ("44100", "192000", "fast")),
        (192_000, 1, ("48000", "96000", "fast")),
        (11_000, 1, ("11025", "55125", "twoloop")),
    ],
)
def test_the_quick_search_is_for_rates_at_which_it_is_as_good(rate_hz, channels, wanted):
    given = aac_arguments(rate_hz, channels)
    options = dict(zip(given[::2], given[1::2], strict=True))
    assert (options["-ar"], options["-b:a"], options["-aac_coder"]) == wanted
