"""The double over HTTP: the API the official library is pointed at, and the pages a browser is sent to."""

import html
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests

from tests.stripe_double.parameters import Refused, parsed
from tests.stripe_double.world import API_VERSION, World, sign

SECRET_KEY = "sk_test_of_the_double"
_PAGE = """<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>{title}</title>
<body style="font-family:system-ui;max-width:28rem;margin:4rem auto"><h1>{title}</h1>{body}</body></html>"""


class StripeDouble(ThreadingHTTPServer):
    """Keeps what it was asked (`requests`), can be told to fail (`fail_next`), delivers to `webhook_url`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.world = World(self.url)
        self.requests: list[tuple[str, str, dict[str, Any]]] = []
        self.fail_next = 0  # how many requests are answered with 500 before anything happens
        self.webhook_url = ""
        self.answered: dict[str, tuple[str, int, dict[str, Any]]] = {}  # idempotency key → request, status, body
        self.lock = threading.RLock()

    def deliver(self) -> list[int]:
        """Send everything that happened to the webhook; what this makes happen is sent next time."""
        statuses = []
        for event in self.world.take_events():
            payload = json.dumps(event).encode()
            headers = {"Stripe-Signature": sign(payload), "Content-Type": "application/json"}
            statuses.append(requests.post(self.webhook_url, data=payload, headers=headers, timeout=20).status_code)
        return statuses


class _Handler(BaseHTTPRequestHandler):
    server: StripeDouble
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Tests read what was asked from `requests`."""

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def do_DELETE(self) -> None:
        self._serve("DELETE")

    def _serve(self, method: str) -> None:
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        if url.path.startswith("/v1/"):
            status, answer = self._api(method, url.path.removeprefix("/v1/"), url.query if method != "POST" else body)
            self._send(status, json.dumps(answer), "application/json")
        else:
            self._page(method, url.path.strip("/"), dict(parse_qsl(body)))

    def _api(self, method: str, path: str, encoded: str) -> tuple[int, dict[str, Any]]:
        server = self.server
        with server.lock:
            if server.fail_next:
                server.fail_next -= 1
                return 500, {"error": {"type": "api_error", "message": "The double was told to fail."}}
            try:
                return self._answered(method, path, encoded)
            except Refused as refused:
                return refused.status, refused.body

    def _answered(self, method: str, path: str, encoded: str) -> tuple[int, dict[str, Any]]:
        server = self.server
        if self.headers.get("Authorization") != f"Bearer {SECRET_KEY}":
            raise Refused("Invalid API Key provided", status=401)
        if self.headers.get("Stripe-Version") != API_VERSION:
            raise Refused(f"Invalid Stripe API version: {self.headers.get('Stripe-Version')}")
        pattern, params = parsed(method, path, encoded)
        key = self.headers.get("Idempotency-Key", "")
        asked = json.dumps([method, path, params], sort_keys=True)
        if method == "POST":
            if not key or len(key) > 255:
                raise Refused("Every POST needs an Idempotency-Key of at most 255 characters.")
            if key in server.answered:
                before, status, answer = server.answered[key]
                if before != asked:
                    text = f"Keys for idempotent requests can only be used with the same parameters ({key})."
                    raise Refused(text, kind="idempotency_error")
                return status, answer
        server.requests.append((method, path, params))
        answer = json.loads(json.dumps(server.world.answer(pattern, method, path, params)))
        if method == "POST":
            server.answered[key] = (asked, 200, answer)
        return 200, answer

    def _page(self, method: str, path: str, form: dict[str, str]) -> None:
        kind, _, row_id = path.partition("/")
        world = self.server.world
        try:
            if kind == "pay":
                session = world.get("checkout.session", row_id)
                if method == "POST":
                    world.pay(row_id)
                    self.server.deliver()
                    self._redirect(session["success_url"])
                else:
                    self._send_page("Checkout", self._checkout_form(session))
            elif kind == "portal":
                session = world.get("billing_portal.session", row_id)
                self._send_page("Your plan", f'<a href="{html.escape(session["return_url"])}">Back</a>')
            else:
                self._send_page(kind.title(), html.escape(row_id))
        except Refused as refused:
            self._send(refused.status, str(refused), "text/plain")

    def _checkout_form(self, session: dict[str, Any]) -> str:
        name = html.escape(self.server.world.objects["line"][session["id"]]["name"])
        total = f"{session['amount_total'] / 100:.2f} {session['currency'].upper()}"
        back = html.escape(session["cancel_url"])
        return f'<p>{name}</p><form method="post"><button>Pay {total}</button></form><a href="{back}">Back</a>'

    def _send_page(self, title: str, body: str) -> None:
        self._send(200, _PAGE.format(title=title, body=body), "text/html; charset=utf-8")

    def _redirect(self, address: str) -> None:
        self.send_response(303)
        self.send_header("Location", address)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, status: int, text: str, content_type: str) -> None:
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Request-Id", "req_double")
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def running_double() -> Iterator[StripeDouble]:
    """The double, on a port of its own."""
    server = StripeDouble()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
