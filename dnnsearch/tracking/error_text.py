"""Describe an error of MLflow in one short line. Does not import MLflow."""

from dnnsearch.urls import without_password

REASONS = {  # a part of the error's text -> our words
    "connection refused": "connection refused",
    "name or service not known": "the host is not known",
    "failed to resolve": "the host is not known",
    "timed out": "no answer in time",
    "remote end closed": "the connection broke",
    "connection aborted": "the connection broke",
    "no space left": "the disk is full",
    "disk is full": "the disk is full",
    "disk i/o error": "the disk cannot be read or written",
    "database is locked": "the database is locked by another process",
    "readonly database": "the database is read-only",
    "read-only file system": "the file system is read-only",
    "unable to open database": "the database file cannot be opened",
    "malformed": "the database file is damaged",
}
TWO_WRITERS = (
    "IntegrityError",  # SQLAlchemy's: a row was added twice
    "must be in the 'active' state",  # a run of which both made one, deleted by the other
)


def is_of_two_writers(error: BaseException) -> bool:
    """Return whether MLflow refused because another process wrote the same rows at that moment."""
    return any(part in str(error) for part in TWO_WRITERS)


def reason(error: BaseException) -> str:
    """Return one short line for the user; of an unknown error, its type and its first line."""
    text = str(error).lower()
    for part, words in REASONS.items():
        if part in text:
            return words
    first = next(iter(str(error).strip().splitlines()), "")
    return f"{type(error).__name__}: {without_password(first)[:200]}"
