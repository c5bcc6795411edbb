"""For every server that tests start: a free port, and whether it answers."""

import socket
import urllib.request


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def is_healthy(url: str) -> bool:
    """Return whether MLflow answers there."""
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=1):
            return True
    except OSError:
        return False
