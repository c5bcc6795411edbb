"""What other libraries, and the literature, call the keys of a config."""

from collections.abc import Collection, Mapping

from dnnsearch.validators import nearest

SYNONYMS = {
    "alpha": "learning_rate",
    "batch": "batch_size",
    "beta": "momentum",
    "cv": "folds",
    "depth": "hidden_layers",
    "early_stopping": "patience",
    "epoch": "iterations",
    "epochs": "iterations",
    "eta": "learning_rate",
    "gradient_clipping": "clip",
    "hidden_layer_sizes": "units",
    "hidden_size": "units",
    "hidden_units": "units",
    "init": "initialization",
    "layers": "hidden_layers",
    "learning_rate_init": "learning_rate",
    "loss": "objective",
    "lr": "learning_rate",
    "lr_scheduler": "schedule",
    "max_epochs": "iterations",
    "max_iter": "iterations",
    "metric": "objective",
    "minibatch_size": "batch_size",
    "n_epochs": "iterations",
    "n_hidden": "units",
    "n_iter": "iterations",
    "n_jobs": "workers",
    "n_layers": "hidden_layers",
    "n_trials": "trials",
    "n_units": "units",
    "neurons": "units",
    "nodes": "units",
    "nonlinearity": "activation",
    "num_epochs": "iterations",
    "num_layers": "hidden_layers",
    "optimizer": "descent",
    "random_state": "seed",
    "repeats": "replicates",
    "scheduler": "schedule",
    "solver": "descent",
    "step_size": "learning_rate",
    "steps": "iterations",
}
EXPLAINED = {"iterations": "iterations, which are parameter updates"}  # to those who count epochs


def meant(name: str, known: Mapping[str, Collection[str]], section: str) -> str:
    """Return ` (did you mean KEY?)` for an unknown key of a section; empty if none is similar.

    `known` has the names of the keys by section, "" for those outside of all. Outside of all a key
    of a section may be meant as well, such as data.columns.
    """
    key = SYNONYMS.get(name.lower(), "")
    if key in known[section]:
        return f" (did you mean {EXPLAINED.get(key, key)}?)"
    return nearest(name, known[section]) or ("" if section else _in_a_section(name, known))


def _in_a_section(name: str, known: Mapping[str, Collection[str]]) -> str:
    """Return the nearest key of a section in the same words, with its section."""
    inner = {key: f"{section}.{key}" for section, keys in known.items() for key in keys if section}
    found = nearest(name, inner)
    return next((found.replace(k, inner[k], 1) for k in inner if f" {k}?" in found), "")
