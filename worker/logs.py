"""Log lines of engine processes, in the shape of the site's: they say which job they belong to."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

LINE = "%(asctime)s %(levelname)s %(name)s job=%(job_id)s %(message)s"

_job_id: ContextVar[str] = ContextVar("job_id", default="-")


class JobFilter(logging.Filter):
    """Adds `job_id` to each record; "-" outside of a job."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.job_id = _job_id.get()
        return True


@contextmanager
def job_in_logs(job_id: str) -> Iterator[None]:
    """Every log line written inside, by this thread, carries the job's id."""
    token = _job_id.set(job_id or "-")
    try:
        yield
    finally:
        _job_id.reset(token)


def configure_logging(level: int = logging.INFO) -> None:
    """One handler on stderr for everything in this process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(LINE))
    handler.addFilter(JobFilter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for chatty in ("numba", "PIL", "jax", "absl"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
