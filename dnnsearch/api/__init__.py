"""dnnsearch from Python: the commands under the same names.

What computes or deletes is done by our own program in a process of its own, with pinned numerics;
nothing is searched in the caller's process, and its `__main__` is never looked at. Reading and
predicting happen here.
"""

from dnnsearch.api.beginning import new
from dnnsearch.api.champions import Promoted, Retuned, promote, retune
from dnnsearch.api.housekeeping import clean, publish, rm, ui
from dnnsearch.api.judging import Verdict, report, rerun, verify
from dnnsearch.api.looking import best, fingerprint, list, load, show
from dnnsearch.api.models import predict, serve
from dnnsearch.api.searching import search
from dnnsearch.errors import UserError
from dnnsearch.results import Study, Trial

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
