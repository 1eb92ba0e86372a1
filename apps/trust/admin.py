"""Operators decide reports, overdue ones first; read statements and the audit trail; delete files; edit legal texts."""

import csv
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.timesince import timesince

from apps.core.admin import ReadOnlyAdmin
from apps.core.failures import SiteFailure
from apps.trust import legal, reports
from apps.trust.audit import write_down
from apps.trust.models import Acceptance, Attestation, AuditEntry, BlockedMedia, LegalPage, Report
from apps.uploads.models import Asset
from apps.uploads.services import delete_asset, signed_media_url


class DecisionForm(forms.Form):
    """What becomes of a report. `files` are found through what was typed into `sought`."""

    outcome = forms.ChoiceField(choices=[("removed", "Remove these files"), ("rejected", "Leave everything")])
    files = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)
    answer = forms.CharField(
        label="What the reporter is told",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="The reason, in plain words. It is sent by mail and shown on the status page.",
    )

    def __init__(self, *args: Any, found: list[Asset], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["files"].choices = [(str(asset.pk), str(asset)) for asset in found]

    def clean(self) -> dict[str, Any]:
        facts = super().clean() or {}
        if facts.get("outcome") == "removed" and not facts.get("files"):
            self.add_error("files", "Choose what to remove: look for it by its render id or file id first.")
        return facts


@admin.register(Report)
class ReportAdmin(ReadOnlyAdmin):
    list_display = ["reference", "kind", "state", "clock", "name", "created_at", "decided_at"]
    list_filter = ["state", "kind", "created_at"]
    search_fields = ["reference", "email", "name", "places", "details", "render_id"]
    readonly_fields = ["decide_link"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Report]:
        """Open before decided, and of the open ones what is due (or overdue) first."""
        is_decided = Case(When(state=Report.State.OPEN, then=Value(0)), default=Value(1), output_field=IntegerField())
        return super().get_queryset(request).order_by(is_decided, "due_at")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.decide)
        return [path("<uuid:report_id>/decide/", view, name="trust_report_decide"), *super().get_urls()]

    @admin.display(description="48-hour clock")
    def clock(self, report: Report) -> str:
        now = timezone.now()
        if not report.is_open:
            return "–"
        if report.is_overdue:
            return format_html("<strong>overdue by {}</strong>", timesince(report.due_at, now))
        return f"{timesince(now, report.due_at)} left"

    @admin.display(description="Decide")
    def decide_link(self, report: Report) -> str:
        if not report.is_open:
            return report.answer or "–"
        url = reverse("admin:trust_report_decide", args=[report.pk])
        return format_html('<a class="button" href="{}">Decide…</a>', url)

    def decide(self, request: HttpRequest, report_id: Any) -> HttpResponse:
        """Look for the files, then remove them or say why not."""
        if not request.user.has_perm("trust.change_report"):
            raise PermissionDenied
        report = get_object_or_404(Report, pk=report_id)
        sought = request.POST.get("sought") or request.GET.get("sought") or f"{report.render_id} {report.places}"
        found = reports.find_files(sought)
        form = DecisionForm(request.POST or None, found=found)
        if request.method == "POST" and form.is_valid():
            try:
                self._carry_out(request, report, found, form.cleaned_data)
            except SiteFailure as failure:
                messages.error(request, f"{failure.as_dict()['sentence']} {failure.as_dict()['next_step']}")
            return redirect("admin:trust_report_change", report.pk)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Decide {report.reference}",
            "report": report,
            "form": form,
            "sought": sought,
            "found": [(asset, signed_media_url(asset)) for asset in found],
            "chosen": set(request.POST.getlist("files")),
        }
        return render(request, "admin/trust/decide.html", context)

    def _carry_out(self, request: HttpRequest, report: Report, found: list[Asset], facts: dict[str, Any]) -> None:
        if facts["outcome"] == "rejected":
            reports.decide_rejected(report, actor=request.user, answer=facts["answer"])
            messages.success(request, "Nothing was removed; the reporter is told why.")
            return
        assets = [asset for asset in found if str(asset.pk) in facts["files"]]
        reports.decide_removed(report, actor=request.user, assets=assets, answer=facts["answer"])
        messages.success(request, f"{len(assets)} files are removed, with everything made of them.")


