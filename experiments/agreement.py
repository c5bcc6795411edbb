"""Do Optuna, MLflow and the records agree about a study? Lists each difference as a sentence.

Optuna and MLflow are read through their own clients, as a user would read them.
"""

import math
from collections.abc import Iterator
from pathlib import Path

import optuna
from mlflow import MlflowClient
from mlflow.entities import Run, ViewType
from optuna.trial import FrozenTrial

# dnnsearch.state -> (state in Optuna, status in MLflow)
STATES = {
    "finished": ("COMPLETE", "FINISHED"),
    "pruned": ("PRUNED", "KILLED"),
    "diverged": ("PRUNED", "KILLED"),
    "failed": ("FAIL", "FAILED"),
}


def disagreements(config: Path, study: str, trials: int, fingerprint: str) -> list[str]:
    """Return a sentence for each difference; none if all `trials` are there and all three agree.

    The study must have ended.
    """
    folder = config.parent
    rows = optuna.load_study(study_name=study, storage=f"sqlite:///{folder}/optuna.db").trials
    parents, children = runs_of(MlflowClient(f"sqlite:///{folder}/mlflow.db"), study)
    found = _numbers(rows, trials)
    found += _parents(parents, fingerprint)
    found += [text for row in rows for text in _trial(row, children.get(row.number, []))]
    found += [
        f"MLflow has a trial {n} that Optuna does not have" for n in children if n >= len(rows)
    ]
    kept = len(list((folder / "records" / study).glob("[0-9]*")))
    return found + ([] if kept == trials else [f"{kept} record files instead of {trials}"])


def runs_of(client: MlflowClient, study: str) -> tuple[list[Run], dict[int, list[Run]]]:
    """Return the parent runs of a study and the runs of each trial, deleted runs included."""
    experiments = [e.experiment_id for e in client.search_experiments(view_type=ViewType.ALL)]
    wanted = f"tags.`dnnsearch.study` = '{study}'"
    runs = client.search_runs(experiments, wanted, ViewType.ALL, max_results=10_000)
    parents: list[Run] = []
    children: dict[int, list[Run]] = {}
    for run in runs:
        number = run.data.tags.get("dnnsearch.trial")
        (parents if number is None else children.setdefault(int(number), [])).append(run)
    return parents, children


def _numbers(rows: list[FrozenTrial], trials: int) -> list[str]:
    numbers = [row.number for row in rows]
    if numbers == list(range(trials)):
        return []
    return [f"Optuna has the trials {numbers} instead of {trials}"]


def _parents(parents: list[Run], fingerprint: str) -> list[str]:
    if len(parents) != 1:
        return [f"MLflow has {len(parents)} parent runs instead of one"]
    status, shown = parents[0].info.status, parents[0].data.tags.get("dnnsearch.fingerprint")
    wrong = [] if status == "FINISHED" else [f"the parent run is {status}"]
    return wrong + ([] if shown == fingerprint else [f"the parent run shows fingerprint {shown}"])


def _trial(row: FrozenTrial, runs: list[Run]) -> Iterator[str]:
    if len(runs) != 1:
        yield f"trial {row.number} has {len(runs)} runs in MLflow"
        return
    run = runs[0]
    state = run.data.tags.get("dnnsearch.state", "")
    stands = row.state.name, run.info.status
    if STATES.get(state) != stands:
        yield f"trial {row.number} is {stands[0]} in Optuna, {stands[1]} and {state} in MLflow"
    ours = row.user_attrs.get("dnnsearch", {})
    if ours.get("digest") != run.data.tags.get("dnnsearch.digest"):
        yield f"trial {row.number} has different digests in Optuna and in MLflow"
    for name, value in row.params.items():
        if run.data.params.get(name) != str(value):
            yield f"trial {row.number} has {name} {value} in Optuna, not in MLflow"
    objective = run.data.metrics.get("objective")
    if (row.value is None) != (objective is None) or not _equal(row.value, objective):
        yield f"trial {row.number} has the value {row.value} in Optuna, {objective} in MLflow"


def _equal(a: float | None, b: float | None) -> bool:
    return a == b or (a is not None and b is not None and math.isclose(a, b, rel_tol=1e-12))
