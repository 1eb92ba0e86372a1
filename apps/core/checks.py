"""System checks: combinations of settings that would only fail later, or fail silently. Ids never change meaning."""

import ipaddress
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError, connection

_SOCKET_BYTES_MAX = 107
_KEY_CHARS_MIN = 50
_KEY_LETTERS_MIN = 5


def is_loopback_host(host: str) -> bool:
    """Whether a host name or address only ever means this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _public_hosts() -> list[str]:
    hosts = (host for host in settings.ALLOWED_HOSTS if host != "testserver")
    return [host for host in hosts if not is_loopback_host(host.lstrip("."))]


@register(Tags.security)
def check_debug_stays_private(**_: Any) -> Iterable[CheckMessage]:
    """core.E001: DEBUG shows source code, settings and other people's letters."""
    if not settings.DEBUG:
        return
    reachable = _public_hosts() or ([] if is_loopback_host(settings.HOST) else [settings.HOST])
    if reachable:
        yield Error(
            f"DEBUG is on, but the site is reachable as {', '.join(reachable)}.",
            hint="Set DEBUG=false, or keep HOST and ALLOWED_HOSTS to this machine.",
            id="core.E001",
        )


@register(Tags.security)
def check_hosts_are_named(**_: Any) -> Iterable[CheckMessage]:
    """core.E002, core.W003: without names nobody gets in; with "*" links in letters can be forged."""
    if not settings.DEBUG and not settings.ALLOWED_HOSTS:
        yield Error(
            "DEBUG is off, but ALLOWED_HOSTS is empty: every request would be refused.",
            hint="Set ALLOWED_HOSTS to the site's name, e.g. ALLOWED_HOSTS=lipsmith.example.",
            id="core.E002",
        )
    if "*" in settings.ALLOWED_HOSTS:
        yield Warning(
            "ALLOWED_HOSTS allows every name; a forged Host header ends up in the links of letters.",
            hint="Name the site's hosts.",
            id="core.W003",
        )


@register(Tags.security)
def check_secret_key(**_: Any) -> Iterable[CheckMessage]:
    """core.E004: sessions and signed links are only as good as the key."""
    key = settings.SECRET_KEY
    if len(key) < _KEY_CHARS_MIN or len(set(key)) < _KEY_LETTERS_MIN or "insecure" in key.lower():
        yield Error(
            "SECRET_KEY is too easy to guess.",
            hint="Leave it unset (one is made and kept in DATA_DIR), or set at least 50 random characters.",
            id="core.E004",
        )


@register
def check_several_hosts(**_: Any) -> Iterable[CheckMessage]:
    """core.E005, core.E006, core.E007: what machines have to share when there are several."""
    if settings.HOST_COUNT == 1:
        return
    if connection.vendor == "sqlite":
        yield Error(
            "HOST_COUNT is above 1, but the database is an SQLite file of this machine.",
            hint="Set DATABASE_URL to a PostgreSQL database.",
            id="core.E005",
        )
    if settings.REDIS_SOCKET is not None:
        yield Error(
            "HOST_COUNT is above 1, but Redis is embedded in this machine.",
            hint="Set REDIS_URL to a Redis that all machines reach.",
            id="core.E006",
        )
    if not settings.S3_BUCKET:
        yield Warning(
            "HOST_COUNT is above 1, and files lie in this machine's DATA_DIR.",
            hint="Set S3_BUCKET, or mount the same DATA_DIR/media on every machine.",
            id="core.W007",
        )


