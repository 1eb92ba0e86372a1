"""How a job's end settles its credits. Called by `Job._end` alone, inside the transaction that ends the job."""

from typing import TYPE_CHECKING

from apps.credits import services as credits
from apps.jobs.pricing import captured_credits

if TYPE_CHECKING:
    from apps.jobs.models import Job


def settle_hold(job: "Job", rendered_s: float | None) -> None:
    """Take what the finished video costs, never more than was quoted; with None, give everything back.

    The hold itself refuses a second settlement, so this happens once however often a job seems to end.
    """
    if job.hold is None:
        return
    if rendered_s and job.quote is not None:
        credits.capture(job.hold, captured_credits(job.quote, rendered_s))
    else:
        credits.release(job.hold)
