"""How often one account may ask. Counted in the cache, per account and kind of work."""

from django.conf import settings
from django.http import HttpRequest
from ninja.throttling import AuthRateThrottle

RATES = {"read": "600/m", "write": "240/m", "upload": "60/m", "speech": "40/m", "preview": "120/m", "render": "30/m"}


class AccountThrottle(AuthRateThrottle):
    """One bucket per account and scope; what was counted is forgotten when the cache is emptied."""

    def __init__(self, scope: str) -> None:
        self.scope = scope
        super().__init__(getattr(settings, "API_RATES", RATES)[scope])

    def get_cache_key(self, request: HttpRequest) -> str | None:
        return f"api-throttle:{self.scope}:{request.user.pk}"
