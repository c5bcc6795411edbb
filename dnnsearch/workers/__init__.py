"""Where trials are trained: worker processes, and the pools that feed them, local or on Dask.

A pool takes specs (`submit`), returns events (`poll`) and ends its workers (`close`). Workers get a
spec and the digest of its data, and send back a packed record. They do not know what a study,
Optuna or MLflow is.

- `events`: what a pool reports of a trial: progress, done, failed.
- `scheduler`: which trial runs where, and which trials are suspected after a crash.
- `lost_data`: what happens if the arrays of a trial are missing or damaged.
- `worker_main`: the program of a worker process.
- `worker_process`: a worker process, seen from the process that started it.
- `local_pool`: worker processes on this machine.
- `dask_pool`: workers of a Dask cluster, with the interface of the local pool.
- `dask_cluster`: the connection to a Dask cluster, on a thread of its own.
- `cluster_events`: what the connection reports to the pool.
- `dask_task`: what runs on a Dask worker.
- `transfer`: copies a group of arrays from one machine's array store into another's.
"""

from dnnsearch.workers.events import Done, Event, Failed, Progressed
from dnnsearch.workers.local_pool import LocalWorkers

__all__ = ["Done", "Event", "Failed", "LocalWorkers", "Progressed"]
