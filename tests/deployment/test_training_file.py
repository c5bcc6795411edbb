"""Whatever table is accepted, its own rows become the inputs that training saw, by every way.

The tables are drawn from the kinds of columns that people have: truths, codes, formatted numbers,
dates, durations, mixed levels, gaps. A way may refuse rows that another program has changed, but
never answer with other inputs.
"""

import io
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dnnsearch.config.config import load_config, parse_config
from dnnsearch.config.new_config import new
from dnnsearch.data import file_table
from dnnsearch.data.cells import CellFormat
from dnnsearch.data.files.prediction_rows import rows_of
from dnnsearch.data.files.reading_version import READING
from dnnsearch.data.model_inputs import inputs
from dnnsearch.data.prepare import prepare
from dnnsearch.models.ensemble import Model, assemble
from dnnsearch.models.model_file import encode
from dnnsearch.models.predict_table import predict_file
from dnnsearch.storage.array_store import ArrayStore
from dnnsearch.study.definition import Definition
from dnnsearch.tracking.model_folder import write_folder
from dnnsearch.tracking.scoring_server import CheckedServer
from dnnsearch.trials.hyperparameters import Hyperparameters
from dnnsearch.trials.input_pieces import network
from dnnsearch.trials.run import run_trial
from tests.support.scoring import ask_app

M = 120
Draw = np.random.Generator


def german(values: np.ndarray, end: str = "") -> list[str]:
    texts = [f"{v:,.2f}{end}" for v in values]
    return [text.translate(str.maketrans(",.", ".,")) for text in texts]


def truths(draw: Draw) -> list[str]:
    pairs = [("TRUE", "FALSE"), ("true", "false"), ("yes", "no"), ("Y", "N"), ("1", "0")]
    return draw.choice(pairs[draw.integers(len(pairs))], M).tolist()


def dates(draw: Draw) -> list[str]:
    forms = ["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d-%b-%Y", "%Y-%m-%d %H:%M:%S", "%Y%m%d"]
    form = forms[draw.integers(len(forms))]
    days = draw.integers(0, 2000, M)
    return [
        (pd.Timestamp("2019-01-31") + pd.Timedelta(hours=37 * int(d))).strftime(form) for d in days
    ]


KINDS = {
    "flag": truths,
    "code": lambda draw: draw.choice(["01234", "00777", "10101", "00042"], M).tolist(),
    "price": lambda draw: german(draw.normal(900, 2000, M), " €"),
    "whole": lambda draw: [f"{v:,}".replace(",", ".") for v in draw.integers(1, 99999, M)],
    "share": lambda draw: [f"{v:.1f}%".replace(".", ",") for v in draw.uniform(0, 100, M)],
    "swiss": lambda draw: [f"{v:,.2f}".replace(",", "'") for v in draw.normal(3000, 900, M)],
    "amount": lambda draw: [
        f"({-v:,.2f})" if v < 0 else f"{v:,.2f}" for v in draw.normal(0, 3000, M)
    ],
    "minus": lambda draw: [f"{v:.2f}".replace("-", "−") for v in draw.normal(0, 3, M)],
    "sold": dates,
    "spent": lambda draw: [f"{v // 60}:{v % 60:02}" for v in draw.integers(1, 3000, M)],
    "doors": lambda draw: draw.choice(["2", "3", "4", "5more"], M).tolist(),
    "city": lambda draw: draw.choice(["Rome", "Oslo", "São Paulo", "None"], M).tolist(),
    "number": lambda draw: [repr(v) for v in draw.normal(size=M).tolist()],
    "grade": lambda draw: draw.integers(0, 7, M).astype(str).tolist(),
    "ratio": lambda draw: [
        ("#DIV/0!" if v < 0.1 else repr(v)) for v in draw.uniform(size=M).tolist()
    ],
}
GAPS = ["", "NA", "?", "-"]


def drawn(seed: int) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    names = draw.permutation(list(KINDS))[: draw.integers(4, 9)]
    columns = {name: KINDS[name](draw) for name in names}
    for name in draw.choice(names, 2, replace=False):
        gap = (
            GAPS[draw.integers(len(GAPS))] if name not in ("flag", "city", "doors", "code") else ""
        )
        columns[name] = [gap if draw.uniform() < 0.1 else cell for cell in columns[name]]
    target = {"y": draw.choice(["a", "b"], M)}
    return pd.DataFrame({**columns, **target}, dtype="str")


def by_command(path: Path, form: dict[str, Any], kinds: dict[str, str]) -> tuple[Any, str | None]:
    rows = rows_of(path, form, kinds)
    return pd.concat(rows.parts()), rows.decimal


def by_pandas(path: Path, form: dict[str, Any], kinds: dict[str, str]) -> tuple[Any, str | None]:
    return pd.read_csv(path, sep=";"), None


def as_text(path: Path, form: dict[str, Any], kinds: dict[str, str]) -> tuple[Any, str | None]:
    return pd.read_csv(path, sep=";", dtype=str, keep_default_na=False), None


def by_parquet(path: Path, form: dict[str, Any], kinds: dict[str, str]) -> tuple[Any, str | None]:
    buffer = io.BytesIO()
    by_pandas(path, form, kinds)[0].to_parquet(buffer)
    return pd.read_parquet(buffer), None


