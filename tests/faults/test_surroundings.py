"""Covers what a shell, a service manager or a notebook does to a program.

A surrounding is what standard output and standard error lead to, and the environment. Each command
must do its work in each of them: no traceback, nothing lost, and an exit code that says so.

Such were reported: `>&-` of a service manager, PYTHONIOENCODING=ascii under a leaderboard with a
plus-minus sign, the MPLBACKEND of a notebook whose kernel is another environment.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from itertools import combinations, product
from pathlib import Path

import pytest

from tests.faults.conftest import CONFIG, UNTRACKED, new_folder
from tests.support.preloaded import Preloaded

STREAM = """
import os, sys
def stream(number, name, to):
    if to in ("ascii", "latin1"):
        getattr(sys, name).reconfigure(encoding=to, errors="strict")
    elif to == "closed":
        os.close(number)
        setattr(sys, name, None)
        setattr(sys, f"__{name}__", None)
    elif to == "full":
        full = os.open("/dev/full", os.O_WRONLY)
        os.dup2(full, number)
        os.close(full)
    elif to == "gone":
        reader, writer = os.pipe()
        os.close(reader)
        os.dup2(writer, number)
        os.close(writer)
"""
NO_PROCESSES = """
import ctypes, resource
resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
os.setresuid(65534, 65534, 0)  # the limit does not bind root
ctypes.CDLL(None).setfsuid(0)  # but root's files are read and written
"""
NOTEBOOK = {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}

OUTPUTS = ("fine", "ascii", "latin1", "closed", "full", "gone")
ERRORS = ("fine", "ascii", "closed", "full", "gone")
PLACES = ("shell", "notebook", "no processes")
COMMANDS: dict[str, tuple[str, ...]] = {
    "--help": ("--help",),
    "--version": ("--version",),
    "best": ("best", "wine"),
    "clean": ("clean",),
    "fingerprint": ("fingerprint", "wine"),
    "list": ("list",),
    "new": ("new", "table.csv", "--target=label"),
    "predict": ("predict", "wine/1", "table.csv"),
    "predict --out": ("predict", "wine/1", "table.csv", "--out=answers.csv"),
    "promote": ("promote", "wine", "--top=1", "--replicates=2", "--workers=1"),
    "publish": ("publish", "wine"),  # refused: the study is not tracked
    "report": ("report", "wine"),
    "rerun": ("rerun", "wine/1"),
    "retune": (
        *("retune", "wine", "--data={name: moons, examples: 120, seed: 7}", "--trials=1"),
        *("--first=1", "--top=1", "--replicates=2", "--workers=1"),
    ),
    "rm": ("rm", "wine", "--yes"),
    "search": ("search", "wine.yaml", *UNTRACKED, "--trials=3", "--workers=1"),
    "search --quiet": ("search", "wine.yaml", *UNTRACKED, "--trials=3", "--workers=1", "-q"),
    "search --json": ("search", "wine.yaml", *UNTRACKED, "--trials=3", "--workers=1", "--json"),
    "serve": ("serve", "nothing"),  # refused: there is no such study
    "show": ("show", "wine"),
    "show --csv": ("show", "wine", "--csv=-"),
    "ui": ("ui", "--tracking=nothing"),  # refused: that is no address
    "verify": ("verify", "wine", "--workers=1"),
}
REFUSED = {"publish", "serve", "ui"}
TRAINING = {"promote", "rerun", "retune", "search", "search --quiet", "search --json", "verify"}
EFFECTS = {  # what the command leaves in its folder
    "new": "configs/table.yaml",
    "predict --out": "answers.csv",
    "promote": "records/wine/promotion/*.dnn",
    "report": "report-wine.html",
    "retune": "records/wine-*/0*.npz",
    "search": "records/wine/00002-*.npz",
    "search --json": "records/wine/00002-*.npz",
    "search --quiet": "records/wine/00002-*.npz",
}
MOONS = "data: {name: moons, examples: 120}"

Case = tuple[str, str, str, str]
FULL_PRODUCT: list[Case] = list(product(COMMANDS, OUTPUTS, ERRORS, PLACES))


def cover() -> list[Case]:
    """Return cases with each command, and with each pair of two parts of a surrounding."""
    cases: list[Case] = []
    missing = {pair for values in product(OUTPUTS, ERRORS, PLACES) for pair in pairs(("", *values))}
    names = list(COMMANDS)
    while missing or len(cases) < len(names):
        name = names[len(cases) % len(names)]
        best = max(
            product([name], OUTPUTS, ERRORS, PLACES), key=lambda case: len(pairs(case) & missing)
        )
        missing -= pairs(best)
        cases.append(best)
    return cases


def pairs(case: Case) -> set[tuple[int, str, int, str]]:
    return {(i, case[i], k, case[k]) for i, k in combinations(range(1, 4), 2)}


SHORT_CASES = cover() + [
    ("fingerprint", "closed", "fine", "shell"),
    ("promote", "ascii", "fine", "shell"),
    ("report", "fine", "fine", "notebook"),
    ("search", "ascii", "fine", "shell"),
    ("search", "closed", "fine", "shell"),
    ("search", "gone", "fine", "shell"),
    ("search", "fine", "fine", "no processes"),
    ("show", "ascii", "fine", "shell"),
]
PROOF = [
    pytest.param(*case, marks=pytest.mark.proof) for case in FULL_PRODUCT if case not in SHORT_CASES
]


@pytest.fixture(scope="module")
def template(program: Preloaded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("surroundings")
    with pytest.MonkeyPatch.context() as patch:
        new_folder(folder, patch)
        (folder / "wine.yaml").write_text(CONFIG.replace("data: wine", MOONS))
        program.run(folder, "search", "wine.yaml", "--trials=2", "--workers=1", *UNTRACKED)
    cells = [f"{i % 7 - 3},{i % 5 - 2},{'ab'[i % 2]}" for i in range(60)]
    (folder / "table.csv").write_text("\n".join(["x,y,label", *cells]) + "\n")
    return folder


@pytest.fixture
def searched(template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a copy that every user of the machine may change: pytest's folders are closed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(template, folder, dirs_exist_ok=True)
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o777 if path.is_dir() else 0o666)
        monkeypatch.setenv("DNNSEARCH_CACHE", str(folder / "cache"))
        yield folder


def expected_code(name: str, output: str, place: str) -> int:
    if name in REFUSED or (place == "no processes" and name in TRAINING):
        return 2
    return 2 if output == "full" else 0


@pytest.mark.parametrize(("name", "output", "errors", "place"), [*SHORT_CASES, *PROOF])
def test_a_command_does_its_work_and_says_how_it_ended(
    program: Preloaded, searched: Path, name: str, output: str, errors: str, place: str
) -> None:
    if place == "no processes" and os.geteuid() != 0:
        pytest.skip("only root can become another user")
    planted = STREAM + (NO_PROCESSES if place == "no processes" else "")
    planted += f"stream(1, 'stdout', {output!r})\nstream(2, 'stderr', {errors!r})\n"
    variables = NOTEBOOK if place == "notebook" else {}
    command = program.start(searched, *COMMANDS[name], planted=planted, **variables)
    code, said = command.wait(), command.said
    print(said)
    assert "Traceback" not in said
    assert code == expected_code(name, output, place)
    if errors in ("fine", "ascii") and code == 2:
        assert [line for line in said.splitlines() if line.startswith("error: ")]
    if name in EFFECTS and not (place == "no processes" and name in TRAINING):
        (path, *_) = searched.glob(EFFECTS[name])
        assert path.stat().st_size > 0
