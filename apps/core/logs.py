"""Log lines that say which job they belong to."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_job_id: ContextVar[str] = ContextVar("job_id", default="-")


@contextmanager
def job_in_logs(job_id: object) -> Iterator[None]:
    """Every log line written inside carries this job's id."""
    token = _job_id.set(str(job_id))
    try:
        yield
    finally:
        _job_id.reset(token)


class JobFilter(logging.Filter):
    """Adds `job_id` to each record; "-" outside of a job."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not hasattr(record, "job_id"):
            record.job_id = _job_id.get()
        return True
