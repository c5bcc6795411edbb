"""Which code computes a study, its digests, and which digests are known to compute equal bits.

A digest for each module stands beside the definition of a study, not in it: another digest may
compute the same. `ARITHMETIC` says which bits our code is to compute. `accepted_code.json` has the
digests of the code that was seen to compute them; `make accept-code` adds the present one, after
the golden tests, and writes `syntax_digests.json` anew.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from dnnsearch.errors import UserError
from dnnsearch.storage.array_store import canonical
from dnnsearch.storage.optuna_storage import Rows
from dnnsearch.study.syntax_digest import syntax_digest
from dnnsearch.trials.spec import ARITHMETIC
from dnnsearch.validators import shortened

PACKAGE = Path(__file__).parents[1]
ACCEPTED = "study/accepted_code.json"  # in the package: arithmetic -> release -> `code_digest`s
# In the package: SHA-256 of a source file -> its `syntax_digest`, which takes 4 ms to compute. An
# edited file has another key, so an entry is never of another text than the file's.
DIGESTS = "study/syntax_digests.json"
# What the bits of a study depend on. What the readers in data/files/ return is not here, because
# its digest is part of a study's definition.
COMPUTING = (
    "nn/**/*.py",
    "trials/**/*.py",
    "data/*.py",
    "config/dimensions.py",
    "config/optuna_samplers.py",
    "config/rounding_sampler.py",
    "config/samplers.py",
    "config/data_fit.py",
    "config/search_space.py",
    "config/try_first.py",
    "study/clock.py",
    "study/coordinator.py",
    "study/definition.py",
    "study/replayed_study.py",
)
STORING = (  # these are among them, but store what was computed
    "trials/record.py",
    "trials/record_file.py",
    "trials/record_store.py",
    "data/restored_arrays.py",
)
MAX_NAMES = 5  # of files in a message
CODE = "code"  # the study's attribute: [first trial, digest by module], for each code, oldest first

Modules = Mapping[str, str]  # SHA-256 of the syntax tree by file, as in nn/layers.py


@cache
def module_digests(package: Path = PACKAGE) -> Modules:
    """Return the digests of the computing modules of a package; empty if it has no source files."""
    files = {path for pattern in COMPUTING for path in package.glob(pattern)}
    files -= {package / name for name in STORING}
    return {path.relative_to(package).as_posix(): _digest(path) for path in sorted(files)}


def _digest(path: Path) -> str:
    content = path.read_bytes()
    known = known_digests().get(hashlib.sha256(content).hexdigest())
    return known or syntax_digest(content.decode("utf-8"))


@cache
def known_digests() -> Mapping[str, str]:
    """Return SHA-256 of a source file -> SHA-256 of its syntax tree, as the package has them."""
    return dict(json.loads((PACKAGE / DIGESTS).read_text("utf-8")))


def code_digest(modules: Modules) -> str:
    """Return one SHA-256 of all of them, in hex."""
    return hashlib.sha256(canonical(dict(modules)).encode()).hexdigest()


@cache
def accepted() -> frozenset[str]:
    """Return the digests of the code that computes the bits of our `ARITHMETIC`."""
    releases = json.loads((PACKAGE / ACCEPTED).read_text("utf-8")).get(str(ARITHMETIC), {})
    return frozenset(digest for digests in releases.values() for digest in digests)


def are_equal(then: str, now: str) -> bool:
    """Return whether two codes, by their digests, are known to compute equal bits."""
    return then == now or {then, now} <= accepted()


def changed_files(then: Modules, now: Modules) -> list[str]:
    """Return the files that differ; none if both codes are known to compute equal bits."""
    if are_equal(code_digest(then), code_digest(now)) or not now:
        return []
    return [f"dnnsearch/{f}" for f in sorted({**then, **now}) if then.get(f) != now.get(f)]


def other_code(attributes: Mapping[str, Any]) -> str:
    """Return which files are not the code that computed the study; empty if all are.

    Of a study of before, the code is unknown.
    """
    history = attributes.get(CODE, [])
    files = {f for _, then in history for f in changed_files(then, module_digests())}
    return other_files(sorted(files))


def other_files(files: Sequence[str]) -> str:
    """Return in words that these files are not what computed a study; empty if there is none."""
    return f"code: {shortened(files, MAX_NAMES)} is not what computed it" if files else ""


def is_known_code(rows: Rows, accept: bool) -> bool:
    """Return whether the present code is noted as that of the next trials.

    Raise UserError if the last trials had another one, unless the user accepts that.
    """
    history = rows.attributes.get(CODE, [])
    changed = changed_files(history[-1][1], module_digests()) if history else []
    if changed and not accept:
        raise UserError(
            f"study {rows.study} was computed by other code: {shortened(changed, MAX_NAMES)}; "
            "restore it, start a new study with search --study NAME, or go on with --accept-code "
            "(in Python accept_code=True)"
        )
    return bool(history) and not changed


def check_code(rows: Rows, accept: bool) -> None:
    """Note the present code as that of the next trials; raise UserError as `is_known_code`."""
    if not is_known_code(rows, accept):
        note_code(rows, rows.attributes.get(CODE, []))


def note_code(rows: Rows, history: Sequence[Any]) -> None:
    """Write that the present code computes the trials that have not ended, and those to come."""
    trials = rows.trials()
    unfinished = [trial.number for trial in trials if not trial.state.is_finished()]
    entry = [min(unfinished, default=len(trials)), dict(module_digests())]
    rows.set_attribute(CODE, [*history, entry])
