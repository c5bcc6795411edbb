"""Does `new` read the files that people have, and is each refusal one that can be acted upon?

Question:    of files of all kinds that were reported to go wrong somewhere, how many does `new`
             read, how many after its own advice, and does any end in a traceback?
Scientific:  the kind of the file (experiments/file_kinds)
Nuisance:    the seed, which varies the spelling, the mark, the encoding, the place of the damage
Fixed:       a table of 80 customers with a target that can be learnt
Command:     python experiments/sweep_files.py [--seeds 5] [--kind KIND] [--data FOLDER] [--tiny]
Result:      sweep_files.md, written by this program: for each kind how many files were read at
             once, after one or more advices, or lack what a search needs (too few rows, one class,
             no table), which no advice can mend. An advice is applied as it is written: a command
             in a shell, `--set` as an argument. With --data the files of a folder are tried too
"""

import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import chdir
from dataclasses import dataclass, replace
from pathlib import Path

from dnnsearch.config.config import load_config
from dnnsearch.config.new_config import new
from dnnsearch.data import file_table
from dnnsearch.errors import UserError
from experiments import report
from experiments.file_kinds import KINDS, Made, make

MAX_ADVICES = 4
READ, ADVISED, LACKING, STUCK, BROKEN = "read", "advised", "lacking", "stuck", "traceback"
LACKS = re.compile(  # what only other data can mend
    r"must have content|has a header only|needs \d+ rows|must have rows|at least 2 columns"
    r"|must have (at least )?2 classes|has one class|is constant|each row has another label"
    r"|is (a PDF|one image|a web page|an SQL dump|an R workspace|an SPSS|a pointer)"
    r"|no usable column|only one class|must have classes that recur|looks like an identifier"
)


@dataclass(frozen=True)
class Outcome:
    """What came of a file: one of the five words, what was said last, and the advices taken."""

    end: str
    said: str = ""
    advices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Attempt:
    """A call of `new`: the file, and its arguments."""

    file: str
    arguments: tuple[str, ...]

    def start(self) -> Path:
        """Write the config; return its path. Raise UserError for what `new` refuses."""
        given = dict(zip(self.arguments[::2], self.arguments[1::2]))
        settings = [v for k, v in zip(self.arguments[::2], self.arguments[1::2]) if k == "--set"]
        return new(self.file, given.get("--target"), "sweep", None, settings).path


def outcome(made: Made, folder: Path) -> Outcome:
    """Return what comes of a file in an empty folder, as a user who follows each advice."""
    for name, content in {made.name: made.content, **made.others}.items():
        (folder / name).write_bytes(content)
    with chdir(folder):
        return _tried(Attempt(made.name, tuple(made.arguments)), made)


def _tried(attempt: Attempt, made: Made) -> Outcome:
    advices: list[str] = []
    said = ""
    while len(advices) <= MAX_ADVICES:
        try:
            _check_read_again(attempt.start())
            return Outcome(ADVISED if advices else READ, said, tuple(advices))
        except UserError as error:
            said = str(error)
        except Exception:
            return Outcome(BROKEN, traceback.format_exc(), tuple(advices))
        if "\n" in said:
            return Outcome(STUCK, said, tuple(advices))
        if LACKS.search(said):
            return Outcome(LACKING, said, tuple(advices))
        advised = _advised(said, attempt, made)
        if advised is None or advised[1] in (attempt, None):
            break
        advices.append(advised[0])
        attempt = advised[1]
    return Outcome(STUCK, said, tuple(advices))


def _check_read_again(path: Path) -> None:
    """Raise an error if the config that was written does not read its own file."""
    config = load_config(path)
    file_table.load_table(config.data, config.split.by)


Remedy = Callable[[re.Match[str], Attempt, Made], Attempt]


def _advised(said: str, attempt: Attempt, made: Made) -> tuple[str, Attempt] | None:
    """Return the first advice in a refusal and what `new` is called with after it."""
    for name, pattern, remedy in REMEDIES:
        found = re.search(pattern, said)
        if found:
            return name, remedy(found, attempt, made)
    return None


def _with_argument(attempt: Attempt, *arguments: str) -> Attempt:
    return replace(attempt, arguments=(*attempt.arguments, *arguments))


def _setting(found: re.Match[str], attempt: Attempt, made: Made) -> Attempt:
    return _with_argument(attempt, "--set", shlex.split(found[1])[0])


def _target(found: re.Match[str], attempt: Attempt, made: Made) -> Attempt:
    others = [argument for argument in attempt.arguments if argument != "--target"]
    kept = others[1:] if len(others) < len(attempt.arguments) else others
    return replace(attempt, arguments=("--target", found[1], *kept))


def _command(found: re.Match[str], attempt: Attempt, made: Made) -> Attempt:
    """Run a command of an advice in the folder; the file that is new is the one to read."""
    command = found[1].replace("FILE", attempt.file).replace("NEW", "new.csv")
    before = {path: path.stat().st_mtime_ns for path in Path().iterdir()}
    path = f"PATH={Path(sys.executable).parent}:$PATH; "
    subprocess.run(path + command, shell=True, check=False, capture_output=True)
    new_files = [path for path in Path().iterdir() if path not in before and path.is_file()]
    return replace(attempt, file=new_files[0].name if new_files else attempt.file)


