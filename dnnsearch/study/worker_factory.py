"""Workers for a study: processes on this machine, or a Dask cluster."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from dnnsearch.errors import UserError
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.study.coordinator import Workers
from dnnsearch.study.definition import Definition
from dnnsearch.study.used_arrays import used_arrays
from dnnsearch.workers import LocalWorkers


def open_workers(
    definition: Definition, workers: int | str, store: Path, on_message: Callable[[str], None]
) -> AbstractContextManager[Workers]:
    """Start `workers`, a number of processes or a Dask scheduler's address; close them on exit.

    `store` is the folder of the array store that they train from: the definition's arrays are kept
    from `clean` meanwhile, and prepared again if they are lost. `on_message` gets what the user
    should know about a Dask cluster.
    """
    if isinstance(workers, int):
        return local_workers(definition, workers, store)
    return dask_workers(definition, workers, store, on_message)


@contextmanager
def local_workers(definition: Definition, count: int, store: Path) -> Iterator[LocalWorkers]:
    """Start at most `count` processes on this machine; none is left after the `with` block.

    No more are started than trials can be in flight.
    """
    useful = min(count, definition.config.parallelism)
    with used_arrays(definition, ArrayStore(store)) as arrays:
        workers = LocalWorkers(useful, definition.numerics, store, arrays.restore)
        try:
            yield workers
        finally:
            workers.close()


@contextmanager
def dask_workers(
    definition: Definition, address: str, store: Path, on_message: Callable[[str], None]
) -> Iterator[Workers]:
    """Connect to the workers of the Dask scheduler at `address`.

    Raises UserError if there is no scheduler at the address, or if Dask is not installed.
    """
    try:
        from dnnsearch.workers.dask_pool import DaskWorkers, requirements_of
    except ModuleNotFoundError as error:
        raise UserError(
            f"workers: {address} is a Dask scheduler's address, but {error.name} is not installed: "
            "pip install 'dnnsearch[dask]'"
        ) from error
    requirements = requirements_of(definition.numerics)
    key = definition.prepared.key
    with used_arrays(definition, ArrayStore(store)) as arrays:
        workers = DaskWorkers(address, requirements, store, key, on_message, arrays.restore)
        try:
            yield workers
        finally:
            workers.close()
