"""The same people and things as at the API's doors."""

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
