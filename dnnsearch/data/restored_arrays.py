"""Prepared arrays that are missing or damaged, prepared again from the source.

The cache may be emptied at any time, by `dnnsearch clean`, a cleaner of the system or a person. The
same request gives the same arrays, so that nobody who uses them notices.
"""

from dnnsearch.data.prepare import DataRequest, prepare
from dnnsearch.errors import UserError
from dnnsearch.storage.array_store import ArrayStore, DamagedArrays
from dnnsearch.storage.mapped_arrays import MappedArrays

MAX_ATTEMPTS = 3  # to open what another process may remove at that moment


def restore(request: DataRequest, store: ArrayStore, address: str) -> None:
    """Make the group whole, one of those that the request is prepared to; nothing if it is whole.

    Raise UserError if the source is gone or has changed, or if the arrays cannot be stored.
    """
    if store.is_intact(address):
        return
    lost = f"the prepared data in {store.root} are missing or damaged and cannot be prepared again"
    try:
        for whole in (False, True):
            prepared = prepare(request, store, whole=whole)
            if address in (prepared.key, prepared.test_key):
                return
    except UserError as error:
        raise UserError(f"{lost}: {error}") from None
    raise UserError(f"{lost}: {request.place}: data: they have changed since")


def open_restored(request: DataRequest, store: ArrayStore, address: str) -> MappedArrays:
    """Return the group's maps; restore it first if needed, and raise UserError as `restore`."""
    for _ in range(MAX_ATTEMPTS):
        restore(request, store, address)
        try:
            return store.open(address)
        except (KeyError, DamagedArrays):
            continue
    raise UserError(
        f"the prepared data in {store.root} vanish as soon as they are prepared; choose another "
        "folder: DNNSEARCH_CACHE=FOLDER"
    )
