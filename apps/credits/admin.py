"""Operators find a wallet, read its ledger, and give or take credits with a reason. History itself is read only."""

from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from apps.core.admin import ReadOnlyAdmin
from apps.credits.ledger import AMOUNT_MAX_CREDITS
from apps.credits.models import Account, Hold, Lot, Movement
from apps.credits.services import correct

_ROWS_SHOWN = 100


class CorrectionForm(forms.Form):
    """Above zero gives credits, below zero takes them back."""

    change_credits = forms.IntegerField(
        label="Credits", min_value=-AMOUNT_MAX_CREDITS, max_value=AMOUNT_MAX_CREDITS, help_text="Below zero takes back."
    )
    note = forms.CharField(label="Reason", max_length=200, help_text="The account's owner reads this in the history.")
    key = forms.UUIDField(widget=forms.HiddenInput)

    def clean_change_credits(self) -> int:
        change = self.cleaned_data["change_credits"]
        if change == 0:
            raise forms.ValidationError("Zero credits change nothing.")
        return change


class ReadOnlyInline(admin.TabularInline):
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class LotInline(ReadOnlyInline):
    model = Lot
    fields = ["pool", "granted_credits", "available_credits", "held_credits", "expires_at", "created_at"]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Lot]:
        return super().get_queryset(request).exclude(available_credits=0, held_credits=0)


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    list_display = ["owner", "available_credits", "held_credits", "created_at"]
    search_fields = ["owner__email", "id"]
    list_select_related = ["owner"]
    fields = ["owner", "available_credits", "held_credits", "created_at", "give_or_take", "ledger", "payments", "jobs"]
    readonly_fields = fields
    inlines = [LotInline]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.correct)
        return [path("<uuid:account_id>/correct/", view, name="credits_account_correct"), *super().get_urls()]

    @admin.display(description="Grant or correct")
    def give_or_take(self, account: Account) -> str:
        if account.owner_id is None:
            return "The account was deleted."
        url = reverse("admin:credits_account_correct", args=[account.pk])
        return format_html('<a class="button" href="{}">Give or take credits…</a>', url)

    @admin.display
    def ledger(self, account: Account) -> str:
        url = reverse("admin:credits_movement_changelist")
        return format_html('<a href="{}?account__id__exact={}">All movements of this wallet</a>', url, account.pk)

    @admin.display
    def payments(self, account: Account) -> str:
        if account.owner_id is None:
            return "–"
        url = reverse("admin:billing_payment_changelist")
        return format_html('<a href="{}?user__id__exact={}">All payments of this account</a>', url, account.owner_id)

    @admin.display
    def jobs(self, account: Account) -> str:
        if account.owner_id is None:
            return "–"
        url = reverse("admin:jobs_job_changelist")
        return format_html('<a href="{}?owner__id__exact={}">All jobs of this account</a>', url, account.owner_id)

    def correct(self, request: HttpRequest, account_id: Any) -> HttpResponse:
        """The form that gives or takes; sending it twice does it once."""
        if not request.user.has_perm("credits.change_account"):
            raise PermissionDenied
        account = get_object_or_404(Account.objects.exclude(owner=None), pk=account_id)
        form = CorrectionForm(request.POST or None, initial={"key": uuid4()})
        if request.method == "POST" and form.is_valid():
            facts = form.cleaned_data
            correct(
                account.owner,
                facts["change_credits"],
                key=f"operator:{facts['key']}",
                note=facts["note"],
                actor=request.user,
            )
            messages.success(request, f"{facts['change_credits']:+d} credits for {account.owner}.")
            return redirect("admin:credits_account_change", account.pk)
        account.refresh_from_db()
        context = {**self.admin_site.each_context(request), "form": form, "account": account, "opts": self.opts}
        return render(request, "admin/credits/correct.html", context | {"title": f"Give or take: {account.owner}"})


@admin.register(Movement)
class MovementAdmin(ReadOnlyAdmin):
    list_display = [
        "created_at",
        "account",
        "reason",
        "change_credits",
        "spent_credits",
        "available_after_credits",
        "held_after_credits",
        "note",
        "actor",
    ]
    list_filter = ["reason", "created_at"]
    search_fields = ["account__owner__email", "key", "note"]
    list_select_related = ["account__owner", "actor"]
    list_per_page = _ROWS_SHOWN
    show_full_result_count = False
    ordering = ["-id"]

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        return lookup == "account__id__exact" or super().lookup_allowed(lookup, value, request)


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "account", "amount_credits", "key", "note", "is_open"]
    search_fields = ["account__owner__email", "key"]
    list_select_related = ["account__owner", "settlement"]
    ordering = ["-created_at"]

    @admin.display(boolean=True, description="open")
    def is_open(self, hold: Hold) -> bool:
        return not hasattr(hold, "settlement")
