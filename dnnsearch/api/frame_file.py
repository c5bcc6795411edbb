"""A table in memory as the file of a study: a search, and those after it, read their data again."""

from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dnnsearch.config.new_config import FOLDER
from dnnsearch.errors import UserError
from dnnsearch.storage.atomic_write import create_whole
from dnnsearch.validators import study_name

if TYPE_CHECKING:
    import pandas as pd


def table(data: Any) -> "pd.DataFrame":
    """Return a table of any library, or records, as a DataFrame; UserError for anything else."""
    import pandas as pd

    from dnnsearch.data.frames import to_pandas

    frame = to_pandas(data)
    if isinstance(frame, pd.DataFrame):
        return frame
    kinds = "a file, a table (pandas, polars, Arrow) or a list of mappings"
    raise UserError(f"data must be {kinds}, but got {type(data).__name__}")


@contextmanager
def as_file(data: Any, name: str) -> Iterator[str]:
    """Yield the path of a file with the data: itself, or configs/NAME.parquet for a table.

    After an exception a new file is removed. Raise UserError if another table is there already.
    """
    if isinstance(data, str | PathLike):
        yield str(data)
        return
    from dnnsearch.data.frames import as_parquet

    try:
        path = FOLDER / f"{study_name(name)}.parquet"
    except ValueError as error:
        raise UserError(f"name {error}") from None
    try:
        content = as_parquet(table(data))
        is_new = _write(path, content)
    except ValueError as error:
        raise UserError(f"the table cannot be stored in {path}: {error}") from None
    try:
        yield str(path)
    except BaseException:
        if is_new:
            path.unlink()
        raise


def _write(path: Path, content: bytes) -> bool:
    """Write the file; return whether it was not there. Raise UserError if it is another table."""
    try:
        path.parent.mkdir(exist_ok=True)
        create_whole(path, content)
    except FileExistsError:
        if path.is_file() and path.read_bytes() == content:
            return False
        raise UserError(f"{path} has another table: choose another name with name=") from None
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}") from None
    return True
