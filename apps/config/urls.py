"""Every address of the site."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from apps.api.v1 import api

# The admin's own sign-in form knows no limits on guessing; ours does.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("", include("apps.studio.urls")),
    path("", include("apps.brands.urls")),
    path("", include("apps.accounts.urls")),
    path("", include("apps.uploads.urls")),
    path("", include("apps.trust.urls")),
    path("", include("apps.jobs.urls")),
    path("", include("apps.shares.urls")),
    path("", include("apps.credits.urls")),
    path("", include("apps.billing.urls")),
    path("api/v1/", api.urls),
]

handler400 = "apps.core.errors.bad_request"
handler403 = "apps.core.errors.not_found"  # whether there is something you may not see is not told
handler404 = "apps.core.errors.not_found"
handler500 = "apps.core.errors.server_error"
