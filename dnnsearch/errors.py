"""What a user can do something about.

A `UserError` is one line: the rule, the value, the place. The command line prints that line and
ends with exit code 2; every other exception is a mistake of ours and keeps its traceback. Addresses
are in it without their passwords.
"""

from dnnsearch.urls import without_password


class UserError(Exception):
    """Bad input, or a state of the machine that the user has to mend."""

    def __init__(self, message: str) -> None:
        super().__init__(without_password(" ".join(message.split())))