@admin.register(BlockedMedia)
class BlockedMediaAdmin(ReadOnlyAdmin):
    """Lifting a block is a deletion here, and is written down."""

    list_display = ["created_at", "kind", "sha256", "picture_hash", "report", "reason"]
    search_fields = ["sha256", "reason", "report__reference"]
    list_select_related = ["report"]
    ordering = ["-created_at"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("trust.delete_blockedmedia")

    def delete_model(self, request: HttpRequest, obj: BlockedMedia) -> None:
        write_down("unblocked", f"sha256 {obj.sha256}", actor=request.user, reason=obj.reason)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[BlockedMedia]) -> None:
        for blocked in queryset:
            self.delete_model(request, blocked)


@admin.register(Attestation)
class AttestationAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "owner", "asset_kind", "basis", "stated_by", "text_version", "address", "asset_id"]
    list_filter = ["basis", "asset_kind", "stated_by", "text_version"]
    search_fields = ["owner__email", "asset_id", "sha256"]
    list_select_related = ["owner"]
    ordering = ["-created_at"]
    actions = ["as_csv"]

    @admin.action(description="Download as CSV")
    def as_csv(self, request: HttpRequest, queryset: QuerySet[Attestation]) -> StreamingHttpResponse:
        names = ["created_at", "owner__email", "asset_id", "asset_kind", "sha256", "basis", "text_version", "text"]
        names += ["stated_by", "address"]

        class Echo:
            def write(self, row: str) -> str:
                return row

        writer = csv.writer(Echo())
        rows = queryset.values_list(*names)
        write_down("statements downloaded", f"{queryset.count()} statements", actor=request.user)
        lines = [writer.writerow(names), *(writer.writerow(row) for row in rows)]
        response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="statements.csv"'
        return response


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ["at", "actor_name", "action", "subject", "detail"]
    list_filter = ["action", "at"]
    search_fields = ["subject", "actor_name", "action"]
    ordering = ["-pk"]
    show_full_result_count = False


@admin.register(Acceptance)
class AcceptanceAdmin(ReadOnlyAdmin):
    list_display = ["at", "owner", "slug", "version", "address"]
    search_fields = ["owner__email"]
    list_select_related = ["owner"]
    ordering = ["-pk"]


@admin.register(Asset)
class AssetAdmin(ReadOnlyAdmin):
    """Files of creators: found by id, hash or owner. Looking and deleting are written down."""

    list_display = ["created_at", "owner", "kind", "state", "original_name", "content_type", "size_bytes"]
    list_filter = ["kind", "state", "created_at"]
    search_fields = ["id", "sha256", "owner__email", "original_name"]
    list_select_related = ["owner"]
    ordering = ["-created_at"]
    show_full_result_count = False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("uploads.delete_asset")

    def delete_model(self, request: HttpRequest, obj: Asset) -> None:
        subject, facts = f"asset {obj.pk}", {"kind": obj.kind, "owner": str(obj.owner_id)}
        try:
            delete_asset(obj)
        except SiteFailure as failure:
            messages.error(request, f"{obj}: {failure.as_dict()['sentence']}")
            return
        write_down("deleted", subject, actor=request.user, **facts)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Asset]) -> None:
        for asset in queryset:
            self.delete_model(request, asset)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        write_down("looked at", f"asset {object_id}", actor=request.user)
        return super().change_view(request, object_id, *args, **kwargs)


@admin.register(LegalPage)
class LegalPageAdmin(ReadOnlyAdmin):
    """A change is a new version; older ones stay readable."""

    list_display = ["slug", "version", "effective_on", "created_at"]
    list_filter = ["slug"]
    ordering = ["-pk"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("trust.add_legalpage")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Start from the text that counts now."""
        slug = request.GET.get("slug", LegalPage.Slug.TERMS)
        if slug not in LegalPage.Slug.values:
            slug = LegalPage.Slug.TERMS
        return {"slug": slug, "text": legal.current(slug).text, "version": f"{timezone.now():%Y-%m-%d}"}

    def save_model(self, request: HttpRequest, obj: LegalPage, form: Any, change: Any) -> None:
        super().save_model(request, obj, form, change)
        write_down("legal text", f"{obj.slug} {obj.version}", actor=request.user)
