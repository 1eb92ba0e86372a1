import json
import os
import subprocess
import sys
import time

import pytest

from worker.bench import bench_command, tree_mib
from worker.engine.failures import EngineFailure


def test_memory_of_a_process_and_its_children_is_seen():
    own = tree_mib(os.getpid())
    assert own > 20
    hungry = "import time; x = bytearray(80 * 2**20); print('ready', flush=True); time.sleep(30)"
    with subprocess.Popen([sys.executable, "-c", hungry], stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        with_child = tree_mib(os.getpid())
        child.kill()
    assert with_child > own + 70


def test_a_process_that_is_gone_holds_nothing():
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait(20)
    time.sleep(0.05)
    assert tree_mib(child.pid) == 0


def test_a_picture_without_a_face_is_refused(tmp_path):
    from PIL import Image

    path = tmp_path / "wall.png"
    Image.new("RGB", (300, 300), (90, 120, 90)).save(path)
    with pytest.raises(EngineFailure):
        bench_command(["--quick", "--no-memory", "--portrait", str(path)])


@pytest.mark.slow
def test_the_quick_bench_reports_ratios_of_one_run():
    report = bench_command(["--quick", "--no-memory"])
    json.dumps(report, allow_nan=False)
    photo = report["talking_photo"]
    assert photo["frames"] == 25
    assert photo["ratio_to_encode"] == pytest.approx(photo["render_s"] / photo["encode_only_s"])
    assert photo["real_time_factor"] == pytest.approx(1.0 / photo["render_s"], rel=0.01)
    assert sum(photo["stage_seconds"].values()) <= photo["render_s"] * 1.01
    assert report["preflight_s"]["portrait"] < 3
