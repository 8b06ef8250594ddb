"""Who asks: behind proxies that the settings name, the address that these say; else the connection's own.

A header of a proxy counts only where it comes from one; from anybody else it is taken away, so that nobody passes for
another by writing one.
"""

from collections.abc import Callable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse

Network = IPv4Network | IPv6Network
_FORWARDED = (
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_FORWARDED",
    "HTTP_X_REAL_IP",
)


def behind_proxies(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: REMOTE_ADDR is who asks; what strangers say of proxies is gone."""

    def middleware(request: HttpRequest) -> HttpResponse:
        peer, proxies = request.META.get("REMOTE_ADDR", ""), settings.PROXIES
        if is_within(peer, proxies):
            request.META["REMOTE_ADDR"] = client(peer, request.META.get("HTTP_X_FORWARDED_FOR", ""), proxies)
        else:
            for name in _FORWARDED:
                request.META.pop(name, None)
        return get_response(request)

    return middleware


def client(peer: str, forwarded: str, proxies: Sequence[Network]) -> str:
    """The nearest address that is no proxy of ours: each proxy adds to the right; what is further left is hearsay."""
    found = peer
    for stated in reversed([each.strip() for each in forwarded.split(",") if each.strip()]):
        if not is_within(found, proxies) or not _is_address(stated):
            break
        found = stated
    return found


def is_within(address: str, networks: Sequence[Network]) -> bool:
    """Whether an address lies in one of the networks."""
    return _is_address(address) and any(ip_address(address) in each for each in networks)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
