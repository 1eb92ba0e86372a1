"""How many threads NumPy's matrices may use is settled before it is loaded."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize(("asked", "used"), [(None, "1"), ("3", "3")])
def test_small_matrices_get_one_thread_unless_somebody_asks_for_more(asked, used):
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    if asked is not None:
        environment["OPENBLAS_NUM_THREADS"] = asked
    look = "import sys, worker, os; print('numpy' in sys.modules, os.environ['OPENBLAS_NUM_THREADS'])"
    told = subprocess.run([sys.executable, "-c", look], env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["False", used]
