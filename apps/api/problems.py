"""Failures as RFC 9457 problems: {type, title, status, code, sentence, next_step, retryable, detail}."""

import logging
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError

from apps.core.failures import CATALOGUE, SiteFailure, failure_dict

logger = logging.getLogger(__name__)
_CODES_BY_STATUS = {400: "invalid_request", 401: "signed_out", 404: "not_found", 405: "method_not_allowed"}


def problem(code: str, detail: dict[str, Any] | None = None, *, status: int | None = None) -> HttpResponse:
    """One failure of the catalogue as an HTTP answer."""
    facts = failure_dict(code, detail)
    status = status or CATALOGUE[code].http_status
    body = {"type": "about:blank", "title": facts["sentence"], "status": status, **facts}
    response = JsonResponse(body, status=status, content_type="application/problem+json")
    wait_s = (detail or {}).get("retry_after_s")
    if wait_s is not None:
        response["Retry-After"] = str(max(1, round(wait_s)))
    return response


def add_problem_handlers(api: NinjaAPI) -> None:
    """Make every error of the API a problem."""

    @api.exception_handler(SiteFailure)
    def _site_failure(request: HttpRequest, error: SiteFailure) -> HttpResponse:
        return problem(error.code, error.detail)

    @api.exception_handler(Http404)
    def _not_found(request: HttpRequest, error: Http404) -> HttpResponse:
        return problem("not_found")

    @api.exception_handler(AuthenticationError)
    def _signed_out(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
        return problem("signed_out")

    @api.exception_handler(ValidationError)
    def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        if any(item["type"] == "missing" and item["loc"][0] == "file" for item in error.errors):
            return problem("upload_missing")
        fields = [_field_error(item) for item in error.errors]
        if any(item.get("type") == "uuid_parsing" and item["loc"][0] == "path" for item in error.errors):
            return problem("not_found")  # an id that cannot exist is an id that does not exist
        reason = f"{fields[0]['field']}: {fields[0]['message']}" if fields else "it could not be read"
        return problem("invalid_request", {"reason": reason, "fields": fields})

    @api.exception_handler(Throttled)
    def _throttled(request: HttpRequest, error: Throttled) -> HttpResponse:
        return problem("rate_limited", {"retry_after_s": float(error.wait or 1)})

    @api.exception_handler(HttpError)
    def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
        return problem(_CODES_BY_STATUS.get(error.status_code, "internal"), status=error.status_code)

    @api.exception_handler(MultiPartParserError)
    @api.exception_handler(SuspiciousOperation)  # too many fields, too large a form, a forbidden file name …
    def _bad_request(request: HttpRequest, error: Exception) -> HttpResponse:
        return problem("invalid_request", status=400)

    @api.exception_handler(Exception)
    def _unexpected(request: HttpRequest, error: Exception) -> HttpResponse:
        logger.exception("unexpected error in %s %s", request.method, request.path)
        return problem("internal")


def _field_error(item: dict[str, Any]) -> dict[str, str]:
    place = [str(part) for part in item["loc"][1:] if part != "payload"]  # first comes "body", "query", …
    return {"field": ".".join(place) or "body", "message": str(item["msg"])}
