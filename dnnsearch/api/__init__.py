"""dnnsearch from Python: the commands under the same names.

What computes or deletes is done by our own program in a process of its own, with pinned numerics;
nothing is searched in the caller's process, and its `__main__` is never looked at. Reading and
predicting happen here.
"""

from dnnsearch.api.models import predict, serve
from dnnsearch.api.new_file import new
from dnnsearch.api.promotions import Promoted, Retuned, promote, retune
from dnnsearch.api.removals import clean, publish, rm, ui
from dnnsearch.api.reproduction import Verdict, report, rerun, verify
from dnnsearch.api.results import Study, Trial
from dnnsearch.api.searches import search
from dnnsearch.api.studies import best, fingerprint, list, load, show
from dnnsearch.errors import UserError

__all__ = [
    "Promoted",
    "Retuned",
    "Study",
    "Trial",
    "UserError",
    "Verdict",
    "best",
    "clean",
    "fingerprint",
    "list",
    "load",
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
    "ui",
    "verify",
]
