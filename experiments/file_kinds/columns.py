"""Columns that came along, targets, and rows."""

import random

import pandas as pd

from experiments.file_kinds.made import NUMBERS, ROWS, Made, csv, frame, kind, text


@kind
def _an_index(rng: random.Random) -> Made:
    table = frame(rng).sort_values("left")
    table = table if rng.random() < 0.5 else table.sample(frac=1, random_state=rng.randrange(99))
    return text(table, index=True, index_label=rng.choice((None, "Unnamed: 0", "index")))


@kind
def _row_names_of_r(rng: random.Random) -> Made:
    text = csv(frame(rng), index=True, quoting=2).decode().removeprefix('"",')
    return Made("customers.csv", text.encode())


@kind
def _duplicate_rows(rng: random.Random) -> Made:
    table = frame(rng, ROWS // 4)
    return text(pd.concat([table] * 4, ignore_index=True))


@kind
def _header_of_years(rng: random.Random) -> Made:
    table = frame(rng).drop(columns=["city", "member"])
    return text(table.rename(columns=dict(zip(NUMBERS, ("2021", "2022", "2023")))))


@kind
def _no_header(rng: random.Random) -> Made:
    made = text(frame(rng), header=False)
    return Made(made.name, made.content, ("--target", rng.choice(("-1", "5"))))


@kind
def _groups_with_gaps(rng: random.Random) -> Made:
    household = [rng.choice(("", f"h{rng.randrange(20)}")) for _ in range(ROWS)]
    made = text(frame(rng).assign(household=household))
    return Made(made.name, made.content, ("--target", "left", "--set", "split.by=household"))


@kind
def _grades(rng: random.Random) -> Made:
    return text(frame(rng).assign(left=[rng.randint(0, 20) for _ in range(ROWS)]))


@kind
def _labels_by_case(rng: random.Random) -> Made:
    few = rng.random() < 0.5
    labels = [rng.choice(("hAd", "had", "hid")) for _ in range(ROWS)]
    labels = ["HID" if few and i == 3 else label for i, label in enumerate(labels)]
    return text(frame(rng).assign(left=labels))


@kind
def _a_rare_class(rng: random.Random) -> Made:
    table, rows = frame(rng), rng.randint(1, 3)
    table.loc[: rows - 1, "left"] = "perhaps"
    return text(table)


@kind
def _a_feature_called_prediction(rng: random.Random) -> Made:
    name = rng.choice(("prediction", "probability_yes"))
    return text(frame(rng).rename(columns={"share": name}))


@kind
def _labels_of_two_spellings(rng: random.Random) -> Made:
    return text(frame(rng).assign(left=[rng.choice(("0", "1", "1.0")) for _ in range(ROWS)]))


@kind
def _a_target_with_gaps(rng: random.Random) -> Made:
    table = frame(rng)
    table.loc[[rng.randrange(ROWS) for _ in range(8)], "left"] = None
    return text(table)


@kind
def _no_target_named(rng: random.Random) -> Made:
    made = text(frame(rng))
    return Made(made.name, made.content, ())


@kind
def _a_misspelt_target(rng: random.Random) -> Made:
    made = text(frame(rng))
    return Made(made.name, made.content, ("--target", rng.choice(("lefd", "Left", "leaft"))))


@kind
def _names_twice(rng: random.Random) -> Made:
    return text(frame(rng).rename(columns={"share": "price"}))


@kind
def _odd_names(rng: random.Random) -> Made:
    names = {"tenure": "Tenure (months) ", "price": "price: €", "share": "50%", "city": "'city'"}
    return text(frame(rng).rename(columns=names))


@kind
def _a_ragged_row(rng: random.Random) -> Made:
    lines = csv(frame(rng)).decode().splitlines(keepends=True)
    row = rng.randrange(5, 40)
    lines[row] = lines[row].replace("\n", ",more\n") if rng.random() < 0.5 else "1,2\n"
    return Made("customers.csv", "".join(lines).encode())


@kind
def _infinite_numbers(rng: random.Random) -> Made:
    table = frame(rng).astype(object)
    table.loc[rng.randrange(ROWS), "price"] = rng.choice(("inf", "-inf", "1e999"))
    return text(table)


@kind
def _freetext(rng: random.Random) -> Made:
    notes = [f'said "{rng.random()}",\nthen left; twice' for _ in range(ROWS)]
    return text(frame(rng).assign(note=notes))
