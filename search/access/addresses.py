"""From where a request comes: what django-axes counts wrong passwords by."""

from ipaddress import IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.http import HttpRequest

# Length of what one IPv6 subscriber has: within it addresses change at will.
OF_ONE_SUBSCRIBER = 64


def client_address(request: HttpRequest) -> str | None:
    """The address of the browser; of IPv6 the network of its subscriber.

    Behind a proxy (settings.HTTPS) it is what the proxy has appended, the last one: those before
    it anyone may have written. None where there is none, as on a Unix socket.
    """
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.HTTPS else ""
    for text in (forwarded.rpartition(",")[2].strip(), request.META.get("REMOTE_ADDR", "")):
        try:
            address = ip_address(text)
        except ValueError:
            continue
        if isinstance(address, IPv6Address):
            return str(IPv6Network((address, OF_ONE_SUBSCRIBER), strict=False).network_address)
        return str(address)
    return None


def describe_client(
    username: str | None, address: str | None, agent: str, path: str, request: HttpRequest
) -> str:
    """What the log says of a wrong password: one line, whatever was typed as a name."""
    return f"account {username!r} from {address}"
