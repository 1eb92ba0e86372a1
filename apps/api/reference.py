"""The API's description as a page of the site."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase


class Reference(DocsBase):
    """Swagger UI in the site's own frame, from the site's own files."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        return render(request, "api/reference.html", {"reference": {"url": self.get_openapi_url(api, kwargs)}})
