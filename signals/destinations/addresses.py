"""Which addresses may be posted to: public ones, so that no URL reaches into our own network."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class PrivateAddress(OSError):
    """A name led to an address of a private, local or reserved network."""


def resolve(host: str, port: int, allow_private: bool) -> str:
    """The address to connect to. The caller connects to it and not to the name, because a second
    look-up could answer otherwise.

    OSError if the name is unknown; PrivateAddress if any of its addresses is not public.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as problem:
        raise OSError(f"{host!r} is no host name") from problem
    addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
    for address in addresses:
        if not allow_private and not is_public(address):
            raise PrivateAddress(
                f"{host} is {address}, which is not public; "
                "signals.allow_private_addresses allows that"
            )
    return addresses[0]


def is_public(address: str) -> bool:
    """Also for IPv6 addresses that carry an IPv4 one inside: both must be public."""
    outer = ipaddress.ip_address(address)
    return all(part.is_global and not part.is_multicast for part in (outer, *_inside(outer)))


def _inside(address: Address) -> list[Address]:
    if isinstance(address, ipaddress.IPv4Address):
        return []
    carried = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        carried.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return [part for part in carried if part is not None]


def url_problem(url: str) -> str:
    """What is wrong with a URL to post to; empty if nothing is."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as problem:
        return f"is no URL: {problem}"
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return "must be an http:// or https:// URL with a host"
    return ""
