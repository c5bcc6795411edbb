"""The program of a child process: `python -P START_MODULE MODULE ARGUMENTS` runs a module.

A child must have the code of its parent, however the parent found it: installed, by PYTHONPATH, or
in the folder of a checkout. So the package is imported from where this file lies. Its folder is not
put on sys.path, where anything else in it could take the place of other modules.

Ctrl-C that the module does not handle ends the process as the signal does: without a traceback.
"""

import os
import runpy
import signal
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

PACKAGE = Path(__file__).parents[1]


def import_package() -> None:
    """Import the package in which this file lies."""
    spec = spec_from_file_location(PACKAGE.name, PACKAGE / "__init__.py")
    assert spec is not None
    assert spec.loader is not None
    package = sys.modules[PACKAGE.name] = module_from_spec(spec)
    spec.loader.exec_module(package)


if __name__ == "__main__":
    try:
        import_package()
        runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
