"""Who is at the other end, when there is no account: an address, and how often it may ask."""

import ipaddress
import time

from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from apps.core.failures import SiteFailure


def client_address(request: HttpRequest) -> str | None:
    """The visitor's IP address, as told by the proxy in front when there is a trusted one; None when unknown."""
    try:
        told = str(get_adapter(request).get_client_ip(request)).strip()
        return str(ipaddress.ip_address(told.split("%")[0]))
    except (ValueError, PermissionDenied):
        return None


def limit_visits(request: HttpRequest, scope: str, *, most: int, period_s: int) -> None:
    """Count one visit of this address. Raises SiteFailure rate_limited once there were more than `most` in a period.

    IPv6 counts by /64, since that is what one household has.
    """
    now = int(time.time())
    who = salted_hmac("apps.core.visitors", _network_of(client_address(request))).hexdigest()[:32]
    key = f"visits:{scope}:{who}:{now // period_s}"
    cache.add(key, 0, timeout=period_s + 1)
    try:
        count = cache.incr(key)
    except ValueError:  # the cache is away, or was emptied this very moment
        return
    if count > most:
        raise SiteFailure("rate_limited", retry_after_s=float(period_s - now % period_s))


def _network_of(address: str | None) -> str:
    if address is None:
        return "unknown"
    parsed = ipaddress.ip_address(address)
    if parsed.version == 4:
        return address
    return str(ipaddress.ip_network(f"{address}/64", strict=False))
