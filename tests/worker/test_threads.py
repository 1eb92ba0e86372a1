"""How many threads NumPy's matrices and OpenCV may use is settled before they are loaded."""

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


@pytest.mark.parametrize(("cores", "asked", "used"), [(2, None, "1"), (8, None, "None"), (2, "2", "2")])
def test_pictures_get_one_thread_where_the_encoder_needs_the_other_core(cores, asked, used):
    environment = {name: value for name, value in os.environ.items() if name != "OPENCV_FOR_THREADS_NUM"}
    if asked is not None:
        environment["OPENCV_FOR_THREADS_NUM"] = asked
    look = (
        f"import os, sys; os.cpu_count = lambda: {cores}; import worker; "
        "print('cv2' in sys.modules, os.environ.get('OPENCV_FOR_THREADS_NUM'))"
    )
    told = subprocess.run([sys.executable, "-c", look], env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["False", used]
