import json

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from apps.core.errors import SiteFailureMiddleware, failure_response, server_error, wants_json
from apps.core.failures import CATALOGUE, SiteFailure


@pytest.mark.parametrize(
    "path, accept, expected",
    [
        ("/api/v1/assets", "text/html", True),
        ("/library/", "text/html,application/xhtml+xml,*/*;q=0.8", False),
        ("/library/", "application/json", True),
        ("/library/", "*/*", False),
        ("/library/", "", False),
    ],
)
def test_programs_get_json_and_people_get_pages(path, accept, expected):
    assert wants_json(RequestFactory().get(path, headers={"accept": accept} if accept else {})) is expected


def test_a_failure_as_json_carries_code_words_and_status():
    request = RequestFactory().get("/api/v1/x")
    response = failure_response(request, "rate_limited", {"retry_after_s": 7.2})
    body = json.loads(response.content)
    assert response.status_code == 429
    assert response["Content-Type"] == "application/problem+json"
    assert response["Retry-After"] == "7"
    assert body["code"] == "rate_limited"
    assert body["next_step"] == CATALOGUE["rate_limited"].next_step


def test_a_failure_as_a_page_says_what_to_do(db):
    request = RequestFactory().get("/", headers={"accept": "text/html"})
    request.user = AnonymousUser()
    request._messages = []
    response = failure_response(request, "link_expired")
    assert response.status_code == 403
    assert CATALOGUE["link_expired"].sentence in response.content.decode()
    assert CATALOGUE["link_expired"].next_step in response.content.decode()


def test_the_middleware_leaves_other_errors_alone():
    middleware = SiteFailureMiddleware(lambda request: None)
    request = RequestFactory().get("/api/v1/x")
    assert middleware.process_exception(request, ValueError("other")) is None
    assert middleware.process_exception(request, SiteFailure("asset_in_use")).status_code == 409


def test_a_form_without_its_token_gets_our_words(db):
    from django.test import Client

    response = Client(enforce_csrf_checks=True).post("/accounts/logout/", headers={"accept": "application/json"})
    assert response.status_code == 403
    assert response.json()["code"] == "csrf_failed"


def test_an_address_with_nothing_behind_it_is_a_problem_for_programs(client, db):
    response = client.get("/api/nothing-here")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_our_own_breakdown_has_words_and_shows_nothing_of_the_inside(client, db, monkeypatch, accept):
    def break_down(*_, **__):
        raise RuntimeError("secret inside")

    monkeypatch.setattr("apps.accounts.views.mailbox_available", break_down)
    client.raise_request_exception = False
    response = client.get("/accounts/mailbox/", headers={"accept": accept})
    assert response.status_code == 500
    assert CATALOGUE["internal"].sentence in response.content.decode()
    assert "secret inside" not in response.content.decode()


@pytest.mark.parametrize("debug", [True, False])
def test_an_unknown_address_shows_our_page_also_while_debugging(client, db, settings, debug):
    settings.DEBUG = debug
    page = client.get("/nothing/here/")
    assert page.status_code == 404
    assert CATALOGUE["not_found"].sentence in page.content.decode()
    assert "URLconf" not in page.content.decode()
    assert client.get("/library").status_code == 301, "a missing slash is still forgiven"


def test_a_broken_view_shows_our_page_and_no_traceback(client, db, settings, monkeypatch):
    settings.DEBUG = True
    client.raise_request_exception = False

    def broken(*args, **kwargs):
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr("apps.studio.views.available_presenters", broken)
    page = client.get("/")
    assert page.status_code == 500
    assert "on our side" in page.content.decode()
    assert "secret detail" not in page.content.decode()
    assert "Content-Security-Policy" in page
    settings.TRACEBACK_PAGES = True
    assert "secret detail" in client.get("/").content.decode()


def test_the_last_page_stands_even_when_templates_broke(monkeypatch):
    from django.template import TemplateDoesNotExist

    def missing(name):
        raise TemplateDoesNotExist(name)

    monkeypatch.setattr("apps.core.errors.get_template", missing)
    answer = server_error(RequestFactory().get("/"))
    assert answer.status_code == 500
    assert CATALOGUE["internal"].sentence in answer.content.decode()
