"""Whether results come out again, and the report on them."""

from dataclasses import dataclass
from pathlib import Path

from dnnsearch.api.cli_call import call_cli, storage_of


@dataclass(frozen=True)
class Verdict:
    """What a rerun or a verification found, and its text."""

    identical: bool
    text: str


def rerun(run_: str, *, storage: str | None = None) -> Verdict:
    """Train a trial again, STUDY/NUMBER or the id of an MLflow run, and compare everything.

    Raises UserError where that cannot be done.
    """
    return _verdict(["rerun", "--", run_], storage_of(storage))


def verify(study: str, *, storage: str | None = None) -> Verdict:
    """Run a whole study again, compare everything; UserError where that cannot be done."""
    return _verdict(["verify", "--quiet", "--", study], storage_of(storage))


def _verdict(arguments: list[str], storage: str) -> Verdict:
    code, said = call_cli(arguments, storage)
    return Verdict(code == 0, said)


def report(*studies: str, out: str | Path | None = None, storage: str | None = None) -> Path:
    """Write the report on a study, or one that compares several, as one HTML file.

    It is also laid beside the studies in MLflow, where they are there. Returns the file, by default
    report-STUDY.html here. Raises UserError where a record is missing or damaged.
    """
    given = [] if out is None else [f"--out={out}"]
    _, said = call_cli(["report", "--quiet", *given, "--", *studies], storage_of(storage))
    return Path(said.splitlines()[-1])
