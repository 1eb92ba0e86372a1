import logging

import pytest


@pytest.fixture(autouse=True)
def logging_restored():
    """The command line switches Python's logging off for its process; other tests want it back."""
    yield
    logging.disable(logging.NOTSET)
