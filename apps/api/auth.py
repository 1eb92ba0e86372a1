"""Who is asking: somebody signed in on this browser."""

from typing import Any

from django.http import HttpRequest
from ninja.security import APIKeyCookie
from ninja.utils import check_csrf

from apps.core.failures import SiteFailure


class SessionAuth(APIKeyCookie):
    """The site's own session. Whatever changes something must bring the page's CSRF token."""

    param_name = "sessionid"

    def _get_key(self, request: HttpRequest) -> str | None:
        return request.COOKIES.get(self.param_name)

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        if not request.user.is_authenticated:
            raise SiteFailure("signed_out")
        if check_csrf(request):
            raise SiteFailure("csrf_failed")
        return request.user
