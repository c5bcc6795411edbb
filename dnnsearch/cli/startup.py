"""What a command does before the heavy imports: read the config early, pin numerics, check a port.

Nothing here imports NumPy, or a module that does: pins have an effect only before that import.
"""

import json
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dnnsearch.cli.signals import defer_signals
from dnnsearch.errors import UserError
from dnnsearch.runtime import numerics
from dnnsearch.runtime.process_control import IS_POSIX, replace_process
from dnnsearch.runtime.python_command import program_again, python_environment
from dnnsearch.urls import tracking_uri

BEFORE_PINNING = "DNNSEARCH_BEFORE_PINNING"  # JSON: name of a variable -> its value, or null
READ_BY_NUMPY = {BEFORE_PINNING, numerics.MARK}.union(*numerics.PINS.values())  # at its import


@dataclass(frozen=True)
class EarlyConfig:
    """The two keys of a config that are needed before it is validated."""

    numerics: str
    tracking: str


def read_early(path: Path, overrides: Sequence[str]) -> EarlyConfig:
    """Return the two keys of a YAML file with its overrides; wrong values count as absent.

    The config is validated later. Raise UserError if the file cannot be read.
    """
    from dnnsearch.config import yaml_file

    document, _ = yaml_file.override(yaml_file.read(path), overrides)
    wanted, tracking = document.get("numerics"), document.get("tracking")
    return EarlyConfig(
        wanted if isinstance(wanted, str) and wanted in numerics.PINS else "portable",
        tracking_uri(tracking if isinstance(tracking, str) else None),
    )


def pin(wanted: str) -> None:
    """Make sure that this process computes with `wanted`, or with the closest the machine supports.

    Pins that NumPy will read are set for it. If it is imported already, or Python and the C library
    must read a variable at their start, the process is replaced: by the same program with the same
    arguments, which costs a quarter of a second.
    """
    supported = numerics.supported_pins(wanted)
    if numerics.is_pinned(supported):
        return
    environment = pinned_environment(supported)
    if "numpy" not in sys.modules and _changed(os.environ, environment) <= READ_BY_NUMPY:
        os.environ.update(environment)
        return
    sys.stdout.flush()
    with defer_signals():
        replace_process(program_again(sys.argv[1:]), environment)


def pinned_environment(pins: str) -> dict[str, str]:
    """Return the environment with these pins, which remembers what it was before."""
    original = original_environment()
    pinned = numerics.pinned(pins, python_environment(original))
    before = {name: original.get(name) for name in sorted(_changed(original, pinned))}
    return {BEFORE_PINNING: json.dumps(before), **pinned}


def _changed(one: Mapping[str, str], other: Mapping[str, str]) -> set[str]:
    """Return the names of the variables that differ between two environments."""
    return {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}


def original_environment() -> dict[str, str]:
    """Return the environment that the user started the command with."""
    before = json.loads(os.environ.get(BEFORE_PINNING, "{}"))
    values = {**os.environ, **before, BEFORE_PINNING: None}
    return {name: value for name, value in values.items() if value is not None}


def check_free(port: int) -> None:
    """Raise UserError if the port on 127.0.0.1 is taken; MLflow would print thirty lines."""
    with socket.socket() as probe:
        if IS_POSIX:  # on Windows the option means that a taken port may be taken, too
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            reason = os.strerror(error.errno or 0).lower()
            raise UserError(f"port {port} is not free ({reason}): add --port {port + 1}") from None
