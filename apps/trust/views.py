"""Pages for everybody: was this made here, reports, legal texts. And for people with an account: their data."""

import csv
import uuid
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core.errors import wants_json
from apps.core.failures import SiteFailure, failure_dict
from apps.core.visitors import client_address, limit_visits
from apps.trust import inquiries, reports, rights
from apps.trust.answers import answer_in_words
from apps.trust.attestations import attestations_by
from apps.trust.forms import ReportForm
from apps.trust.legal import current
from apps.trust.models import Attestation, Inquiry
from apps.uploads.views import stored_download

ASKED_PER_HOUR_MAX = 20
REPORTS_PER_HOUR_MAX = 6
LOOK_UPS_PER_HOUR_MAX = 120


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def made_here(request: HttpRequest) -> HttpResponse:
    """Takes a picture or video of anybody, and says on another page whether it was made here."""
    context: dict[str, Any] = {"max_mb": settings.MADE_HERE_BYTES_MAX // 2**20}
    if request.method != "POST":
        return render(request, "trust/made_here.html", context)
    try:
        limit_visits(request, "made-here", most=ASKED_PER_HOUR_MAX, period_s=3600)
        file = request.FILES.get("file")
        if file is None:
            raise SiteFailure("upload_missing")
        return redirect("inquiry", inquiries.ask(file).pk)
    except SiteFailure as failure:
        context["failure"] = failure.as_dict()
        return render(request, "trust/made_here.html", context, status=failure.http_status)


@require_safe
@never_cache
def inquiry(request: HttpRequest, inquiry_id: uuid.UUID) -> HttpResponse:
    """The answer, or that it is on its way; programs get {"state"} to see when it is there."""
    asked = inquiries.get_inquiry(inquiry_id)
    if wants_json(request):
        return JsonResponse({"state": asked.state})
    context: dict[str, Any] = {"inquiry": asked}
    if asked.state == Inquiry.State.ANSWERED:
        context["answer"] = answer_in_words(asked.answer)
    elif asked.state == Inquiry.State.FAILED:
        context["failure"] = failure_dict(asked.failure_code, asked.failure_detail)
    return render(request, "trust/inquiry.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def report(request: HttpRequest) -> HttpResponse:
    """The form for what should not be here."""
    form = ReportForm(request.POST or None, initial={"render_id": request.GET.get("render", "")[:12]})
    if request.method == "POST" and form.is_valid():
        limit_visits(request, "report", most=REPORTS_PER_HOUR_MAX, period_s=3600)
        made = reports.submit_report(address=client_address(request), **form.facts())
        return redirect("report_status", made.reference)
    status = 422 if request.method == "POST" else 200
    return render(request, "trust/report.html", {"form": form}, status=status)


@require_safe
@never_cache
def report_status(request: HttpRequest, reference: str) -> HttpResponse:
    """Where a report is, for whoever knows its number. Says nothing of what is in it."""
    limit_visits(request, "report-status", most=LOOK_UPS_PER_HOUR_MAX, period_s=3600)
    return render(request, "trust/report_status.html", {"report": reports.get_report(reference)})


@require_safe
def legal(request: HttpRequest, slug: str) -> HttpResponse:
    return render(request, "trust/legal.html", {"page": current(slug)})


@require_safe
@login_required
@never_cache
def your_data(request: HttpRequest) -> HttpResponse:
    """A copy of one's data, one's statements, and which letters one wants."""
    context = {
        "archive": rights.newest_archive(request.user),
        "statements": attestations_by(request.user).filter(stated_by=Attestation.StatedBy.CREATOR).count(),
        "keep_days": rights.KEEP_FOR.days,
    }
    return render(request, "trust/your_data.html", context)


@require_POST
@login_required
def order_data(request: HttpRequest) -> HttpResponse:
    rights.order_archive(request.user)
    return redirect("your_data")


@require_POST
@login_required
def letters(request: HttpRequest) -> HttpResponse:
    """Which letters the site sends by itself."""
    request.user.wants_render_letters = request.POST.get("render_letters") == "on"
    request.user.save(update_fields=["wants_render_letters"])
    messages.success(request, "Saved.")
    return redirect("your_data")


@require_safe
@login_required
def statements_csv(request: HttpRequest) -> HttpResponseBase:
    """Everything one has stated about files, as it was written down."""
    header = ["stated_at", "file", "kind", "sha256", "basis", "text_version", "text", "stated_by", "address"]

    class Echo:
        def write(self, row: str) -> str:
            return row

    writer = csv.writer(Echo())
    rows = attestations_by(request.user).values_list(
        "created_at", "asset_id", "asset_kind", "sha256", "basis", "text_version", "text", "stated_by", "address"
    )
    lines = [writer.writerow(header), *(writer.writerow([row[0].isoformat(), *row[1:]]) for row in rows)]
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="statements.csv"'
    return response


@require_safe
async def download_data(request: HttpRequest, archive_id: uuid.UUID) -> HttpResponseBase:
    """The owner's own ZIP, in ranges, until it expires."""
    user = await request.auser()
    if not user.is_authenticated:
        raise Http404
    archive = await sync_to_async(rights.get_archive_for)(user, archive_id)
    return await stored_download(request, archive.storage_key, f"lipsmith-{archive.ordered_at:%Y-%m-%d}.zip")
