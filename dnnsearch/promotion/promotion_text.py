"""A promotion in words, and as a JSON document."""

from collections.abc import Sequence
from typing import Any

from dnnsearch.promotion.candidates import Candidate
from dnnsearch.promotion.confirmation import Confirmed
from dnnsearch.promotion.promotion import Promotion
from dnnsearch.statistics.difference_to_best import Comparison
from dnnsearch.trials.metrics import Direction


def lines(promotion: Promotion) -> list[str]:
    """For people."""
    return [
        *_confirmed(promotion),
        *_test(promotion),
        *_openings(promotion),
        *_kept(promotion),
    ]


def _confirmed(promotion: Promotion) -> list[str]:
    confirmed, name = promotion.confirmed, promotion.objective
    examples = confirmed.measured[0].examples
    many = len(confirmed.chosen)
    what = "configuration" if many == 1 else "configurations"
    where = f"over {promotion.folds} folds" if promotion.folds else "on dev"
    title = f"the best {many} {what}, trained again with fresh seeds; {name} {where}"
    uncertain = f"± is one standard error, of seeds and of {examples} examples"
    return [
        f"study {promotion.study}: {title}",
        *_table(confirmed),
        *(f"left out: trial {one.trial}, whose networks diverged" for one in confirmed.diverged),
        f"({uncertain}; each interval, by itself, of about 95 %)",
        choice(promotion),
    ]


