"""Failures on their way to the browser: a page for people, problem+json for programs."""

from collections.abc import Callable

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template import TemplateDoesNotExist, TemplateSyntaxError
from django.template.loader import get_template
from django.utils.html import format_html

from apps.core.failures import CATALOGUE, SiteFailure, failure_dict


def wants_json(request: HttpRequest) -> bool:
    """Whether a program asked: by address, or by preferring JSON to a page."""
    return request.path.startswith("/api/") or request.get_preferred_type(["text/html", "application/json"]) == (
        "application/json"
    )


def failure_response(request: HttpRequest, code: str, detail: dict[str, object] | None = None) -> HttpResponse:
    """The answer for one failure of the catalogue, with its HTTP status."""
    facts = failure_dict(code, detail)
    status = CATALOGUE.get(code, CATALOGUE["internal"]).http_status
    if wants_json(request):
        response: HttpResponse = JsonResponse(facts, status=status, content_type="application/problem+json")
    else:
        response = render(request, "core/failure.html", {"failure": facts, "status": status}, status=status)
    wait_s = facts["detail"].get("retry_after_s") if isinstance(facts["detail"], dict) else None
    if isinstance(wait_s, int | float):
        response["Retry-After"] = str(max(1, round(wait_s)))
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Shown instead of Django's page when a form's token is missing or stale."""
    return failure_response(request, "csrf_failed")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Shown for a request that cannot be understood at all."""
    response = failure_response(request, "invalid_request")
    response.status_code = 400
    return response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Shown for an address with nothing behind it, or with something of somebody else's."""
    return failure_response(request, "not_found")


def server_error(request: HttpRequest) -> HttpResponse:
    """Shown when something of ours broke; its page needs no context, no session and no database."""
    facts = failure_dict("internal")
    if wants_json(request):
        return JsonResponse(facts, status=500, content_type="application/problem+json")
    try:
        return HttpResponse(get_template("500.html").render(), status=500)
    except (TemplateDoesNotExist, TemplateSyntaxError, OSError):  # the templates may be what broke
        pass
    page = "<!doctype html><html lang=en><title>Lipsmith</title><h1>{}</h1><p>{}</p><p><a href=/>Start page</a></p>"
    return HttpResponse(format_html(page, facts["sentence"], facts["next_step"]), status=500)


class OwnErrorPagesMiddleware:
    """Puts our pages in the place of Django's yellow ones, which DEBUG brings.

    DEBUG is what somebody gets who tries the site on their own machine, and a traceback is no way to greet them. It is
    written to the terminal; the setting TRACEBACK_PAGES shows it in the browser as well.
    """

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not settings.DEBUG or settings.TRACEBACK_PAGES:
            return response
        if response.status_code == 404 and request.resolver_match is None:
            return failure_response(request, "not_found")
        is_page = response.get("Content-Type", "").startswith(("text/html", "text/plain"))
        return server_error(request) if response.status_code == 500 and is_page else response


class SiteFailureMiddleware:
    """Turns a SiteFailure or Http404 that a view lets through into the catalogue's words."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, SiteFailure):
            return failure_response(request, exception.code, exception.detail)
        if isinstance(exception, Http404):  # also while developing: somebody's file that is not yours looks like this
            return failure_response(request, "not_found")
        return None
