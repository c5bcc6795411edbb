"""What do damaged and hostile files and requests do to the commands that read them?

Question:    is everything either taken or refused in one line: no traceback, no hang, no memory
             out of proportion?
Scientific:  what is read: configs with --set (`search`), tables of every format (`new`), bombs and
             tables beyond the limits (`new`), model files (`predict`), requests (`serve`); how they
             are damaged: bytes torn, values reworded, shapes and headers changed
Nuisance:    the seed
Fixed:       one in fifty of configs, tables and model files, and every bomb, is read by the real
             command in a process of its own; the others by the same functions in one process. The
             server is the real one. A hang is 30 seconds of processor time
Command:     python experiments/fuzz.py [--tiny] [--only SECTION] [--keep FILE] [--seed 0]
             [--configs 2000] [--tables 1000] [--models 2000] [--bodies 300]
             --keep has the results of sections that have ended; they are not run again
Result:      fuzz.md, written by this program
"""

import json
import multiprocessing
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from dnnsearch.cli.startup import read_early
from dnnsearch.config.config import load_config
from dnnsearch.deployment import trial_model
from dnnsearch.models import model_file
from dnnsearch.models.predict_table import predict_file
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.study.definition import resolve_definition
from dnnsearch.study.stored_study import open_study
from experiments import fuzz_bodies, fuzz_bombs, fuzz_tables, mutations, report
from experiments.fuzz_measures import Tally, attempt, run_command
from experiments.processes import finish, start, write_config

ONE_IN = 50  # inputs that the real command reads
CONFIGS = Path(__file__).parents[1] / "configs"
KEYS = (
    "data",
    "trials",
    "units",
    "learning_rate",
    "try_first",
    "split.dev",
    "data.target",
    "a.b.c",
)
TEXTS = ("{" * 3000, "[" * 900 + "]" * 900, "&a [*a]", "!!python/name:os.system", "1e999", "\0")
SEARCH = {
    "iterations": 40,
    "curve_every": 20,
    "trials": 1,
    "learning_rate": 0.1,
    "hidden_layers": 1,
    "units": 4,
    "activation": "tanh",
    "momentum": 0.9,
    "batch_size": 16,
    "tracking": "none",
}
MODELS: dict[str, dict[str, Any]] = {
    "binary": {"data": {"file": fuzz_tables.NAME, "target": fuzz_tables.TARGET}},
    "classes": {"data": "iris", "replicates": 2},
    "numbers": {"data": {"bundled": "diabetes", "target": "target"}, "objective": "dev_r2"},
}


def config_text(rng: np.random.Generator, texts: Sequence[str]) -> bytes:
    """Return a config that is torn, or has values reworded or texts put in."""
    text = texts[int(rng.integers(len(texts)))]
    how = rng.integers(4)
    if how == 0:
        return mutations.torn(rng, text.encode())
    if how == 1:
        at = int(rng.integers(len(text)))
        return (text[:at] + TEXTS[int(rng.integers(len(TEXTS)))] + text[at:]).encode()
    document = yaml.safe_load(text)
    for _ in range(rng.integers(1, 4)):
        changed = mutations.reworded(rng, document)
        document = changed if isinstance(changed, dict) else {"data": changed}
    return str(yaml.safe_dump(document)).encode()


def overrides(rng: np.random.Generator) -> list[str]:
    """Return an argument of --set for one in four."""
    key, value = rng.choice(KEYS), mutations.VALUES[rng.integers(len(mutations.VALUES))]
    return [f"{key}={json.dumps(value)}"] if rng.integers(4) == 0 else []


def configs(count: int, seed: int, tally: Tally) -> None:
    texts = [path.read_text() for path in sorted(CONFIGS.glob("*.yaml"))]
    store, path = ArrayStore(Path("store").resolve()), Path("fuzz.yaml")

    def search(settings: list[str]) -> str:
        read_early(path, settings)
        resolve_definition(load_config(path, settings), store)
        return "taken"

    for i, rng in seeded(count, seed):
        path.write_bytes(config_text(rng, texts))
        settings = overrides(rng)
        attempt(tally, i, search, settings)
        if i % ONE_IN == 0:
            given = [f"--set={setting}" for setting in settings]
            run_command(tally, i, ["search", str(path), "--dry-run", *given])


def models(count: int, seed: int, tally: Tally) -> None:
    """Files of three kinds of models, with rows that they predict."""
    made, path = made_models(Path.cwd()), Path("model.dnn")

    def predict(rows: Path) -> str:
        for _ in predict_file(model_file.read(path), rows):
            pass
        return "taken"

    for i, rng in seeded(count, seed):
        content, rows = made[int(rng.integers(len(made)))]
        path.write_bytes(mutations.mutant(rng, content))
        attempt(tally, i, predict, rows)
        if i % ONE_IN == 0:
            run_command(tally, i, ["predict", str(path), str(rows), "--out", "answers.csv"])


