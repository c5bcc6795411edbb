"""The baselines of a study, fitted again: `verify` reports on them and never fails for them."""

import math
from collections.abc import Iterator

from dnnsearch.errors import UserError
from dnnsearch.reproduce.verify import Verification
from dnnsearch.statistics.example_scores import with_ends_of_before
from dnnsearch.storage.array_store import ArrayStore, default_root
from dnnsearch.study.baselines import baselines_file
from dnnsearch.study.baselines.baseline_fitting import Figures
from dnnsearch.study.baselines.baseline_models import TITLES
from dnnsearch.study.baselines.fit_study import fit_study
from dnnsearch.study.definition import resolve_definition
from dnnsearch.study.stored_study import OpenStudy

TOLERANCE = 1e-9  # relative: another machine sums in another order


def verify_baselines(study: OpenStudy, verdict: Verification) -> Verification:
    """Return the verdict with a line on the baselines, if the study has some."""
    line = _line(study) if verdict.verdict != "different" else ""
    return verdict.with_lines([line]) if line else verdict


def _line(study: OpenStudy) -> str:
    stored, path = baselines_file.read(study), study.records.folder / baselines_file.FILE
    if stored is None:
        is_there = path.is_file()
        return f"  note: {path} is damaged or of other data: it is not used" if is_there else ""
    try:
        definition = resolve_definition(study.config, ArrayStore(default_root()))
        now = fit_study(study, definition.prepared, definition.numerics)
    except UserError as error:
        return f"  note: the baselines are not compared: {error}"
    difference = next(figures_differences(stored.figures, now), "")
    if difference:
        return f"  note: {path}: {difference}; the verdict does not depend on it"
    names = ", ".join(TITLES[name] for name in stored.figures)
    return f"  baselines identical: {names}"


def figures_differences(stored: Figures, now: Figures) -> Iterator[str]:
    """Yield each stored figure that is another one now, with both values."""
    for name, figures in stored.items():
        for metric, figure in figures.items():
            same = now.get(name, {}).get(metric)
            found = with_ends_of_before(metric, same, figure) if same else {}
            for part, value in figure.items():
                again = found.get(part, math.nan)
                both_undefined = math.isnan(value) and math.isnan(again)
                if not (both_undefined or math.isclose(value, again, rel_tol=TOLERANCE)):
                    words = f"{TITLES.get(name, name)} has the {part} {value:.6g} of {metric}"
                    yield f"{words}, and fitted again {again:.6g}"
