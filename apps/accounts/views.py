from allauth.account.internal.flows.email_verification import send_verification_email_to_address
from allauth.account.models import EmailAddress
from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.forms import DeleteAccountForm
from apps.accounts.mailbox import kept_letters, mailbox_available
from apps.accounts.services import delete_account
from apps.core.failures import SiteFailure


@require_safe
@never_cache
def mailbox(request: HttpRequest) -> HttpResponse:
    """The letters that had no mail server to go to."""
    if not mailbox_available(request):
        raise Http404
    return render(request, "accounts/mailbox.html", {"letters": kept_letters()})


@require_POST
@login_required
def resend_verification(request: HttpRequest) -> HttpResponse:
    """Send the confirmation link again; allauth limits how often, and adds the message that says so."""
    address = EmailAddress.objects.filter(user=request.user, email__iexact=request.user.email).first()
    if address is None:
        address = EmailAddress.objects.create(user=request.user, email=request.user.email, primary=True)
    if address.verified:
        messages.success(request, "Your address is already confirmed.")
    elif not send_verification_email_to_address(request, address):
        messages.warning(request, "We sent you a link a moment ago. Look for it in your inbox and spam folder first.")
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return redirect(back if safe else "account_email")


@require_http_methods(["GET", "POST"])
@login_required
@never_cache
def delete(request: HttpRequest) -> HttpResponse:
    """Delete the account: says what goes, asks for the password."""
    if request.method == "POST" and not ratelimit.consume(request, action="reauthenticate", user=request.user):
        raise SiteFailure("rate_limited")
    form = DeleteAccountForm(request.user, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        user = request.user
        logout(request)
        delete_account(user)
        messages.success(request, "Your account and everything in it are deleted.")
        return redirect("/")
    status = 422 if form.is_bound else 200
    return render(request, "accounts/delete.html", {"form": form}, status=status)
