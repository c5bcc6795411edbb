"""dnnsearch from Python: each command is a function of the same name; `try` is `try_config`.

Training and deleting are done by our own program in a process of its own, with pinned numerics, so
that the caller's process and its `__main__` do not matter. Reading and predicting happen here.
Nothing here knows how a study is searched.

- `searches`: `search`, `try_config`.
- `new_file`: `new`, and the overrides of a config as `--set` has them.
- `frame_file`: a table in memory as the file of a study.
- `read_studies`: `load`, `studies`, `show`, `best`, `fingerprint`, `cite`.
- `results`: a study and a trial as objects.
- `reproduction`: `rerun`, `verify`, `lock`, `export`, `import_`, `report`.
- `explanations`: `explain`.
- `promotions`: `promote`, `why`, `compare`, `retune`.
- `models`: `predict`, `serve`.
- `removals`: `publish`, `rm`, `clean`, `ui`.
"""

from dnnsearch.api.explanations import Explained, explain
from dnnsearch.api.models import predict, serve
from dnnsearch.api.new_file import new
from dnnsearch.api.promotions import (
    Ablated,
    Compared,
    Promoted,
    Retuned,
    compare,
    promote,
    retune,
    why,
)
from dnnsearch.api.read_studies import Citation, best, cite, fingerprint, load, show, studies
from dnnsearch.api.removals import clean, publish, rm, ui
from dnnsearch.api.reproduction import Verdict, export, import_, lock, report, rerun, verify
from dnnsearch.api.results import Study, Trial
from dnnsearch.api.searches import search, try_config
from dnnsearch.errors import UserError

__all__ = [
    "Ablated",
    "Citation",
    "Compared",
    "Explained",
    "Promoted",
    "Retuned",
    "Study",
    "Trial",
    "UserError",
    "Verdict",
    "best",
    "cite",
    "clean",
    "compare",
    "explain",
    "export",
    "fingerprint",
    "import_",
    "load",
    "lock",
    "new",
    "predict",
    "promote",
    "publish",
    "report",
    "rerun",
    "retune",
    "rm",
    "search",
    "serve",
    "show",
    "studies",
    "try_config",
    "ui",
    "verify",
    "why",
]
