"""Who trains: processes that run one spec after another, and the pool that feeds them.

The seam is small: submit a spec, poll for events, close. Workers know nothing of studies, Optuna or
MLflow; they get a spec and the digest of its data, and send back a packed record.
"""

from dnnsearch.workers.events import Done, Event, Failed, Progressed
from dnnsearch.workers.local_pool import LocalWorkers

__all__ = ["Done", "Event", "Failed", "LocalWorkers", "Progressed"]
