"""The API's description as a page of the site, written from the same schema that programs read."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase

_METHODS = ("get", "post", "patch", "put", "delete", "head", "options")


@dataclass(frozen=True)
class Parameter:
    """One thing a request takes; `place` is where: path, query, header, body or form."""

    name: str
    place: str
    kind: str
    is_required: bool
    description: str


@dataclass(frozen=True)
class Operation:
    """One endpoint. `answers` are (status, what comes back)."""

    anchor: str
    method: str
    path: str
    summary: str
    description: str
    parameters: tuple[Parameter, ...]
    answers: tuple[tuple[str, str], ...]

    @property
    def has_meanings(self) -> bool:
        return any(parameter.description for parameter in self.parameters)


class Reference(DocsBase):
    """Every endpoint with what it takes and gives, in the site's own frame."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        schema = api.get_openapi_schema()
        context = {
            "description": api.description,
            "groups": _groups(schema),
            "address": request.build_absolute_uri("/"),
        }
        return render(request, "api/reference.html", context)


def _groups(schema: dict[str, Any]) -> dict[str, list[Operation]]:
    """tag → its operations, in the order of the code."""
    groups: dict[str, list[Operation]] = {}
    for path, methods in schema["paths"].items():
        for method in _METHODS:
            if method in methods:
                facts = methods[method]
                groups.setdefault(facts["tags"][0], []).append(_operation(schema, path, method, facts))
    return groups


def _operation(schema: dict[str, Any], path: str, method: str, facts: dict[str, Any]) -> Operation:
    return Operation(
        anchor=facts["operationId"],
        method=method.upper(),
        path=path,
        summary=facts["summary"],
        description=facts.get("description", ""),
        parameters=(*_parameters(facts), *_body(schema, facts)),
        answers=tuple((str(status), _answer(answer)) for status, answer in facts["responses"].items()),
    )


def _parameters(facts: dict[str, Any]) -> Iterator[Parameter]:
    for one in facts.get("parameters", []):
        yield Parameter(
            one["name"],
            one["in"],
            _kind(one["schema"]),
            one.get("required", False),
            one["schema"].get("description", ""),
        )


def _body(schema: dict[str, Any], facts: dict[str, Any]) -> Iterator[Parameter]:
    for media_type, content in facts.get("requestBody", {}).get("content", {}).items():
        body = _resolved(schema, content["schema"])
        place = "form" if "form-data" in media_type else "body"
        for name, field in body.get("properties", {}).items():
            required = name in body.get("required", [])
            yield Parameter(name, place, _kind(field), required, field.get("description", ""))


def _resolved(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    name = part.get("$ref", "").rsplit("/", 1)[-1]
    return schema["components"]["schemas"][name] if name else part


def _kind(field: dict[str, Any]) -> str:
    """A field's type in a few words."""
    if "anyOf" in field:
        return " or ".join(_kind(one) for one in field["anyOf"])
    if "enum" in field:
        return ", ".join(str(value) for value in field["enum"])
    if "$ref" in field:
        return str(field["$ref"]).rsplit("/", 1)[-1]
    kind = str(field.get("format") or field.get("type", "any"))
    limits = [f"{words} {field[key]}" for key, words in _LIMITS.items() if key in field]
    return f"{kind} ({', '.join(limits)})" if limits else kind


_LIMITS = {"minimum": "from", "maximum": "up to", "maxLength": "at most"}


def _answer(answer: dict[str, Any]) -> str:
    """The name of what comes back."""
    for content in answer.get("content", {}).values():
        part = content["schema"]
        if part.get("type") == "array":
            return f"a list of {_kind(part['items'])}"
        return _kind(part)
    return "nothing"
