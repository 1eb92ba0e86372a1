import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from apps.core.security_headers import SecurityHeadersMiddleware, content_security_policy, media_origin


def _directives(policy: str) -> dict[str, str]:
    return dict(part.strip().split(" ", 1) for part in policy.split(";"))


def _through_middleware(response: HttpResponse) -> HttpResponse:
    return SecurityHeadersMiddleware(lambda request: response)(RequestFactory().get("/"))


def test_nothing_inline_may_run():
    policy = content_security_policy()
    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in policy
    assert _directives(policy)["script-src"] == "'self'"


def test_nobody_may_frame_our_pages():
    assert _directives(content_security_policy())["frame-ancestors"] == "'none'"


def test_every_page_gets_the_policy():
    response = _through_middleware(HttpResponse("page"))
    assert response["Content-Security-Policy"] == content_security_policy()
    assert "microphone=(self)" in response["Permissions-Policy"]


def test_a_stricter_policy_of_a_view_is_kept():
    strict = HttpResponse("file", headers={"Content-Security-Policy": "sandbox"})
    assert _through_middleware(strict)["Content-Security-Policy"] == "sandbox"


def test_djangos_own_error_page_keeps_its_looks_while_developing(settings):
    settings.DEBUG = settings.TRACEBACK_PAGES = True
    assert "Content-Security-Policy" not in _through_middleware(HttpResponse(status=500))
    settings.TRACEBACK_PAGES = False
    assert "Content-Security-Policy" in _through_middleware(HttpResponse(status=500))
    settings.DEBUG, settings.TRACEBACK_PAGES = False, True
    assert "Content-Security-Policy" in _through_middleware(HttpResponse(status=500))


@pytest.mark.parametrize(
    "bucket, endpoint, region, origin",
    [
        ("", "", "", ""),
        ("files", "", "", "https://files.s3.amazonaws.com"),
        ("files", "", "eu-west-1", "https://files.s3.amazonaws.com https://files.s3.eu-west-1.amazonaws.com"),
        ("files", "https://s3.example:9000/x", "", "https://s3.example:9000"),
    ],
)
def test_media_may_come_from_where_links_lead(settings, bucket, endpoint, region, origin):
    settings.S3_BUCKET, settings.S3_ENDPOINT_URL, settings.S3_REGION = bucket, endpoint, region
    assert media_origin() == origin
    assert _directives(content_security_policy(origin))["media-src"] == " ".join(["'self' blob:", origin]).strip()


def test_files_of_our_own_are_served_with_all_headers(client, db):
    response = client.get("/static/css/base.css")
    assert response.status_code == 200
    assert b"{" in response.content
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Type"].startswith("text/css")


def test_a_static_file_cannot_be_reached_outside_its_folder(client, db):
    assert client.get("/static/../manage.py").status_code == 404
    assert client.get("/static/%2e%2e/manage.py").status_code == 404
