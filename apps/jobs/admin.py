"""Operators find an account's jobs and prices, see why one failed, and run one again, free of charge."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from apps.core.admin import ReadOnlyAdmin
from apps.core.failures import SiteFailure, failure_dict
from apps.jobs.models import Job, Quote
from apps.jobs.services import run_again


class _OfAccounts(ReadOnlyAdmin):
    show_full_result_count = False

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        return lookup == "owner__id__exact" or super().lookup_allowed(lookup, value, request)


@admin.register(Job)
class JobAdmin(_OfAccounts):
    """Nothing is edited here: a job's row belongs to its worker."""

    list_display = ["queued_at", "owner", "kind", "state", "failure_code", "attempt", "credits", "wallet"]
    list_filter = ["kind", "state", "queued_at"]
    search_fields = ["owner__email", "id", "failure_code"]
    list_select_related = ["owner", "quote", "hold__settlement"]
    ordering = ["-queued_at"]
    actions = ["run_again_free"]
    readonly_fields = ["credits", "wallet", "why"]
    fields = [
        *("owner", "kind", "state", "why", "attempt", "project", "asset", "output", "credits", "wallet", "request"),
        *("result", "failure_code", "failure_at_s", "failure_detail", "queued_at", "started_at", "finished_at"),
    ]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Running things again needs the right to change jobs, which nobody can do by hand."""
        found = super().get_actions(request)
        return found if request.user.has_perm("jobs.change_job") else {}

    @admin.display
    def credits(self, job: Job) -> str:
        if job.hold is None:
            return "–" if job.quote is None else "free of charge"
        settlement = getattr(job.hold, "settlement", None)
        if settlement is None:
            return f"{job.hold.amount_credits} reserved"
        return f"{settlement.spent_credits} of {job.hold.amount_credits} taken"

    @admin.display
    def wallet(self, job: Job) -> str:
        url = reverse("admin:credits_account_changelist")
        return format_html('<a href="{}?q={}">Wallet</a>', url, job.owner.email)

    @admin.display(description="What was the matter")
    def why(self, job: Job) -> str:
        if job.state != Job.State.FAILED:
            return "–"
        return str(failure_dict(job.failure_code or "internal", job.failure_detail)["sentence"])

    @admin.action(description="Run again, free of charge, as new jobs")
    def run_again_free(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        for job in jobs.select_related("owner", "quote", "project", "asset"):
            try:
                again = run_again(job)
            except SiteFailure as failure:
                messages.error(request, f"{job}: {failure.sentence}")
            else:
                messages.success(request, f"{job} is ordered again as {again.pk}.")


@admin.register(Quote)
class QuoteAdmin(_OfAccounts):
    list_display = ["created_at", "owner", "work", "credits", "seconds", "duration_s", "width_px", "height_px", "job"]
    search_fields = ["owner__email", "id"]
    list_select_related = ["owner", "job"]
    ordering = ["-created_at"]

    @admin.display
    def job(self, quote: Quote) -> str:
        job = getattr(quote, "job", None)
        return "never ordered" if job is None else str(job.state)
