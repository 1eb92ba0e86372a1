"""`/healthz`: do the parts that every request needs answer? For the supervisor and load balancers.

Answered before anything else, so that it needs no session and works under any Host header.
"""

from asgiref.sync import sync_to_async
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from redis.exceptions import RedisError

from apps.core.middleware import EitherWayMiddleware

HEALTH_PATH = "/healthz"


def database_answers() -> bool:
    """Whether the database runs a query."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return cursor.fetchone() == (1,)
    except DatabaseError:
        return False


def redis_answers() -> bool:
    """Whether the cache's Redis takes a value."""
    try:
        cache.set("healthz", 1, 10)
        return cache.get("healthz") == 1
    except (RedisError, OSError):
        return False


def health_response() -> JsonResponse:
    """200 when everything answers, else 503; the body names the parts."""
    parts = {"database": database_answers(), "redis": redis_answers()}
    healthy = all(parts.values())
    response = JsonResponse({"ok": healthy, **parts}, status=200 if healthy else 503)
    response["Cache-Control"] = "no-store"
    return response


class HealthMiddleware(EitherWayMiddleware):
    """Answers the health path itself and passes everything else on."""

    def _answer(self, request: HttpRequest) -> HttpResponse:
        return health_response() if request.path == HEALTH_PATH else self.get_response(request)  # type: ignore[return-value]

    async def _answer_async(self, request: HttpRequest) -> HttpResponse:
        if request.path == HEALTH_PATH:
            return await sync_to_async(health_response)()
        return await self.get_response(request)  # type: ignore[misc]
