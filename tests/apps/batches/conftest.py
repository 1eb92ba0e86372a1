import pytest


@pytest.fixture(autouse=True)
def _site(nobody_is_woken: None, two_voices: None) -> None:
    """Jobs stay queued, and there are voices to choose from."""
