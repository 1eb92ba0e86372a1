"""What happens by itself: the reaper every few seconds, cleaning up now and then."""

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import redis
from django.db import DatabaseError, close_old_connections
from dramatiq.errors import BrokerConnectionError

from apps.accounts.letters import deliver_due, forget_sent
from apps.batches.services import advance_all
from apps.credits.services import expire
from apps.jobs.presence import ANNOUNCE_INTERVAL_S, announce
from apps.jobs.queue import ask_for_voices
from apps.jobs.reaper import reap
from apps.ops import cleaning
from apps.trust import inquiries, rights

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Chore:
    """Something to do every `interval_s` seconds, for the first time after `delay_s`."""

    name: str
    do: Callable[[], object]
    interval_s: float
    delay_s: float = 0.0


def chores() -> list[Chore]:
    return [
        Chore("presence", lambda: announce("clock", pid=os.getpid()), ANNOUNCE_INTERVAL_S),
        Chore("reaper", reap, 15.0),
        Chore("sets of variants", advance_all, 15.0, delay_s=10.0),
        Chore("inquiries", inquiries.look_after, 15.0, delay_s=5.0),
        Chore("letters", deliver_due, 30.0, delay_s=8.0),
        Chore("archives", rights.look_after, 60.0, delay_s=12.0),
        Chore("letters that left", forget_sent, 24 * 3600.0, delay_s=100.0),
        Chore("voices", ask_for_voices, 60.0, delay_s=60.0),
        Chore("unused prices", cleaning.sweep_prices, 3600.0, delay_s=50.0),
        Chore("abandoned uploads", cleaning.sweep_uploads, 600.0, delay_s=20.0),
        Chore("left-over workspaces", cleaning.sweep_workspaces, 600.0, delay_s=30.0),
        Chore("segments of old renders", cleaning.sweep_segments, 600.0, delay_s=37.0),
        Chore("tracks of deleted clips", cleaning.sweep_clip_tracks, 600.0, delay_s=35.0),
        Chore("old attempts", cleaning.sweep_old_attempts, 600.0, delay_s=40.0),
        Chore("previews", cleaning.sweep_previews, 3600.0, delay_s=50.0),
        Chore("retention", cleaning.sweep_retention, 3600.0, delay_s=60.0),
        Chore("trash", cleaning.sweep_trash, 3600.0, delay_s=65.0),
        Chore("lapsed credits", expire, 600.0, delay_s=70.0),
        Chore("sessions", cleaning.sweep_sessions, 24 * 3600.0, delay_s=90.0),
    ]


def run_clock(stopped: threading.Event, todo: Sequence[Chore] | None = None) -> None:
    """Do each chore when it is due, until `stopped`. A chore that fails is tried again when it is due next."""
    todo = list(todo) if todo is not None else chores()
    due_at = {chore.name: time.monotonic() + chore.delay_s for chore in todo}
    while not stopped.is_set():
        for chore in todo:
            if time.monotonic() >= due_at[chore.name] and not stopped.is_set():
                due_at[chore.name] = time.monotonic() + chore.interval_s
                _do(chore)
        stopped.wait(max(min(due_at.values()) - time.monotonic(), 0.05))


def _do(chore: Chore) -> None:
    close_old_connections()
    try:
        chore.do()
    except (DatabaseError, redis.RedisError, BrokerConnectionError, OSError) as error:
        logger.warning("%s did not work, will be tried again: %s: %s", chore.name, type(error).__name__, error)
