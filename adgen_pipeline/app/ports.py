"""Is a port free: asked before anything starts."""

import socket
from collections.abc import Mapping

from adgen_pipeline.errors import ResourceError

LOOPBACK = "127.0.0.1"


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a connection that lingers after a stopped server does not count as in use.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen()
        except OSError:
            return False
    return True


def require_free(ports: Mapping[str, int], *, host: str = LOOPBACK) -> None:
    """Do nothing if all ports are free and differ.

    Args:
        ports: the option that chooses a port → the port.
        host: the address to listen on.

    Raises:
        ResourceError: a port is in use or named twice; the message names the option that moves it.
    """
    seen: dict[int, str] = {}
    for option, port in ports.items():
        if port in seen:
            raise ResourceError(f"{seen[port]} and {option} both name port {port}. Give each its own.")
        seen[port] = option
        if not is_free(port, host):
            raise ResourceError(
                f"Port {port} of {host} is in use. Stop what listens there, or choose another with {option}."
            )
