"""Whether results can be reproduced, and the report on them."""

from dataclasses import dataclass
from pathlib import Path, PosixPath

from dnnsearch.runtime.cli_process import run_cli
from dnnsearch.urls import DEFAULT_RECORDS, storage_url


@dataclass(frozen=True)
class Verdict:
    """The result of a rerun or a verification, and its text."""

    identical: bool
    text: str

    def _repr_html_(self) -> str:
        """Return the verdict for a notebook."""
        from dnnsearch.reporting.html import notebook

        title = "identical" if self.identical else "not identical"
        return notebook.said(title, self.text, self.identical)


class ReportPage(PosixPath):
    """The path of a report, which a notebook shows as the page itself."""

    def _repr_html_(self) -> str | None:
        """Return the page in a frame; None if the file is no longer there."""
        from dnnsearch.reporting.html import notebook

        return notebook.framed_page(self.read_text("utf-8")) if self.is_file() else None


def rerun(run_: str, *, storage: str | None = None) -> Verdict:
    """Train a trial again and compare every bit; `run_` is STUDY/NUMBER or an MLflow run's id.

    Raise UserError if there is no such trial, or if it cannot be compared.
    """
    return Verdict(**run_cli(["rerun", "--", run_], storage=storage_url(storage)))


def verify(study: str, *, data: str | Path | None = None, storage: str | None = None) -> Verdict:
    """Run a whole study and its promotions again and compare every bit.

    `study` may also be a lock file, or what `export` wrote; `data` is then the file of its data, by
    default that which is enclosed. Raise UserError if there is no such study, or if it cannot be
    compared.
    """
    options = ["--quiet", *([] if data is None else [f"--data={data}"])]
    return Verdict(**run_cli(["verify", *options, "--", study], storage=storage_url(storage)))


def lock(study: str, *, config: str | Path | None = None, storage: str | None = None) -> Path:
    """Write a study's lock file beside its config and return its path.

    `config` is by default STUDY.yaml or configs/STUDY.yaml. Raise UserError if there is none, or if
    it does not lead to the study.
    """
    options = [] if config is None else [f"--config={config}"]
    return Path(run_cli(["lock", *options, "--", study], storage=storage_url(storage))["file"])


def export(
    study: str,
    file: str | Path | None = None,
    *,
    with_data: bool = False,
    storage: str | None = None,
) -> Path:
    """Write a study into one file, by default STUDY.dnnstudy, and return its path.

    The rows of the data are enclosed only if `with_data`. Raise UserError if a trial is unfinished
    or a record is damaged.
    """
    options = ["--with-data"] if with_data else []
    names = [study] if file is None else [study, str(file)]
    return Path(run_cli(["export", *options, "--", *names], storage=storage_url(storage))["file"])


def import_(
    file: str | Path,
    *,
    data: str | Path | None = None,
    records: str | Path = DEFAULT_RECORDS,
    tracking: str | None = None,
    storage: str | None = None,
) -> str:
    """Make the study of a file that `export` wrote, publish it to MLflow, and return its name.

    `data` is the file of its data, by default that which is enclosed. Raise UserError if the file
    was changed, or if there is a study of this name.
    """
    given = {"data": data, "records": records, "tracking": tracking}
    options = [f"--{key}={value}" for key, value in given.items() if value is not None]
    result = run_cli(["import", *options, "--", str(file)], storage=storage_url(storage))
    return str(result["study"])


def report(*studies: str, out: str | Path | None = None, storage: str | None = None) -> ReportPage:
    """Write a report on a study, or one that compares several, as one HTML file; return its path.

    A notebook shows the page itself. The path is by default report-STUDY.html in the current
    folder. The report is also attached to the studies' runs in MLflow. Raise UserError if a record
    is missing or damaged.
    """
    options = [] if out is None else [f"--out={out}"]
    arguments = ["report", "--quiet", *options, "--", *studies]
    return ReportPage(run_cli(arguments, storage=storage_url(storage))["file"])
