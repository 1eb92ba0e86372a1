"""Operators edit the price list, read payments, and refund with a reason."""

from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from apps.billing.models import Charge, Dispute, Pack, Payment, Plan, StripeEvent, Subscription
from apps.billing.services import refund
from apps.core.admin import ReadOnlyAdmin
from apps.core.failures import SiteFailure


@admin.register(Pack)
class PackAdmin(admin.ModelAdmin):
    list_display = ["slug", "credits", "price_cents", "currency", "is_active", "position"]
    list_editable = ["is_active", "position"]


@admin.register(Plan)
class PlanAdmin(admin.ModelAdmin):
    """Who subscribed before a change keeps the old numbers."""

    list_display = ["name", "credits_per_month", "price_cents", "currency", "is_active", "position"]
    list_editable = ["is_active", "position"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # subscribers refer to it: take it off sale instead


class RefundForm(forms.Form):
    amount_cents = forms.IntegerField(label="Cents", min_value=1, help_text="With tax. Credits follow in proportion.")
    note = forms.CharField(label="Reason", max_length=200)
    key = forms.UUIDField(widget=forms.HiddenInput)


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "user", "title", "state", "paid_cents", "currency", "credits", "clawed_back_credits"]
    list_filter = ["kind", "state", "created_at"]
    search_fields = ["user__email", "stripe_payment_intent_id", "stripe_session_id", "stripe_invoice_id"]
    list_select_related = ["user"]
    ordering = ["-created_at"]
    readonly_fields = ["refund_link"]

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        return lookup == "user__id__exact" or super().lookup_allowed(lookup, value, request)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.refund)
        return [path("<uuid:payment_id>/refund/", view, name="billing_payment_refund"), *super().get_urls()]

    @admin.display(description="Refund")
    def refund_link(self, payment: Payment) -> str:
        if payment.state != Payment.State.PAID or not payment.stripe_payment_intent_id:
            return "Nothing to refund."
        url = reverse("admin:billing_payment_refund", args=[payment.pk])
        return format_html('<a class="button" href="{}">Refund…</a>', url)

    def refund(self, request: HttpRequest, payment_id: Any) -> HttpResponse:
        """Asks Stripe to give money back; credits are taken back when Stripe says it did."""
        if not request.user.has_perm("billing.change_payment"):
            raise PermissionDenied
        paid = Payment.objects.filter(state=Payment.State.PAID).exclude(stripe_payment_intent_id="")
        payment = get_object_or_404(paid, pk=payment_id)
        initial = {"key": uuid4(), "amount_cents": payment.paid_cents}
        form = RefundForm(request.POST or None, initial=initial)
        if request.method == "POST" and form.is_valid():
            facts = form.cleaned_data
            try:
                refund(payment, facts["amount_cents"], key=str(facts["key"]), note=facts["note"])
            except SiteFailure:
                messages.error(request, "Stripe refused or could not be reached. Is that much left to refund?")
            else:
                messages.success(request, "The refund is on its way; credits follow when Stripe confirms it.")
                return redirect("admin:billing_payment_change", payment.pk)
        context = {**self.admin_site.each_context(request), "form": form, "payment": payment, "opts": self.opts}
        return render(request, "admin/billing/refund.html", context | {"title": f"Refund: {payment.title}"})


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnlyAdmin):
    list_display = ["user", "price", "status", "current_period_end", "is_ending", "synced_at"]
    list_filter = ["status"]
    search_fields = ["user__email", "stripe_subscription_id"]
    list_select_related = ["user", "price__plan"]


@admin.register(Charge)
class ChargeAdmin(ReadOnlyAdmin):
    list_display = ["stripe_payment_intent_id", "amount_cents", "refunded_cents"]
    search_fields = ["stripe_payment_intent_id"]


@admin.register(Dispute)
class DisputeAdmin(ReadOnlyAdmin):
    list_display = ["stripe_dispute_id", "stripe_payment_intent_id", "amount_cents", "status"]


@admin.register(StripeEvent)
class StripeEventAdmin(ReadOnlyAdmin):
    list_display = ["received_at", "type", "stripe_event_id", "happened_at"]
    list_filter = ["type"]
    search_fields = ["stripe_event_id"]
