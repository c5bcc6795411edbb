"""Make several calls of MLflow in one session of its database, if it writes to one itself.

MLflow opens several sessions in every call. Each sets up the connection again and ends with a
commit, which takes a seventh of the time to publish a trial. With a shared session a kill leaves as
much uncertainty as before, because `log_batch` commits in the middle of its work. `log_batch` also
rolls back if points exist already, which undoes what was not committed. So it must be the first
call in its session, and new params are sent with new points only. A shared session does not retry
after a deadlock; the publisher does. If MLflow is a server, or a release that opens its sessions
differently, this module has no effect: each call has sessions of its own.
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from dnnsearch.tracking.client import store_of

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient


class SharedSession:
    """Inside `with session():` all calls of `client` share one session; for one thread only."""

    def __init__(self, client: "MlflowClient") -> None:
        store = store_of(client)
        self._new = _session_maker(store)
        before = getattr(self._new, "__self__", None)  # MLflow has one store for all clients
        if isinstance(before, SharedSession):
            self._new = before._new
        self._open: Any = None
        if self._new:
            store.ManagedSessionMaker = self._session

    @contextmanager
    def __call__(self) -> Iterator[None]:
        if self._new is None:
            yield
            return
        with self._new(read_only=False) as self._open:
            try:
                yield
            finally:
                self._open = None

    @contextmanager
    def _session(self, read_only: bool = True) -> Iterator[Any]:
        """Stand in for MLflow's own function: give it the shared session if one is open."""
        if self._open is None:
            assert self._new is not None
            with self._new(read_only=read_only) as session:
                yield session
        else:
            yield self._open
            self._open.flush()


def _session_maker(store: Any) -> Callable[..., Any] | None:
    """Return MLflow's function that opens a session; None if there is none that we could replace.

    The store of a server has none. An older MLflow has one that takes no argument.
    """
    maker = getattr(store, "ManagedSessionMaker", None)
    if maker is None or list(inspect.signature(maker).parameters) != ["read_only"]:
        return None
    return maker  # type: ignore[no-any-return]
