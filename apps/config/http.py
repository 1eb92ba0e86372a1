"""Django's ASGI handler, with a limit on what a request may send, kept while the bytes arrive.

Of a piece of an upload whose connection breaks, what has arrived is handed on as if it were the whole piece: the sender
asks how much that was, and goes on from there.

Django itself reads a request's whole body before any view runs, without an upper limit and into the system's temporary
folder (which may be memory). Here it goes to the site's own folder, stops at the limit, and only somebody who is signed
in may send more than a form's worth, except to the one page that looks at files of anybody.
"""

import asyncio
import json
import tempfile
from importlib import import_module
from typing import IO, Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler
from django.http import parse_cookie

from apps.core.failures import SiteFailure

FORM_BYTES_MAX = 2 * 1024 * 1024
PATH_FOR_EVERYBODY = "/made-here/"  # takes files of people without an account, up to a limit of its own
PATH_OF_PIECES = "/api/v1/uploads/"
_MULTIPART_OVERHEAD_BYTES = 1024 * 1024  # boundaries, field names and the other fields of an upload's form


class _BodyRefused(RequestAborted):
    def __init__(self, failure: SiteFailure) -> None:
        super().__init__()
        self.failure = failure


class SiteHandler(ASGIHandler):
    """Serves HTTP; see the module's words."""

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        state = {"started": False}

        async def send_noting_start(message: dict[str, Any]) -> None:
            state["started"] = True
            await send(message)

        bodies = _LimitedBodies(scope, receive)
        try:
            await super().__call__(scope, bodies.receive, send_noting_start)
        finally:
            if bodies.failure is not None and not state["started"]:
                await _send_failure(send, bodies.failure)

    async def read_body(self, receive: Any) -> IO[bytes]:
        """The request's body as a file: in memory while small, then in the site's own folder for incoming bytes."""
        body = tempfile.SpooledTemporaryFile(  # noqa: SIM115 (Django closes it with the response)
            max_size=settings.FILE_UPLOAD_MAX_MEMORY_SIZE, mode="w+b", dir=settings.FILE_UPLOAD_TEMP_DIR
        )
        try:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise RequestAborted
                if chunk := message.get("body"):
                    body.write(chunk)
                if not message.get("more_body", False):
                    break
        except BaseException:
            body.close()
            raise
        body.seek(0)
        return body


class _LimitedBodies:
    """Counts what arrives; past the limit it pretends that the client left, and keeps the reason in `failure`."""

    def __init__(self, scope: dict[str, Any], receive: Any) -> None:
        self._scope = scope
        self._receive = receive
        self._received_bytes = 0
        self._limit_bytes: int | None = None
        self._keeps_parts = scope.get("method") == "PATCH" and scope["path"].startswith(PATH_OF_PIECES)
        self._is_whole = self._is_cut = False
        self.failure: SiteFailure | None = None

    async def receive(self) -> dict[str, Any]:
        if self.failure is not None:
            return {"type": "http.disconnect"}
        if self._received_bytes == 0 and self._declared_bytes() > FORM_BYTES_MAX:
            await self._check(self._declared_bytes())
        if self.failure is None:
            message = await self._next()
            self._received_bytes += len(message.get("body", b""))
            if self._received_bytes > FORM_BYTES_MAX:
                await self._check(self._received_bytes)
        if self.failure is not None:
            return {"type": "http.disconnect"}
        return message

    async def _next(self) -> dict[str, Any]:
        if self._is_cut:
            await asyncio.Event().wait()  # whoever handles what arrived is not to be told that the sender left
        message: dict[str, Any] = await self._receive()
        if message["type"] == "http.disconnect" and self._keeps_parts and not self._is_whole:
            self._is_cut = True
            return {"type": "http.request", "body": b"", "more_body": False}
        self._is_whole = self._is_whole or not message.get("more_body", False)
        return message

    async def _check(self, size_bytes: int) -> None:
        if self._limit_bytes is None:
            self._limit_bytes = await self._allowed_bytes() + _MULTIPART_OVERHEAD_BYTES
        if size_bytes > self._limit_bytes:
            most = self._limit_bytes - _MULTIPART_OVERHEAD_BYTES
            too_large = SiteFailure("upload_too_large", max_mb=most / 2**20)
            self.failure = too_large if most > FORM_BYTES_MAX else SiteFailure("signed_out")

    async def _allowed_bytes(self) -> int:
        if self._scope["path"] == PATH_FOR_EVERYBODY:
            return settings.MADE_HERE_BYTES_MAX
        return await sync_to_async(_most_bytes_of)(self._scope)

    def _declared_bytes(self) -> int:
        value = _header(self._scope, b"content-length")
        return int(value) if value.isdigit() else 0


def _header(scope: dict[str, Any], name: bytes) -> bytes:
    return next((value for key, value in scope["headers"] if key.lower() == name), b"")


def _most_bytes_of(scope: dict[str, Any]) -> int:
    """How much the account whose session a request brings may send; the views check again, and more closely."""
    nothing = FORM_BYTES_MAX - _MULTIPART_OVERHEAD_BYTES
    cookies = parse_cookie(_header(scope, b"cookie").decode("latin-1"))
    key = cookies.get(settings.SESSION_COOKIE_NAME)
    if not key:
        return nothing
    from apps.accounts.models import User
    from apps.uploads.limits import max_upload_bytes

    user_id = import_module(settings.SESSION_ENGINE).SessionStore(key).get(SESSION_KEY)
    user = User.objects.filter(pk=user_id).first() if user_id else None
    return max_upload_bytes(user) if user is not None else nothing


async def _send_failure(send: Any, failure: SiteFailure) -> None:
    body = json.dumps(failure.as_dict()).encode()
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": failure.http_status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
