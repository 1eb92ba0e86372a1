"""What wakes a worker: one actor per kind of job, taking nothing but the job's id.

A message is only a wake-up call. It may come twice, late, or not at all: the job's row says what is to be done, and
the clock calls again. So dramatiq's own retries are off, and its time limit is far above any job's own watchdogs.
"""

from dataclasses import dataclass

import dramatiq

from apps.accounts.letters import deliver_due
from apps.core import errands
from apps.jobs.queue import ACTORS, INTERACTIVE_QUEUE, RENDER_QUEUE, VOICES_ACTOR
from apps.ops.archives import build_archive
from worker.runner import JobRunner

TIME_LIMIT_MS = 6 * 3600 * 1000


@dataclass(frozen=True)
class Role:
    """A worker's part: which queue it serves, and how its engine gives way to others."""

    name: str
    queue: str
    nice: int


ROLES = {
    "interactive": Role("interactive", INTERACTIVE_QUEUE, nice=0),
    "render": Role("render", RENDER_QUEUE, nice=10),  # pages, looks at new files and typed voices stay fluid
}


def declare_actors(runner: JobRunner, role: Role) -> None:
    """Declare the actors of this role's queue on the installed broker, and no others."""

    def declare(name: str, work: dramatiq.actor) -> None:
        dramatiq.actor(work, actor_name=name, queue_name=role.queue, max_retries=0, time_limit=TIME_LIMIT_MS)

    for queue_name, actor_name in ACTORS.values():
        if queue_name == role.queue:
            declare(actor_name, lambda job_id: runner.run(job_id))
    if role.queue == INTERACTIVE_QUEUE:
        declare(VOICES_ACTOR, lambda: runner.refresh_voices())
        declare(errands.IDENTIFY, lambda inquiry_id: runner.identify(inquiry_id))
        declare(errands.LETTERS, lambda: deliver_due())
        declare(errands.ARCHIVE, lambda archive_id: build_archive(archive_id))
