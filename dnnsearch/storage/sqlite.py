"""SQLite as the place of a study: which file an address names."""

from pathlib import Path

import sqlalchemy
from sqlalchemy.exc import SQLAlchemyError

from dnnsearch.errors import UserError


def sqlite_path(url: str) -> Path | None:
    """The file of a SQLite URL; None for another database; raises UserError for no URL at all."""
    try:
        parsed = sqlalchemy.make_url(url)
    except SQLAlchemyError:
        example = "an address such as sqlite:///optuna.db"
        raise UserError(f"storage: must be {example}, but got {url!r}") from None
    return Path(parsed.database) if parsed.drivername == "sqlite" and parsed.database else None
