"""Several of MLflow's calls in one session of its database, where it writes to one itself.

MLflow opens several sessions in every call, each of which sets the connection up anew and ends with
a commit: of publishing a trial that is a seventh. What a kill leaves is as uncertain as before, for
`log_batch` commits amid its work. It also rolls back where points are there already, which undoes
what was not committed: so nothing may stand before it in its session, and params that are new go
with points that are. It does not try again after a deadlock: whoever publishes does. A server does
as it likes.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient


class SharedSession:
    """`with session():` has all calls of `client` inside share one; for one thread."""

    def __init__(self, client: "MlflowClient") -> None:
        store = client._tracking_client.store
        # what makes a session; a server's client has none
        self._new: Callable[..., Any] | None = getattr(store, "ManagedSessionMaker", None)
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
        """What MLflow takes for a session of its own."""
        if self._open is None:
            assert self._new is not None
            with self._new(read_only=read_only) as session:
                yield session
        else:
            yield self._open
            self._open.flush()
