"""An audit hook that refuses to connect, send or resolve anything but loopback.

Python reports each such call before it is made (`socket.connect` and others, see the
table of audit events in its documentation). The hook raises an error, and, since
somebody may swallow that, writes a line to the file named by `LOG`.

Limits: sockets of C++ libraries, and of programs that are not Python, are not seen.
"""

import ipaddress
import os
import socket
import sys

LOG = "RLNOTES_NETWORK_LOG"
_ADDRESSES = {"socket.connect", "socket.sendto", "socket.sendmsg"}  # (socket, address)
_NAMES = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}  # (host, ...)
_OWN = {"", "localhost", socket.gethostname()}


class NetworkRefused(OSError):
    """A test tried to leave this machine."""


def target(event: str, arguments: tuple) -> str | None:
    """The host that an audit event wants to reach; None if it wants none."""
    if event in _ADDRESSES:
        address = arguments[1]
        # A path is a socket of this machine; no address is a socket connected before.
        return str(address[0]) if isinstance(address, tuple) else None
    if event in _NAMES and arguments[0] is not None:
        host = arguments[0]
        return host.decode() if isinstance(host, bytes) else str(host)
    return None


def is_here(host: str) -> bool:
    """Whether a host is this machine."""
    if host in _OWN:
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    # To send to 0.0.0.0 is to send to oneself.
    return address.is_loopback or address.is_unspecified


def refuse(event: str, arguments: tuple) -> None:
    """The hook."""
    host = target(event, arguments)
    if host is None or is_here(host):
        return
    words = f"{event} to {host}: tests reach nothing but this machine"
    if path := os.environ.get(LOG):
        with open(path, "a", encoding="utf-8") as log:
            log.write(words + "\n")
    raise NetworkRefused(words)


def install() -> None:
    """Guard this process, for the rest of its life: a hook cannot be removed."""
    sys.addaudithook(refuse)
