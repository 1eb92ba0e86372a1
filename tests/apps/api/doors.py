"""What every endpoint must do to people who have no business there."""

from typing import Any
from uuid import uuid4

from django.test import Client

IMPOSSIBLE_IDS = ("1", "not-a-uuid", "00000000-0000-0000-0000-00000000000g", "..%2f..%2fetc", "%00")


def problem_of(response: Any) -> dict[str, Any]:
    """The body of a refusal, checked for what every refusal must have."""
    assert response["Content-Type"] == "application/problem+json", response.content[:300]
    body = response.json()
    assert body["status"] == response.status_code
    assert body["title"] == body["sentence"]
    assert body["sentence"].endswith((".", "!", "?"))
    assert body["next_step"]
    return body


def call(client: Client, method: str, address: str, body: Any = None) -> Any:
    send = getattr(client, method.lower())
    return send(address, data=body, content_type="application/json") if body is not None else send(address)


def assert_hidden_from_others(stranger: Client, method: str, address: str, body: Any = None) -> None:
    """404, so that not even the existence of somebody's thing is told."""
    response = call(stranger, method, address, body)
    assert response.status_code == 404
    assert problem_of(response)["code"] == "not_found"


def assert_unknown_ids_are_not_found(owner: Client, method: str, template: str, body: Any = None) -> None:
    for wrong in (str(uuid4()), *IMPOSSIBLE_IDS):
        response = call(owner, method, template.format(wrong), body)
        assert response.status_code == 404, (wrong, response.content[:200])


def assert_needs_signing_in(signed_out: Client, method: str, address: str, body: Any = None) -> None:
    response = call(signed_out, method, address, body)
    assert response.status_code == 401
    assert problem_of(response)["code"] == "signed_out"


def assert_wrong_methods_are_refused(owner: Client, address: str, *wrong: str) -> None:
    for method in wrong:
        response = call(owner, method, address)
        assert response.status_code == 405, method
