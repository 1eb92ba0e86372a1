"""Small background work that is no job of anybody's: letters, archives, answers to visitors.

As with jobs, a row somewhere says what is to be done; the message only wakes the interactive worker, and the clock
calls again for what was forgotten.
"""

import logging

import dramatiq
import redis
from dramatiq.errors import BrokerConnectionError

logger = logging.getLogger(__name__)

QUEUE = "interactive"  # the same that looks at new files
IDENTIFY, LETTERS, ARCHIVE = "identify", "letters", "archive"  # the actors' names


def wake(actor_name: str, *arguments: str) -> bool:
    """Send a wake-up message. False when Redis cannot be reached: the clock sends it again later."""
    try:
        broker = dramatiq.get_broker()
        broker.declare_queue(QUEUE)
        broker.enqueue(dramatiq.Message(queue_name=QUEUE, actor_name=actor_name, args=arguments, kwargs={}, options={}))
    except (redis.RedisError, BrokerConnectionError, OSError) as error:
        logger.warning("could not wake a worker for %s, the clock will: %s", actor_name, error)
        return False
    return True
