"""The port on 127.0.0.1 that a server of MLflow's is to have."""

import os
import socket

from dnnsearch.errors import UserError


def check_free(port: int) -> None:
    """Raises UserError where it is taken: MLflow would say it in thirty lines."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            reason = os.strerror(error.errno or 0).lower()
            raise UserError(f"port {port} is not free ({reason}): add --port {port + 1}") from None
