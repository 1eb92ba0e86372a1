"""The brand's page."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.brands.presentation import brand_facts
from apps.brands.services import LOGO_BYTES_MAX, brand_of
from apps.trust.statements import consent_words


@require_safe
@login_required
@never_cache
def brand(request: HttpRequest) -> HttpResponse:
    """The account's logo, colours and typeface, with a picture of how they look."""
    state = {
        "brand": brand_facts(brand_of(request.user)),
        "consent": consent_words(),
        "logo_bytes": min(LOGO_BYTES_MAX, settings.MAX_PICTURE_BYTES),
    }
    return render(request, "brands/brand.html", {"state": state})
