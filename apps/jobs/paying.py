"""How a job's end settles its credits. Called by `Job._end` alone, inside the transaction that ends the job."""

from apps.credits import services as credits
from apps.credits.models import Hold
from apps.jobs.pricing import Priced, captured_credits


def settle_hold(hold: Hold | None, quote: Priced | None, rendered_s: float | None) -> None:
    """Take what the finished video costs, never more than was quoted; with None, give everything back.

    The hold itself refuses a second settlement, so this happens once however often a job seems to end.
    """
    if hold is None:
        return
    if rendered_s and quote is not None:
        credits.capture(hold, captured_credits(quote, rendered_s))
    else:
        credits.release(hold)
