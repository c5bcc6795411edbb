"""The program of a child that can inherit no socket: it connects to its parent by a port.

`dnnsearch.runtime.connected_child PORT MODULE ARGUMENTS` runs the module with `FD ARGUMENTS`, as if
the socket FD had been inherited. A token, which only the parent and the child know, shows the
parent who has connected. Nothing else is imported before that: the parent waits.
"""

import os
import runpy
import socket
import sys

TOKEN_VARIABLE = "DNNSEARCH_CHILD_TOKEN"  # of the environment, which other users cannot read
LOOPBACK = "127.0.0.1"


def connect(port: int, token: str) -> socket.socket:
    """Return a socket that is connected to the parent's port; raise OSError if it is gone."""
    connected = socket.create_connection((LOOPBACK, port))
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connected.sendall(token.encode())
    return connected


if __name__ == "__main__":
    port, module = int(sys.argv.pop(1)), sys.argv.pop(1)
    sys.argv.insert(1, str(connect(port, os.environ.pop(TOKEN_VARIABLE)).detach()))
    runpy.run_module(module, run_name="__main__", alter_sys=True)