def _saved(found: re.Match[str], attempt: Attempt, made: Made) -> Attempt:
    """Do what a spreadsheet program does when a sheet is saved as CSV."""
    Path("saved.csv").write_bytes(made.saved)
    return replace(attempt, file="saved.csv")


def _edited(change: Callable[[list[str], re.Match[str]], list[str]]) -> Remedy:
    def remedy(found: re.Match[str], attempt: Attempt, made: Made) -> Attempt:
        lines = Path(attempt.file).read_text(encoding="utf-8").split("\n")
        Path("edited.csv").write_text("\n".join(change(lines, found)), encoding="utf-8")
        return replace(attempt, file="edited.csv")

    return remedy


def _without_row(lines: list[str], found: re.Match[str]) -> list[str]:
    return [line for i, line in enumerate(lines, start=1) if i != int(found[1])]


def _without_quotes(lines: list[str], found: re.Match[str]) -> list[str]:
    return [line.removeprefix('"').removesuffix('"').replace('""', '"') for line in lines]


def _renamed(lines: list[str], found: re.Match[str]) -> list[str]:
    names = lines[0].split(",")
    names[int(found[2])] += "_2"
    return [",".join(names), *lines[1:]]


def _one_spelling(lines: list[str], found: re.Match[str]) -> list[str]:
    return [re.sub(rf"{re.escape(found[2])}$", found[1], line) for line in lines]


REMEDIES: tuple[tuple[str, str, Remedy], ...] = (
    ("a setting", r"--set ('[^']+'|\S+?)(?=[,;:)\s]|$)", _setting),
    ("a setting", r"[Ss]et (data\.[\w.]+=[^\s,;:]+)", _setting),
    ("a command", r": (\S*python\S* -c .+)$", _command),
    ("a command", r"unpack it \((tar [^)]+)\)", _command),
    ("a command", r"as in ((?:tr|iconv) .+)$", _command),
    ("a command", r"; (unpack it and name one of them)", lambda f, a, m: _unzipped(a)),
    ("saved as CSV", r"save its sheet as CSV", _saved),
    ("a target", r"--target is required: choose one of .*?(\w+)(?= and \d+ more|$)", _target),
    ("a target", r"did you mean '?(left)'?", _target),
    ("outer quotes removed", r"remove the outer quotes", _edited(_without_quotes)),
    ("a row mended", r"row (\d+) has \d+ cells", _edited(_without_row)),
    ("a column renamed", r"'(\w+)' is column \d+ and (\d+)", _edited(_renamed)),
)


def _unzipped(attempt: Attempt) -> Attempt:
    shutil.unpack_archive(attempt.file)
    return replace(attempt, file="customers.csv")


def sweep(kinds: Sequence[str], seeds: int) -> dict[str, list[Outcome]]:
    """Return the outcomes of each kind by seed."""
    found: dict[str, list[Outcome]] = {}
    for kind in kinds:
        for seed in range(seeds):
            with tempfile.TemporaryDirectory() as folder:
                found.setdefault(kind, []).append(outcome(make(kind, seed), Path(folder)))
    return found


def of_folder(folder: Path) -> list[tuple[str, Outcome]]:
    """Return the outcomes of the files below a folder; the target is the last column."""
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        with tempfile.TemporaryDirectory() as place, chdir(place):
            attempt = Attempt(str(path.resolve()), ("--target", "-1"))
            found.append((path.name, _tried(attempt, Made(path.name, b""))))
    return found


def summary(outcomes: Sequence[Outcome]) -> list[object]:
    """Return how often each end came, and the advices that were taken."""
    ends = Counter(outcome.end for outcome in outcomes)
    advices = Counter(advice for outcome in outcomes for advice in outcome.advices)
    counts = [ends[end] or "" for end in (READ, ADVISED, LACKING, STUCK, BROKEN)]
    return [*counts, ", ".join(advices)]


def main(given: Sequence[str] | None = None) -> None:
    """Run the sweep and write its report."""
    parser = report.parser_of(__file__, __doc__ or "")
    parser.add_argument("--seeds", type=int, default=5, help="files of each kind")
    parser.add_argument("--kind", action="append", choices=list(KINDS), help="only this kind")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="also try the files in it")
    arguments = parser.parse_args(given)
    kinds = arguments.kind or list(KINDS)[: 3 if arguments.tiny else None]
    found = sweep(kinds, 1 if arguments.tiny else arguments.seeds)
    header = ["kind", READ, ADVISED, LACKING, STUCK, BROKEN, "advices taken"]
    rows = [[kind, *summary(outcomes)] for kind, outcomes in found.items()]
    every = [one for outcomes in found.values() for one in outcomes]
    rows.append(["all", *summary(every)])
    paragraphs = [report.table(header, rows)]
    unsettled = [
        f"- {kind}, seed {i}: {one.said.strip().splitlines()[-1]}"
        for kind, outcomes in found.items()
        for i, one in enumerate(outcomes)
        if one.end in (STUCK, BROKEN)
    ]
    paragraphs += ["\n".join(unsettled)] if unsettled else []
    if arguments.data:
        files = of_folder(arguments.data)
        rows = [[name, one.end, ", ".join(one.advices), one.said[:80]] for name, one in files]
        paragraphs.append(report.table(["file", "end", "advices", "said"], rows))
    report.write(arguments.out, __doc__ or "", *paragraphs)


if __name__ == "__main__":
    main()
