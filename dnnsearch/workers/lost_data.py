"""What a pool does if the arrays of a trial are missing or damaged where it is trained.

They are restored by a function that the owner of the pool gives it, and the trial runs again; it is
no event, because nothing was wrong with the trial. If it happens without end, the search ends.
"""

from collections.abc import Callable
from pathlib import Path

from dnnsearch.errors import UserError

Restore = Callable[[str], None]  # makes the group of this digest whole, or raises UserError
MAX_LOSSES = 10  # of the data of one trial


def no_restore(arrays: str) -> None:
    """Do nothing: the owner of the pool cannot make the arrays again, and the losses add up."""


def check_losses(number: int, losses: int, cause: str, store: Path) -> None:
    """Raise UserError if the data of the trial were lost too often."""
    if losses >= MAX_LOSSES:
        raise UserError(
            f"the data of trial {number} were missing or damaged {losses} times: {cause}; "
            f"something empties or changes {store}, choose another folder: DNNSEARCH_CACHE=FOLDER"
        )
