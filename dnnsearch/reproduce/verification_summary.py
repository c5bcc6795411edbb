"""A verdict as Markdown, for the page on which a CI shows its results."""

from pathlib import Path

from dnnsearch.errors import UserError
from dnnsearch.reproduce.verify import Verification


def markdown(of: str, verification: Verification) -> str:
    """Return a heading with the verdict on `of`, a study or a lock file, and all its lines."""
    lines = "\n".join(verification.lines)
    return f"### `dnnsearch verify {of}`: {verification.verdict}\n\n```text\n{lines}\n```\n\n"


def append(path: Path, of: str, verification: Verification) -> None:
    """Append the verdict to a file, which may have others; raise UserError if that fails."""
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(markdown(of, verification))
    except OSError as error:
        raise UserError(f"--summary {path} cannot be written: {error.strerror}") from error
