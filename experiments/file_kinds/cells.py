"""How cells are written: numbers, truths, codes, gaps, dates."""

import random

import pandas as pd

from experiments.file_kinds.made import NUMBERS, ROWS, Made, frame, kind, text


@kind
def _truths(rng: random.Random) -> Made:
    true, false = rng.choice((("TRUE", "FALSE"), ("yes", "no"), ("Y", "N"), ("t", "f"), ("1", "0")))
    gaps = rng.random() < 0.5
    cells = [
        ("" if gaps and rng.random() < 0.1 else rng.choice((true, false))) for _ in range(ROWS)
    ]
    return text(frame(rng).assign(member=cells))


@kind
def _german_numbers(rng: random.Random) -> Made:
    def write(value: float) -> str:
        return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))

    table = frame(rng)
    unit = rng.choice(("", " €", " EUR"))
    table["price"] = [write(value) + unit for value in table["price"]]
    table["share"] = [write(value).removesuffix("0") + " %" for value in table["share"]]
    return text(table, sep=";")


@kind
def _accounting_numbers(rng: random.Random) -> Made:
    table, way = frame(rng), rng.randrange(4)
    signs = [value * rng.choice((1, -1)) for value in table["price"]]
    ways = (
        lambda v: f"({-v:,.2f})" if v < 0 else f"{v:,.2f}",
        lambda v: f"{-v:,.2f}-" if v < 0 else f"{v:,.2f}",
        lambda v: f"{v:.2f}".replace("-", "\N{MINUS SIGN}"),
        lambda v: f"{v:,.2f}".replace(",", "'"),
    )
    return text(table.assign(price=[ways[way](value) for value in signs]))


@kind
def _codes(rng: random.Random) -> Made:
    codes = [f"0{rng.choice((1234, 5678, 9012))}" for _ in range(ROWS)]
    return text(frame(rng).assign(postcode=codes))


@kind
def _gaps(rng: random.Random) -> Made:
    table, mark = (
        frame(rng).astype(object),
        rng.choice(("", "NA", "?", "-", "n.a.", "#N/A", "NULL")),
    )
    for name in (*NUMBERS, "city"):
        table.loc[[rng.randrange(ROWS) for _ in range(6)], name] = mark
    return text(table)


@kind
def _excel_errors(rng: random.Random) -> Made:
    table = frame(rng).astype(object)
    table.loc[[rng.randrange(ROWS) for _ in range(6)], "share"] = rng.choice(("#DIV/0!", "#N/A"))
    return text(table)


@kind
def _a_class_called_none(rng: random.Random) -> Made:
    label = rng.choice(("None", "NA", "null"))
    return text(frame(rng).replace({"left": {"no": label}}))


@kind
def _dates(rng: random.Random) -> Made:
    form = rng.choice(
        ("%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%Y-%m-%d %H:%M", "%b %d, %Y")
    )
    days = pd.to_datetime("2020-01-01") + pd.to_timedelta(
        [rng.randrange(12 if rng.random() < 0.3 else 900) for _ in range(ROWS)], "D"
    )
    return text(frame(rng).assign(since=days.strftime(form)))


@kind
def _ambiguous_dates(rng: random.Random) -> Made:
    days = [f"{rng.randint(1, 12):02}/{rng.randint(1, 12):02}/2024" for _ in range(ROWS)]
    return text(frame(rng).assign(since=days))


@kind
def _durations(rng: random.Random) -> Made:
    seconds = [rng.randrange(20_000) for _ in range(ROWS)]
    if rng.random() < 0.5:
        call = [f"{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}" for s in seconds]
    else:
        call = [f"{s // 60}:{s % 60:02}" for s in seconds]
    return text(frame(rng).assign(call=call))


@kind
def _large_whole_numbers(rng: random.Random) -> Made:
    size = rng.choice((2**53, 2**63, 2**64, 10**25))
    return text(
        frame(rng).assign(account_id=[str(size + rng.randrange(10**6)) for _ in range(ROWS)])
    )


@kind
def _numbers_andtext(rng: random.Random) -> Made:
    cells = [rng.choice(("2", "3", "4", "5more")) for _ in range(ROWS)]
    return text(frame(rng).assign(doors=cells))
