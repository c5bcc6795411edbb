"""Imports of packages without an optional part of theirs that takes long and is not needed here."""

import sys
from contextlib import suppress
from importlib import import_module


def import_without(absent: str, module: str) -> None:
    """Import a module as if the package `absent`, unless it is imported, were not installed.

    The module stays like that, so it is for processes of our own. If it cannot be imported like
    that, its next import finds all packages.
    """
    if not (is_there := absent in sys.modules):
        sys.modules[absent] = None  # type: ignore[assignment]  # makes its import fail
    with suppress(Exception):  # the next import meets the same error again, or succeeds
        import_module(module)
    if not is_there:
        del sys.modules[absent]  # later imports may need it
