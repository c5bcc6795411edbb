"""Errors that the user can fix.

A `UserError` is one line: the rule, the value, the place. The command line prints that line and
ends with exit code 2; every other exception is a bug and keeps its traceback. URLs are shown
without their passwords.
"""

from dnnsearch.urls import without_password


class UserError(Exception):
    """Bad input, or a state of the machine that the user has to fix."""

    def __init__(self, message: str) -> None:
        super().__init__(without_password(" ".join(message.split())))


class DamagedFile(UserError):
    """A stored file that does not have the content that it was written with."""
