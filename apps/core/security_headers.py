"""What browsers may do with our pages: only what we serve ourselves, nothing inline, no framing."""

from functools import cache
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from apps.core.middleware import EitherWayMiddleware

_PERMISSIONS = "microphone=(self), camera=(self), geolocation=(), payment=(), usb=(), interest-cohort=()"


@cache
def content_security_policy(media_origin: str = "") -> str:
    """The policy of every page; `media_origin` is where signed file links may lead, when that is not this site."""
    media = " ".join(["'self'", "blob:", *([media_origin] if media_origin else [])])
    return "; ".join(
        [
            "default-src 'self'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src {media} data:",
            f"media-src {media}",
            "connect-src 'self'",
            "font-src 'self'",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )


def media_origin() -> str:
    """Where presigned links may lead, separated by spaces; empty when files are served by this site."""
    if not settings.S3_BUCKET:
        return ""
    if settings.S3_ENDPOINT_URL:
        parts = urlsplit(settings.S3_ENDPOINT_URL)
        return f"{parts.scheme}://{parts.netloc}"
    hosts = [f"{settings.S3_BUCKET}.s3.amazonaws.com"]
    if settings.S3_REGION:
        hosts.append(f"{settings.S3_BUCKET}.s3.{settings.S3_REGION}.amazonaws.com")
    return " ".join(f"https://{host}" for host in hosts)


class SecurityHeadersMiddleware(EitherWayMiddleware):
    """Adds the policy to responses that do not bring a stricter one of their own."""

    def _answer(self, request: HttpRequest) -> HttpResponse:
        return _with_headers(self.get_response(request))  # type: ignore[arg-type]

    async def _answer_async(self, request: HttpRequest) -> HttpResponse:
        return _with_headers(await self.get_response(request))  # type: ignore[misc]


def _with_headers(response: HttpResponse) -> HttpResponse:
    if settings.DEBUG and settings.TRACEBACK_PAGES and response.status_code >= 400:
        return response  # Django's own page with the traceback brings its styles inline
    response.headers.setdefault("Content-Security-Policy", content_security_policy(media_origin()))
    response.headers.setdefault("Permissions-Policy", _PERMISSIONS)
    return response