def _table(confirmed: Confirmed) -> list[str]:
    header = ["trial", "in the search", "confirmed", "from the best", "multiply-adds"]
    order = sorted(range(len(confirmed.chosen)), key=lambda k: -confirmed.contest.means[k])
    rows = [header, *(_row(confirmed, k) for k in order)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(header))]
    return ["  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]


def _row(confirmed: Confirmed, k: int) -> list[str]:
    one, measured = confirmed.chosen[k], confirmed.measured[k]
    return [
        str(one.trial),
        f"{one.value:.4f}",
        f"{measured.mean:.4f} ± {measured.error:.4f}",
        standing(confirmed.contest, k),
        f"{one.multiply_adds:.2g}",
    ]


def standing(contest: Comparison, k: int) -> str:
    """Such as `-0.0212 to +0.0031, tied`."""
    if len(contest.candidates) == 1:
        return ""
    if k == contest.leader:
        return "tied" if len(contest.tied) > 1 else "best"
    interval, word = contest.difference_to_best(k), "tied" if k in contest.tied else "worse"
    return f"{interval.low:+.4f} to {interval.high:+.4f}, {word}"


def choice(promotion: Promotion) -> str:
    """Return the line that says which configuration was chosen, and why."""
    confirmed, winner = promotion.confirmed, promotion.winner
    tied = [confirmed.chosen[k] for k in confirmed.contest.tied]
    chosen = f"chosen: trial {winner.trial} ({winner.hyperparameters.describe()})"
    if promotion.diverged:
        return (
            f"{chosen}; those preferred to it diverged when refitted: {_trials(promotion.diverged)}"
        )
    if len(tied) == 1:
        return f"{chosen}, the best"
    return f"{chosen}, the cheapest of those tied for best: {_trials(tied)}"


def _trials(candidates: Sequence[Candidate]) -> str:
    """Their numbers."""
    return ", ".join(str(one.trial) for one in candidates)


def _test(promotion: Promotion) -> list[str]:
    name, figures = test_name(promotion.objective), promotion.figures
    ensemble, single = (figure(figures[kind]) for kind in ("ensemble", "single"))
    rows = f"{figures['examples']} test examples, which none of its trials has seen"
    return [
        f"refitted on train and dev, {promotion.replicates} networks; {name} on {rows}:",
        f"  the ensemble   {ensemble}",
        f"  a single one   {single}",
        f"  guessing       {figures['guess']:.4f}",
        _shrinkage(promotion),
        *([] if promotion.found else [_nothing(promotion)]),
    ]


def figure(one: dict[str, float]) -> str:
    """A value with its interval."""
    return f"{one['value']:.4f} (95 %: {one['low']:.4f} to {one['high']:.4f})"


def _shrinkage(promotion: Promotion) -> str:
    search, confirmed, test = steps(promotion)
    return (
        f"from dev to test: {search:.4f} in the search, {confirmed:.4f} confirmed, {test:.4f} on "
        f"test ({test - search:+.4f}); dev has chosen, so its figures flatter"
    )


def steps(promotion: Promotion) -> tuple[float, float, float]:
    """Of single networks of the winner: in the search, confirmed, on the test set."""
    place = promotion.confirmed.chosen.index(promotion.winner)
    confirmed = promotion.confirmed.measured[place].mean
    return promotion.winner.value, confirmed, promotion.figures["single"]["value"]


def _nothing(promotion: Promotion) -> str:
    figures = promotion.figures
    value, guess = figures["ensemble"]["value"], figures["guess"]
    advice = "look at the labels and the features"
    if Direction(promotion.confirmed.maximize).better(value, guess):
        advice = f"{figures['examples']} test examples may be too few to tell; {advice}, too"
    return (
        "THE SEARCH FOUND NOTHING that the test set can show: the ensemble is not surely better "
        f"than guessing, which has {guess:.4f}; {advice}"
    )


def _openings(promotion: Promotion) -> list[str]:
    openings = promotion.openings
    if len(openings) == 1:
        return [f"this study opened its test set once, {_when(openings[0])}: this figure counts"]
    first = openings[0].get("figures", {}).get("ensemble")
    counted = f"{first['value']:.4f}" if first else "not known, for that look was cut short"
    counts = f"the figure that counts is that of the first, {counted}"
    return [
        f"this study's test set was opened {len(openings)} times; {counts}:",
        *(f"  {n}. {_when(one)}" for n, one in enumerate(openings, start=1)),
    ]


def _when(opening: dict[str, Any]) -> str:
    return f"{opening['when']} by trial {opening['trial']}"


def _kept(promotion: Promotion) -> list[str]:
    crowned = promotion.crowned
    version = f", {crowned.version} in MLflow" if crowned.version else ""
    verdict = "champion" if crowned.is_champion else "not the champion"
    return [f"model: {crowned.file}{version}", f"{verdict}: {crowned.why}"]


def test_name(objective: str) -> str:
    """What an objective is called on the test set."""
    return f"test_{objective.removeprefix('dev_')}"


def document(promotion: Promotion) -> dict[str, Any]:
    """JSON-able: all figures, and the lines."""
    contest = promotion.confirmed.contest
    return {
        "study": promotion.study,
        "objective": promotion.objective,
        "candidates": [_candidate(promotion, k) for k in range(len(promotion.confirmed.chosen))],
        "tied": [promotion.confirmed.chosen[k].trial for k in contest.tied],
        "trial": promotion.winner.trial,
        "replicates": promotion.replicates,
        "test": promotion.figures,
        "openings": promotion.openings,
        "steps": dict(zip(("search", "confirmed", "test"), steps(promotion), strict=True)),
        "found": promotion.found,
        "file": promotion.crowned.file,
        "version": promotion.crowned.version,
        "champion": promotion.crowned.is_champion,
        "lines": lines(promotion),
    }


def _candidate(promotion: Promotion, k: int) -> dict[str, Any]:
    one, confirmed = promotion.confirmed.chosen[k], promotion.confirmed
    return {
        **_priced(one),
        "confirmed": confirmed.measured[k].mean,
        "error": confirmed.measured[k].error,
        "networks": confirmed.measured[k].replicates,
        "pairs": {
            str(other.trial): [interval.low, interval.high]
            for j, other in enumerate(confirmed.chosen)
            if j != k
            for interval in [confirmed.contest.difference(k, j)]
        },
    }


def _priced(one: Candidate) -> dict[str, Any]:
    return {"trial": one.trial, "search": one.value, "multiply_adds": one.multiply_adds}