@register
def check_s3(**_: Any) -> Iterable[CheckMessage]:
    """core.E008, core.E009: S3 settings that do not add up."""
    has_bucket = bool(settings.S3_BUCKET)
    others = [
        name
        for name in ("S3_ENDPOINT_URL", "S3_REGION", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY")
        if getattr(settings, name)
    ]
    if others and not has_bucket:
        yield Error(
            f"{', '.join(others)} set, but S3_BUCKET is not: files would go to this machine's disk.",
            hint="Set S3_BUCKET, or remove the other S3 settings.",
            id="core.E008",
        )
    if bool(settings.S3_ACCESS_KEY_ID) != bool(settings.S3_SECRET_ACCESS_KEY):
        missing = "S3_SECRET_ACCESS_KEY" if settings.S3_ACCESS_KEY_ID else "S3_ACCESS_KEY_ID"
        yield Error(
            f"Half of the S3 credentials is missing: {missing}.",
            hint="Set both, or neither to use the machine's own role.",
            id="core.E009",
        )


@register
def check_redis_address(**_: Any) -> Iterable[CheckMessage]:
    """core.E010, core.E011: an address that can never work."""
    parts = urlsplit(settings.REDIS_URL)
    if parts.scheme == "unix":
        if len(os.fsencode(parts.path)) > _SOCKET_BYTES_MAX:
            yield Error(
                f"REDIS_URL's socket path is longer than {_SOCKET_BYTES_MAX} bytes, the system's limit.",
                hint="Use a shorter path.",
                id="core.E010",
            )
    elif not parts.hostname:
        yield Error("REDIS_URL names no host.", hint="For example redis://redis:6379/0.", id="core.E011")


@register(Tags.security)
def check_site_url(**_: Any) -> Iterable[CheckMessage]:
    """core.E012, core.W013, core.W014: the address in links, and whether it is safe on the way."""
    public = _public_hosts()
    if settings.SITE_URL:
        host = urlsplit(settings.SITE_URL).hostname or ""
        if not _is_allowed(host):
            yield Error(
                f"SITE_URL's host {host!r} is not in ALLOWED_HOSTS.",
                hint="Add it there, or correct SITE_URL.",
                id="core.E012",
            )
    elif public:
        yield Warning(
            "The site is public, but SITE_URL is not set; letters from the workers cannot link to it.",
            hint=f"For example SITE_URL=https://{public[0].lstrip('.')}.",
            id="core.W013",
        )
    if public and not settings.HTTPS:
        yield Warning(
            "The site is public, but HTTPS is off: passwords and sessions travel in the clear.",
            hint="Put TLS in front and set HTTPS=true TRUST_PROXY=true.",
            id="core.W014",
        )


@register
def check_mail(**_: Any) -> Iterable[CheckMessage]:
    """core.W015: letters nobody receives."""
    if not settings.DEBUG and not settings.EMAIL_CONFIGURED:
        yield Warning(
            "EMAIL_URL is not set: nobody receives confirmation and password letters.",
            hint="For example EMAIL_URL=smtp+tls://user:password@mail.example:587.",
            id="core.W015",
        )


@register
def check_stripe(**_: Any) -> Iterable[CheckMessage]:
    """core.E016, core.E017: half of a payment provider loses money."""
    key, webhook = settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET
    if bool(key) != bool(webhook):
        missing = "STRIPE_WEBHOOK_SECRET" if key else "STRIPE_SECRET_KEY"
        yield Error(f"Half of the Stripe settings is missing: {missing}.", hint="Set both or neither.", id="core.E016")
    if key and not key.startswith(("sk_", "rk_")):
        yield Error(
            "STRIPE_SECRET_KEY is not a secret key (sk_… or rk_…).",
            hint="Publishable keys (pk_…) cannot charge anybody.",
            id="core.E017",
        )


@register
def check_data_dir(**_: Any) -> Iterable[CheckMessage]:
    """core.E018: nothing works without a place to write."""
    folder = Path(settings.DATA_DIR)
    if not os.access(folder, os.W_OK | os.X_OK):
        yield Error(
            f"DATA_DIR ({folder}) cannot be written.", hint="Correct its owner or set DATA_DIR.", id="core.E018"
        )


@register(Tags.database)
def check_database_answers(*, databases: Iterable[str] | None = None, **_: Any) -> Iterable[CheckMessage]:
    """core.E019, only with `--database default` (and before migrations): the database has to be reachable."""
    if "default" not in (databases or ()):
        return
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        yield Error(
            f"The database does not answer: {error.__class__.__name__}.",
            hint="Check DATABASE_URL, and that the server runs and lets this machine in.",
            id="core.E019",
        )


@register(Tags.database)
def check_redis_answers(*, databases: Iterable[str] | None = None, **_: Any) -> Iterable[CheckMessage]:
    """core.E020, with `--database default`: a Redis that we were told to use has to be reachable; ours starts later."""
    if not databases or settings.REDIS_SOCKET is not None:
        return
    try:
        client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=3, socket_timeout=3)
        client.ping()
        client.close()
    except (redis.RedisError, ValueError, OSError) as error:
        yield Error(
            f"Redis does not answer: {error.__class__.__name__}.",
            hint="Check REDIS_URL, and that the server runs and lets this machine in.",
            id="core.E020",
        )


def _is_allowed(host: str) -> bool:
    from django.http.request import validate_host

    return validate_host(host, settings.ALLOWED_HOSTS)
