"""What went wrong with MLflow, in a few words. Does not import MLflow."""

from dnnsearch.urls import without_password

REASONS = {  # what errors say somewhere inside, and what we say
    "connection refused": "connection refused",
    "name or service not known": "the host is not known",
    "failed to resolve": "the host is not known",
    "timed out": "no answer in time",
    "remote end closed": "the connection broke",
    "connection aborted": "the connection broke",
    "no space left": "the disk is full",
    "disk is full": "the disk is full",
    "disk i/o error": "the disk cannot be read or written",
    "database is locked": "the database is locked by somebody else",
    "readonly database": "the database is read-only",
    "read-only file system": "the file system is read-only",
    "unable to open database": "the database file cannot be opened",
    "malformed": "the database file is damaged",
}


def reason(error: BaseException) -> str:
    """One short line for people; an error that we do not know speaks for itself."""
    text = str(error).lower()
    for sign, words in REASONS.items():
        if sign in text:
            return words
    first = next(iter(str(error).strip().splitlines()), "")
    return f"{type(error).__name__}: {without_password(first)[:200]}"