def by_records(path: Path, form: dict[str, Any], kinds: dict[str, str]) -> tuple[Any, str | None]:
    text = by_pandas(path, form, kinds)[0].to_json(orient="records", double_precision=15)
    return json.loads(text), None


WAYS = (by_command, by_pandas, as_text, by_parquet, by_records)
UNCHANGED = (by_command, as_text)  # ways that give the cells of the file, so nothing is refused


def check(seed: int) -> None:
    frame = drawn(seed)
    path = Path("rows.csv").resolve()
    frame.to_csv(path, sep=";", index=False)
    made = new(str(path), "y", f"t{seed}", None, ["folds=null"])
    config = load_config(made.path)
    store = ArrayStore(Path("store"))
    prepared = prepare(config, store)
    fitted = inputs(
        {n: a for n, a in store.open(prepared.test_key).items() if n not in ("X_test", "y_test")}
    )
    table = file_table.load_table(config.data, None)
    expected = fitted.fitted[0].apply(table.frame, np.float64)  # as training does
    form = CellFormat.of(config.data)
    for way in WAYS:
        rows, decimal = way(path, config.data, fitted.kinds)
        try:
            found = fitted.apply(rows, np.float64, CellFormat.of(config.data, decimal))
        except ValueError as error:
            assert way not in UNCHANGED, (seed, way.__name__, error)
            continue
        near = np.isclose(found, expected, rtol=1e-12, atol=1e-12).all(axis=0)
        wrong = np.array(prepared.feature_names)[~near].tolist()
        assert not wrong, (seed, way.__name__, wrong)
    assert form.reading.version == READING


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DNNSEARCH_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize("seed", range(6))
def test_rows_of_the_training_file_become_what_training_saw(seed: int) -> None:
    check(seed)


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(6, 252))
def test_rows_of_many_more_files_do(seed: int) -> None:
    check(seed)


def answers_of(model: Model, path: Path) -> dict[str, list[str]]:
    """Return the predictions for the very file, by each way into a model that takes a file."""
    content = path.read_bytes()
    status, body = ask_app(CheckedServer(model, 10**7), [content], "text/csv")
    assert status == 200, body
    write_folder(path.parent / "folder", encode(model))
    with warnings.catch_warnings(action="ignore"):
        from mlflow.pyfunc import load_model

        pyfunc = load_model(str(path.parent / "folder"))
    text = pd.read_csv(path, sep=";", dtype=str, keep_default_na=False)
    found = {
        "command": pd.concat(predict_file(model, path))["prediction"],
        "server": pd.DataFrame(json.loads(body)["predictions"])["prediction"],
        "python": model.predict(text),
        "pyfunc": pyfunc.predict(text)["prediction"],
    }
    return {way: [str(one) for one in answers] for way, answers in found.items()}


def check_record(seed: int) -> None:
    """Train on the drawn table; what the record says of its rows is what every way answers."""
    frame = drawn(seed)
    path = Path("rows.csv").resolve()
    frame.to_csv(path, sep=";", index=False)
    config = load_config(new(str(path), "y", f"t{seed}", None, ["folds=null"]).path)
    store = ArrayStore(Path("store"))
    prepared = prepare(config, store)
    spec = Definition(config, prepared, "native").spec(0, Hyperparameters(**FAST), [])
    arrays = store.open(prepared.key)
    result = run_trial(spec, arrays)
    fitted = store.open(prepared.test_key)
    model = assemble(spec, result.parameters, prepared, fitted, config.data, {}).single()
    trained = network(spec.parameters(result.parameters), spec.hyperparameters, spec.output)
    on_train = trained.predict(np.asarray(arrays["X_train"]).mT)[0]
    rows = file_table.load_table(config.data, None).split(config.split, None)
    for way, answers in answers_of(model, path).items():
        for part, said in (("dev", result.dev_predictions[0]), ("train", on_train)):
            expected = [prepared.classes[int(one)] for one in said]
            assert [answers[i] for i in rows[part]] == expected, (seed, way, part)


@pytest.mark.parametrize("seed", range(3))
def test_every_way_answers_what_the_record_says_of_the_rows(seed: int) -> None:
    check_record(seed)


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(3, 60))
def test_every_way_answers_what_the_record_says_of_many_more_files(seed: int) -> None:
    check_record(seed)


def test_a_config_without_what_was_detected_still_predicts_as_it_trained() -> None:
    """What is told from the columns at each reading stays with the prepared data."""
    frame = drawn(3).assign(price=german(np.arange(M) * 100.5, " €"))
    frame.to_csv("rows.csv", sep=";", index=False)
    document = {"data": {"file": "rows.csv", "target": "y", "reading": 2}, **HYPER}
    store = ArrayStore(Path("store"))
    prepared = prepare(parse_config(document, "x.yaml", "x"), store)
    assert prepared.spelled["price"] == "1.234,5 €"


FAST = {
    "learning_rate": 0.1,
    "iterations": 30,
    "units": (4,),
    "activation": "relu",
    "momentum": 0.9,
    "batch_size": "full",
}
HYPER = {
    "learning_rate": 0.1,
    "iterations": 10,
    "hidden_layers": 1,
    "units": 4,
    "activation": "relu",
    "momentum": 0.9,
    "batch_size": "full",
}
