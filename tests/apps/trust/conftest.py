"""As everywhere at the site's doors, except that nothing is stated about files beforehand."""

import pytest


@pytest.fixture(autouse=True)
def _site(nobody_is_woken: None, two_voices: None) -> None:
    """Jobs stay queued, and there are voices to choose from."""


@pytest.fixture(autouse=True)
def _files_are_attested() -> None:
    """Overrides the fixture that states something about every file."""