def made_models(folder: Path) -> list[tuple[bytes, Path]]:
    """Return the files of models of every kind, each of a search of one trial, and rows for it."""
    fuzz_tables.people().to_csv(folder / fuzz_tables.NAME, index=False)
    made = []
    os.environ["DNNSEARCH_CACHE"] = str(folder / "cache")
    for name, given in MODELS.items():
        finish(start(write_config(folder, name, {**SEARCH, **given})))
        study = open_study(name, f"sqlite:///{folder}/optuna.db")
        model, rows = trial_model.model(study, study.record(0)), folder / f"{name}.csv"
        model.inputs.typical().to_csv(rows, index=False)
        made.append((model_file.encode(model), rows))
    return made


def bodies(count: int, seed: int, tally: Tally) -> None:
    file = Path("binary.dnn")
    file.write_bytes(made_models(Path.cwd())[0][0])
    fuzz_bodies.fuzz(file, seeded(count, seed), tally)


def tables(count: int, seed: int, tally: Tally) -> None:
    fuzz_tables.fuzz(seeded(count, seed), tally, ONE_IN)


def bombs(count: int, seed: int, tally: Tally) -> None:
    fuzz_bombs.detonate(tally, count)


SECTIONS: dict[str, Callable[[int, int, Tally], None]] = {
    "configs": configs,
    "tables": tables,
    "bombs": bombs,
    "models": models,
    "bodies": bodies,
}


def seeded(count: int, seed: int) -> Iterator[tuple[int, np.random.Generator]]:
    """Yield a number and a generator of its own for each input, so that it can be made again."""
    return ((i, np.random.default_rng([seed, i])) for i in range(count))


def run(section: str, count: int, seed: int) -> Tally:
    """Run one section in a new folder, which is the working folder."""
    tally, here = Tally(section), Path.cwd()
    with tempfile.TemporaryDirectory(prefix="dnnsearch-fuzz-") as folder:
        os.chdir(folder)
        try:
            SECTIONS[section](count, seed, tally)
        finally:
            os.chdir(here)
    return tally


def in_a_process(section: str, count: int, seed: int) -> Tally:
    """Run one section in a process of its own, whose memory is then measured alone."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        return pool.submit(run, section, count, seed).result()


def kept(path: Path | None) -> dict[str, Tally]:
    if path is None or not path.exists():
        return {}
    return {name: Tally(**given) for name, given in json.loads(path.read_text()).items()}


HEADER = ["what", "inputs", "taken", "refused", "problems", "most seconds", "most MB"]
DETAILS = ["what", "answer", "inputs"]


def conclusion(done: dict[str, Tally]) -> str:
    wrong = [f"{name} {problem}" for name, tally in done.items() for problem in tally.problems]
    units = (
        "Seconds are processor time of one input, in a process of its own or in the common one; "
        "MB is the most memory of a process of its own, imports included."
    )
    total = f"{sum(t.inputs for t in done.values())} inputs, {len(wrong)} problems."
    return "\n\n".join([units, *(f"Problem: {problem}" for problem in wrong), total])


def main(given: Sequence[str] | None = None) -> dict[str, Tally]:
    parser = report.parser_of(__file__, __doc__)
    parser.add_argument("--only", choices=SECTIONS, action="append", help="repeatable")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="results, and where to resume")
    parser.add_argument("--seed", type=int, default=0)
    for name, count in COUNTS.items():
        parser.add_argument(f"--{name}", type=int, default=count, metavar="N")
    asked = parser.parse_args(given)
    done = kept(asked.keep)
    for name in asked.only or SECTIONS:
        if name not in done:
            count = min(getattr(asked, name), 10) if asked.tiny else getattr(asked, name)
            done[name] = in_a_process(name, count, asked.seed)
            print(done[name], flush=True)
        if asked.keep:
            asked.keep.write_text(json.dumps({n: vars(t) for n, t in done.items()}))
    rows = [tally.row() for tally in done.values()]
    details = [[n, end, count] for n, t in done.items() for end, count in sorted(t.ends.items())]
    tables_ = report.table(HEADER, rows), report.table(DETAILS, details)
    report.write(asked.out, __doc__, *tables_, conclusion(done))
    return done


COUNTS = {"configs": 2000, "tables": 1000, "bombs": 100, "models": 2000, "bodies": 300}

if __name__ == "__main__":
    raise SystemExit(any(tally.problems for tally in main().values()))
