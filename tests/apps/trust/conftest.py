"""The same people and things as at the API's doors, except that nothing is stated about files beforehand."""

import pytest

from tests.apps.api.conftest import (  # noqa: F401
    _nobody_is_woken,
    _voices,
    finished_job,
    job,
    make_asset,
    owner,
    portrait,
    project,
    signed_out,
    stranger,
    voice,
)


@pytest.fixture(autouse=True)
def _files_are_attested() -> None:
    """Overrides the fixture that states something about every file."""
