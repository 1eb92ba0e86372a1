"""A worker: `python -m worker.serve interactive|render [--number N]`. Started and restarted by `manage.py up`.

Some threads take jobs from one queue; each has a warm engine process beside it. SIGTERM gives running jobs back.
"""

import argparse
import logging
import os
import shutil
import signal
import sys
import threading
from pathlib import Path

import django
import dramatiq
import dramatiq.errors
import dramatiq.worker

from worker.engine.failures import EngineFailure
from worker.process.host import EngineLimits, EngineProcess
from worker.process.pool import EnginePool

logger = logging.getLogger("worker")

STOP_MS = 8000
POLL_MS = 150  # how often an idle worker asks for work, at least


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m worker.serve", description="Run a worker.")
    parser.add_argument("role", choices=["interactive", "render"])
    parser.add_argument("--number", type=int, default=1)
    parser.add_argument("--operations", default="worker.process.operations", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "apps.config.settings")
    django.setup()  # installs the broker; actors must come after it
    logging.getLogger("dramatiq").setLevel(logging.WARNING)
    return serve(options.role, options.number, options.operations)


def serve(role_name: str, number: int, operations: str) -> int:
    from django.conf import settings

    from apps.jobs.presence import ANNOUNCE_INTERVAL_S
    from worker.actors import ROLES, declare_actors
    from worker.making import RunnerOptions
    from worker.runner import JobRunner

    role, name = ROLES[role_name], f"{role_name}-{number}"
    threads = settings.INTERACTIVE_THREADS if role_name == "interactive" else 1
    os.environ.update({key: str(settings.ENGINE_THREADS) for key in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")})
    work_dir = Path(settings.WORK_DIR) / name
    shutil.rmtree(work_dir, ignore_errors=True)  # what this worker left behind when it was killed
    work_dir.mkdir(mode=0o700, parents=True)
    limits = EngineLimits(memory_bytes=settings.ENGINE_MEMORY_BYTES, nice=role.nice)
    pool = EnginePool(
        [EngineProcess(operations, limits=limits, scratch_dir=work_dir / f"engine-{index}") for index in range(threads)]
    )
    runner = JobRunner(
        pool,
        RunnerOptions(
            data_dir=Path(settings.DATA_DIR),
            work_dir=work_dir,
            voice_dir=Path(settings.VOICE_DIR),
            device=settings.ENGINE_DEVICE,
            credentials_dir=Path(settings.CREDENTIALS_DIR),
            clips_dir=Path(settings.CLIPS_DIR),
            whisper_dir=Path(settings.WHISPER_DIR),
            segments_dir=Path(settings.SEGMENTS_DIR),
        ),
    )
    declare_actors(runner, role)
    stopped = threading.Event()
    for number_of_signal in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number_of_signal, lambda *_: stopped.set())
    try:
        pool.start()
    except EngineFailure as failure:
        logger.error("the engine does not start: %s", failure)
        return 1
    worker = dramatiq.worker.Worker(
        dramatiq.get_broker(), queues={role.queue}, worker_threads=threads, worker_timeout=POLL_MS
    )
    worker.queue_prefetch = worker.delay_prefetch = threads  # a message that waits here could be taken by a neighbour
    worker.start()
    if role_name == "interactive":
        runner.refresh_voices()
    logger.info("%s is ready", name)
    while True:
        runner.announce(name, pid=os.getpid())
        if stopped.wait(ANNOUNCE_INTERVAL_S):
            break
        pool.warm_next()  # in this thread: the kernel ends a child together with the thread that started it
    logger.info("%s is asked to end", name)
    runner.stop()
    worker.stop(timeout=STOP_MS)
    pool.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
