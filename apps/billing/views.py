"""The pages on which credits are bought. Paying itself happens at Stripe; credits come by webhook, never from here."""

from uuid import UUID, uuid4

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.models import User
from apps.accounts.services import is_verified
from apps.billing import services
from apps.billing.models import Payment, Plan, Subscription
from apps.billing.stripe_client import is_configured
from apps.billing.subscriptions import running_subscription
from apps.core.failures import SiteFailure
from apps.core.limits import EXPORT_DURATION_MAX_S, FREE_DURATION_MAX_S, FREE_SHORT_SIDE_MAX_PX
from apps.credits.services import balance_of

_LOOKS_MAX = 20  # how often the thanks page looks again by itself


@require_safe
@login_required
@never_cache
def offers(request: HttpRequest) -> HttpResponse:
    """Packs, plans, the running plan, and what was paid."""
    running = running_subscription(request.user)
    context = {
        "is_configured": is_configured(),
        "packs": [{"pack": pack, "order_key": uuid4()} for pack in services.active_packs()],
        "plans": [
            {"plan": plan, "order_key": uuid4(), "is_current": running is not None and _is_plan(running, plan)}
            for plan in services.active_plans()
        ],
        "running": running,
        "payments": services.payments_of(request.user),
        "balance": balance_of(request.user),
        "limits": _limits(),
    }
    return render(request, "billing/offers.html", context)


def _limits() -> dict[str, int]:
    return {
        "free_s": round(FREE_DURATION_MAX_S),
        "free_short_side_px": FREE_SHORT_SIDE_MAX_PX,
        "free_per_day": settings.FREE_RENDERS_PER_DAY,
        "export_min": round(EXPORT_DURATION_MAX_S / 60),
        "at_once": settings.CONCURRENT_JOBS_MAX,
        "upload_bytes": settings.MAX_UPLOAD_BYTES,
        "buyer_upload_bytes": settings.MAX_BUYER_UPLOAD_BYTES,
    }


def _is_plan(running: Subscription, plan: Plan) -> bool:
    return running.price is not None and running.price.plan_id == plan.pk


@require_POST
@login_required
def buy_pack(request: HttpRequest) -> HttpResponse:
    url = services.start_pack_checkout(
        _buyer(request),
        request.POST.get("offer", ""),
        order_key=_order_key(request),
        thanks_url=lambda payment_id: _absolute(request, reverse("billing:pack_thanks", args=[payment_id])),
        back_url=_absolute(request, reverse("billing:offers")),
    )
    return _to_stripe(request, url)


@require_POST
@login_required
def take_plan(request: HttpRequest) -> HttpResponse:
    url = services.start_plan_checkout(
        _buyer(request),
        request.POST.get("offer", ""),
        order_key=_order_key(request),
        thanks_url=_absolute(request, reverse("billing:plan_thanks")),
        back_url=_absolute(request, reverse("billing:offers")),
    )
    return _to_stripe(request, url)


@require_POST
@login_required
def change_plan(request: HttpRequest) -> HttpResponse:
    services.change_plan(_buyer(request), request.POST.get("offer", ""), order_key=_order_key(request))
    messages.success(request, "Your plan is changed. What is left of the month is settled in a moment.")
    return redirect("billing:offers")


@require_POST
@login_required
def portal(request: HttpRequest) -> HttpResponse:
    url = services.portal_url(request.user, _absolute(request, reverse("billing:offers")))
    return _to_stripe(request, url)


@require_safe
@login_required
@never_cache
def pack_thanks(request: HttpRequest, payment_id: UUID) -> HttpResponse:
    """Where Stripe sends people back to. Only looks: the payment is confirmed by Stripe itself."""
    payment = services.get_payment_for(request.user, payment_id)
    return _thanks(request, payment, is_done=payment.state == Payment.State.PAID)


@require_safe
@login_required
@never_cache
def plan_thanks(request: HttpRequest) -> HttpResponse:
    running = running_subscription(request.user)
    return _thanks(request, None, is_done=running is not None and running.status == "active")


def _thanks(request: HttpRequest, payment: Payment | None, *, is_done: bool) -> HttpResponse:
    looks = request.GET.get("look", "")
    look = int(looks) if looks.isdecimal() and len(looks) < 4 else 0
    context = {"is_done": is_done, "payment": payment, "balance": balance_of(request.user), "is_late": look > 4}
    response = render(request, "billing/thanks.html", context)
    if not is_done and look < _LOOKS_MAX:
        response["Refresh"] = f"2; url={request.path}?look={look + 1}"
    return response


def _buyer(request: HttpRequest) -> User:
    """Receipts and refunds need an address that is really theirs."""
    if not is_verified(request.user):
        raise SiteFailure("not_verified")
    return request.user


def _order_key(request: HttpRequest) -> str:
    """Made by the page that holds the button: a second click is the same order."""
    try:
        return str(UUID(request.POST.get("order_key", "")))
    except ValueError:
        raise SiteFailure("invalid_request", reason="the order has no key") from None


def _absolute(request: HttpRequest, path: str) -> str:
    return f"{settings.SITE_URL}{path}" if settings.SITE_URL else request.build_absolute_uri(path)


def _to_stripe(request: HttpRequest, url: str) -> HttpResponse:
    """A page that leads on by itself: as the answer to a form, a redirect to another site is refused by our policy."""
    response = render(request, "billing/continue.html", {"url": url})
    response["Refresh"] = f"0; url={url}"
    return response
