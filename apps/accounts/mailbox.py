"""Letters when there is no mail server: kept in the data folder, with their links written to the terminal."""

import email
import ipaddress
import os
import re
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from email.policy import default as modern
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.http import HttpRequest
from django.http.request import split_domain_port

LETTERS_MAX = 200
_LINK = re.compile(r"https?://[^\s<>\"']+")


@dataclass(frozen=True)
class Letter:
    """One kept letter."""

    received_at: datetime
    to: str
    subject: str
    body: str

    @property
    def links(self) -> list[str]:
        return _LINK.findall(self.body)


class MailboxBackend(BaseEmailBackend):
    """Keeps each letter as a file only we can read, and says on the terminal what it is about."""

    def send_messages(self, email_messages: list[EmailMessage]) -> int:
        folder = Path(settings.MAILBOX_DIR)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for message in email_messages:
            name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{uuid4().hex[:8]}.eml"
            handle = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(message.message().as_bytes())
            links = "".join(f"\n    {link}" for link in _LINK.findall(message.body))
            sys.stderr.write(f"Mail for {', '.join(message.to)}: {message.subject}{links}\n")
        sys.stderr.flush()
        for old in sorted(folder.glob("*.eml"))[:-LETTERS_MAX]:
            old.unlink(missing_ok=True)
        return len(email_messages)


def kept_letters() -> list[Letter]:
    """The kept letters, newest first."""
    letters = []
    for path in sorted(Path(settings.MAILBOX_DIR).glob("*.eml"), reverse=True)[:LETTERS_MAX]:
        message = email.message_from_bytes(path.read_bytes(), policy=modern)
        body = message.get_body(("plain",))
        letters.append(
            Letter(
                received_at=datetime.fromtimestamp(path.stat().st_mtime, UTC),
                to=str(message["To"]),
                subject=str(message["Subject"]),
                body=body.get_content() if body is not None else "",
            )
        )
    return letters


def mailbox_available(request: HttpRequest) -> bool:
    """Only while developing without a mail server, and only for somebody at this very machine.

    A proxy on this machine would make strangers look local: what it forwards is refused.
    """
    if not settings.DEBUG or settings.EMAIL_CONFIGURED:
        return False
    if any(request.META.get(header) for header in ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP")):
        return False
    host, _ = split_domain_port(request.META.get("HTTP_HOST", "") or request.META.get("SERVER_NAME", ""))
    return _is_loopback(request.META.get("REMOTE_ADDR", "")) and (host == "localhost" or _is_loopback(host.strip("[]")))


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
