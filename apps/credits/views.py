"""The wallet's pages."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.credits.history import history_csv, history_page, icon_of
from apps.credits.services import balance_of


@require_safe
@login_required
@never_cache
def history(request: HttpRequest) -> HttpResponse:
    """What is there, and how it came about."""
    before = request.GET.get("before", "")
    page = history_page(request.user, before=int(before) if before.isdecimal() and len(before) < 19 else None)
    context = {
        "balance": balance_of(request.user),
        "rows": [{"movement": movement, "icon": icon_of(movement)} for movement in page.rows],
        "older_before": page.older_before,
        "is_first_page": not before,
    }
    return render(request, "credits/history.html", context)


@require_safe
@login_required
@never_cache
def download(request: HttpRequest) -> StreamingHttpResponse:
    """The history as a file."""
    response = StreamingHttpResponse(history_csv(request.user), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="lipsmith-credits.csv"'
    return response
