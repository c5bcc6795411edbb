"""The test figures that are about to be quoted, compared with what their networks score now.

A digest beside a figure would protect nothing: who can write the one can write the other. So the
networks of the stored record are scored again, which trains nothing and opens nothing. If the
record or the data are not here, only the parts of a figure are compared with each other. That the
networks are those of the promotion is for `verify` to say, which trains them again.
"""

import shlex
from collections.abc import Mapping
from typing import Any

from dnnsearch.errors import UserError
from dnnsearch.promotion.logged_figures import figures_difference, scored_again, scored_entries
from dnnsearch.promotion.nested.outer_verification import compare_outer, outer_count
from dnnsearch.reproduce.verify import Different
from dnnsearch.runtime.cli_process import program_name
from dnnsearch.storage.array_store import ArrayStore, default_root
from dnnsearch.study.evaluation_log import EvaluationLog, test_set_id
from dnnsearch.study.promoted_figure import contradiction
from dnnsearch.study.stored_study import OUTER, OpenStudy

UNCOMPARED = (
    "as the log has it: the records of its networks, or the data, are not here to score it again"
)


def figure_note(study: OpenStudy) -> str:
    """Return why a test figure of the study is as the log has it; empty if all were scored again.

    Raise UserError, with what corrects it, if one is not what its networks score.
    """
    definition = study.definition
    test = test_set_id(definition["data_digest"], definition["split_digest"])
    store, note = ArrayStore(default_root()), ""
    for entry in scored_entries(EvaluationLog(study.rows), test):
        difference = contradiction(entry, study.config.objective)
        scored = None if difference else scored_again(study, entry, store)
        if scored:
            difference = figures_difference(entry, scored, study.config.dtype)
        if difference:
            raise UserError(_refusal(study, entry, difference))
        note = note if scored else UNCOMPARED
    return note


def _refusal(study: OpenStudy, entry: Mapping[str, Any], difference: str) -> str:
    name = shlex.quote(study.name)
    given = [f"--{key} {entry[key]}" for key in ("top", "replicates") if key in entry]
    command = " ".join([program_name(), "promote", name, *given])
    place = f"study {study.name}: the log of its test set, trial {entry.get('trial')}"
    return f"{place}: {difference}; to correct the log: {command}"


def outer_note(study: OpenStudy) -> str:
    """Return why the figure of outer folds is as the study has it; empty if it was scored again.

    Raise UserError if it is not what the studies of the folds have.
    """
    if OUTER not in study.rows.attributes:
        return ""
    try:
        return compare_outer(study, ArrayStore(default_root()))
    except Different as difference:
        name, count = shlex.quote(study.name), max(2, outer_count(study))
        command = f"{program_name()} promote {name} --outer {count}"
        raise UserError(f"study {study.name}: {difference}; to write it anew: {command}") from None
