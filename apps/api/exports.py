"""Clean exports for credits: ask for the price, order at that price, follow them like any other job."""

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Header, Router, Status

from apps.api.export_schemas import ExportIn, ExportOut, QuoteOut
from apps.api.throttles import AccountThrottle
from apps.jobs import exports
from apps.jobs.export_facts import export_facts, quote_facts
from apps.projects import services

KEY_MAX_CHARS = 255

router = Router(tags=["exports"])
quotes_router = Router(tags=["exports"])
read, write = AccountThrottle("read"), AccountThrottle("write")


@router.post("/{project_id}/quote", response={201: QuoteOut}, throttle=write, summary="Ask what an export costs")
def make_quote(request: HttpRequest, project_id: UUID, payload: ExportIn) -> Status[Any]:
    """The price of the project as it is saved now, good for 15 minutes. Never more than that is taken for it."""
    project = services.get_project_for(request.user, project_id)
    return Status(201, quote_facts(exports.quote_export(request.user, project, exports.ExportChoice(**payload.dict()))))


@router.get("/{project_id}/exports", response=list[ExportOut], throttle=read, summary="List a project's exports")
def list_exports(request: HttpRequest, project_id: UUID) -> list[dict[str, Any]]:
    project = services.get_project_for(request.user, project_id)
    return [export_facts(job) for job in exports.exports_of(project)]


@quotes_router.get("/{quote_id}", response=QuoteOut, throttle=read, summary="Look at a price again")
def get_quote(request: HttpRequest, quote_id: UUID) -> dict[str, Any]:
    return quote_facts(exports.get_quote_for(request.user, quote_id))


@quotes_router.post(
    "/{quote_id}/export", response={201: ExportOut}, throttle=AccountThrottle("render"), summary="Export at that price"
)
def order_export(
    request: HttpRequest,
    quote_id: UUID,
    idempotency_key: Annotated[str | None, Header(alias="Idempotency-Key", max_length=KEY_MAX_CHARS)] = None,
) -> Status[Any]:
    """Reserves the credits and orders the export: they are taken when it is done, and come back if it fails.

    A price can be ordered once; ordering it again gives the same export. 402 says what is `needed`, what you `have`,
    and where to get more (`top_up_url`).
    """
    quote = exports.get_quote_for(request.user, quote_id)
    return Status(201, export_facts(exports.order_export(request.user, quote, idempotency_key=idempotency_key)))
