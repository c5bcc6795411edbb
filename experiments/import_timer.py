"""Run `dnnsearch ARGUMENTS`, then print the CPU seconds of its imports by package, as JSON.

A module's own time counts, without the modules that it imports. The last line of standard error has
the result. It is a program of its own, because what is imported once costs nothing afterwards.
"""

import json
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any


class TimedFinder:
    """Finds modules as Python does, and counts the time in which each is executed."""

    def __init__(self) -> None:
        self.seconds = defaultdict[str, float](float)
        self._inner = [0.0]  # of the modules that the running ones import

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the module's spec, whose loader takes the time."""
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            self._time(spec.loader, name.partition(".")[0])
        return spec

    def _time(self, loader: Any, package: str) -> None:
        execute = loader.exec_module

        def timed(module: ModuleType) -> None:
            began = time.process_time()
            self._inner.append(0.0)
            try:
                execute(module)
            finally:
                took = time.process_time() - began
                self.seconds[package] += took - self._inner.pop()
                self._inner[-1] += took

        loader.exec_module = timed


def main() -> None:
    finder = TimedFinder()
    sys.meta_path.insert(0, finder)
    from dnnsearch.__main__ import main as dnnsearch

    try:
        dnnsearch()
    finally:
        print(json.dumps(finder.seconds), file=sys.stderr)


if __name__ == "__main__":
    main()
