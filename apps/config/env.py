"""Typed readers of the environment. Each one names the variable in what it raises, and never shows a secret's value."""

import os
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


def load_env_file(path: Path) -> None:
    """Take variables from a `.env` file, without overriding those that are set already."""
    if path.is_file():
        environ.Env.read_env(path)


def text(name: str, default: str = "") -> str:
    """A variable's value; empty counts as not set."""
    return os.environ.get(name, "").strip() or default


def secret(name: str, default: str = "") -> str:
    """Like `text`, but `NAME_FILE` may point to a file that holds the value (as container secrets do)."""
    file_name = text(f"{name}_FILE")
    if not file_name:
        return text(name, default)
    if text(name):
        raise ImproperlyConfigured(f"{name} and {name}_FILE are both set; keep one of them.")
    try:
        return Path(file_name).read_text(encoding="utf-8").strip() or default
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"{name}_FILE cannot be read: {error.__class__.__name__}.") from error


def boolean(name: str, *, default: bool) -> bool:
    """true/false, yes/no, on/off or 1/0, in any case."""
    value = text(name).lower()
    if not value:
        return default
    if value not in _TRUE | _FALSE:
        raise ImproperlyConfigured(f"{name} must be true or false, not {value!r}.")
    return value in _TRUE


def integer(name: str, default: int, *, minimum: int, maximum: int) -> int:
    """A whole number within [minimum, maximum]."""
    value = text(name)
    if not value:
        return default
    try:
        number = int(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from error
    if not minimum <= number <= maximum:
        raise ImproperlyConfigured(f"{name} must be between {minimum} and {maximum}, not {number}.")
    return number


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    """One of a few words."""
    value = text(name, default)
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(allowed)}, not {value!r}.")
    return value


def words(name: str, default: list[str]) -> list[str]:
    """A comma-separated list."""
    value = text(name)
    return [word.strip() for word in value.split(",") if word.strip()] if value else default


def folder(name: str, default: Path) -> Path:
    """A path to a folder, made absolute."""
    value = text(name)
    return Path(value).expanduser().resolve() if value else default


def url(name: str, default: str, *, schemes: tuple[str, ...]) -> str:
    """A URL with one of the given schemes; may come from `NAME_FILE`, since such URLs carry passwords."""
    value = secret(name, default)
    if value and value.partition("://")[0] not in schemes:
        raise ImproperlyConfigured(f"{name} must start with {' or '.join(f'{scheme}://' for scheme in schemes)}.")
    return value


def database(name: str, default: str) -> dict[str, object]:
    """Django's description of the database behind a sqlite:/// or postgres:// URL."""
    value = url(name, default, schemes=("sqlite", "postgres", "postgresql"))
    try:
        config: dict[str, object] = dict(environ.Env.db_url_config(value))
    except (ValueError, ImproperlyConfigured, TypeError) as error:
        raise ImproperlyConfigured(f"{name} is not a database URL that can be understood.") from error
    if not config.get("NAME"):
        raise ImproperlyConfigured(f"{name} names no database.")
    return config


def email(name: str) -> dict[str, object]:
    """Django's EMAIL_* settings behind an smtp://, smtps:// or smtp+tls:// URL; empty when not set."""
    value = url(name, "", schemes=("smtp", "smtps", "smtp+tls", "smtp+ssl"))
    if not value:
        return {}
    try:
        config: dict[str, object] = dict(environ.Env.email_url_config(value))
    except (ValueError, KeyError, ImproperlyConfigured) as error:
        raise ImproperlyConfigured(f"{name} is not an e-mail URL that can be understood.") from error
    if not config.get("EMAIL_HOST"):
        raise ImproperlyConfigured(f"{name} names no mail server.")
    return config
