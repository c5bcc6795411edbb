"""Imports of packages without optional parts of theirs that take long and are not needed here."""

import sys
from contextlib import suppress
from importlib import import_module


def import_without(absent: tuple[str, ...], module: str) -> None:
    """Import a module as if these packages, those apart that are imported, were not installed.

    The module stays like that, so it is for processes of our own. If it cannot be imported like
    that, its next import finds all packages.
    """
    hidden = [name for name in absent if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # makes its import fail
    with suppress(Exception):  # the next import meets the same error again, or succeeds
        import_module(module)
    for name in hidden:
        del sys.modules[name]  # later imports may need it
