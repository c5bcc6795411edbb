"""Reproducible hyperparameter search for deep neural networks in NumPy, recorded in MLflow.

A trial is a pure function of its spec, a study is a pure function of its definition, and MLflow
shows the results. Importing the package loads nothing heavy: each name is loaded when it is first
used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dnnsearch.api import (
        Ablated,
        Citation,
        Compared,
        Explained,
        Promoted,
        Retuned,
        Verdict,
        best,
        cite,
        clean,
        compare,
        explain,
        export,
        fingerprint,
        import_,
        load,
        lock,
        new,
        predict,
        promote,
        publish,
        report,
        rerun,
        retune,
        rm,
        search,
        serve,
        show,
        try_config,
        ui,
        verify,
        why,
    )
    from dnnsearch.api.read_studies import studies
    from dnnsearch.api.results import Study, Trial
    from dnnsearch.errors import UserError
    from dnnsearch.estimators.networks import DeepNetClassifier, DeepNetRegressor
    from dnnsearch.estimators.search_estimator import DeepNetSearch

    __version__: str

API = "dnnsearch.api"
MODULES = {  # of the names that are not in the API's module
    "DeepNetClassifier": "dnnsearch.estimators.networks",
    "DeepNetRegressor": "dnnsearch.estimators.networks",
    "DeepNetSearch": "dnnsearch.estimators.search_estimator",
}
ALIASES = {"list": "studies"}  # not in __all__: `import *` must not replace the builtin
__all__ = [
    "Ablated",
    "Citation",
    "Compared",
    "DeepNetClassifier",
    "DeepNetRegressor",
    "DeepNetSearch",
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


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from dnnsearch.runtime.package_version import package_version

        return package_version()
    name = ALIASES.get(name, name)
    if name not in __all__:
        raise AttributeError(f"module 'dnnsearch' has no attribute {name!r}")
    return getattr(import_module(MODULES.get(name, API)), name)


def __dir__() -> Any:
    return sorted([*globals(), *__all__, *ALIASES, "__version__"])
