"""Commands one after the other, each in a fork of the program, which was imported once.

The imports take a new Python two or three seconds. What a command starts is a new Python, as a
user's is, unless the test asks for forks. Real starts are tested in tests/runtime, tests/api and
tests/faults/test_current_folder.
"""

import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple


class Completed(NamedTuple):
    code: int
    output: str
    errors: str


def run_in_turn(
    folder: Path,
    environment: Mapping[str, str],
    *commands: Mapping[str, Any],
    python: str = sys.executable,
) -> list[Completed]:
    """Run `dnnsearch ARGUMENTS` for each of the commands, until one fails; return how they ended.

    A command has `arguments`; optionally `variables` of its own, and `user`, `group` and `umask`.
    If it has `forks`, what it starts is forked from it, too.
    The environment must let Python find the package and these tests.
    """
    from dnnsearch.runtime import numerics

    with tempfile.TemporaryDirectory() as outputs:
        subprocess.run(
            [python, "-P", __file__, outputs],
            input=json.dumps(commands),
            text=True,
            cwd=folder,
            env=numerics.pinned("portable", environment),
            check=True,
        )
        return [
            Completed(*json.loads(path.read_text())) for path in sorted(Path(outputs).iterdir())
        ]


def import_program() -> None:
    from tests.support import preloaded

    tracking = (name for name in preloaded.TRACKED if name.startswith("tracking."))
    for name in ("__main__", *preloaded.PROGRAM, *preloaded.DATA, *tracking):
        import_module(f"dnnsearch.{name}")


def run(command: Mapping[str, Any]) -> Completed:
    """Run the command in a fork."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        if (child := os.fork()) == 0:
            os.dup2(output.fileno(), 1)
            os.dup2(errors.fileno(), 2)
            os._exit(main(command))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        for file in (output, errors):
            file.seek(0)
        return Completed(code, output.read(), errors.read())


def main(command: Mapping[str, Any]) -> int:
    if "user" in command:
        os.umask(command["umask"])
        os.setgroups([command["group"]])
        os.setgid(command["group"])
        os.setuid(command["user"])
    os.environ.update(command.get("variables", {}))
    if command.get("forks"):
        import_module("tests.support.forked").fork_children()
    sys.argv = ["dnnsearch", *command["arguments"]]
    try:
        return int(import_module("dnnsearch.__main__").main())
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


if __name__ == "__main__":
    import_program()
    for number, one in enumerate(json.load(sys.stdin)):
        ended = run(one)
        Path(sys.argv[1], f"{number:03}.json").write_text(json.dumps(ended))
        if ended.code:
            break
