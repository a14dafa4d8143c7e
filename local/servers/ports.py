"""Free loopback ports for tests."""

import random
import socket

LOOPBACK = "127.0.0.1"
# Below the kernel's ephemeral range, so that no outgoing connection takes the port between the check and its use.
CANDIDATES = range(20000, 32000, 2)


def is_free(port: int) -> bool:
    """True when nothing listens on the loopback port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A free port whose successor is free too, as Kafka takes the successor for its controller."""
    for port in random.sample(CANDIDATES, k=200):
        if is_free(port) and is_free(port + 1):
            return port
    raise RuntimeError("no free pair of loopback ports")
