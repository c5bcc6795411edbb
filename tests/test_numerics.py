import subprocess
import sys

import pytest

from dnnsearch import numerics

CHECK = "from dnnsearch import numerics; print(numerics.check('portable')['blas'])"


def run(code: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], check=False, env=environment, capture_output=True, text=True
    )


def test_a_pinned_process_has_the_pinned_kernels_in_effect() -> None:
    done = run(CHECK, numerics.pinned("portable"))
    assert done.stdout.strip() == "['openblas Haswell']"


@pytest.mark.parametrize(
    ("variable", "value", "complaint"),
    [
        ("OPENBLAS_CORETYPE", "Nehalem", "Nehalem"),
        ("NPY_DISABLE_CPU_FEATURES", "X86_V3", "dispatches to its baseline"),
        ("OPENBLAS_NUM_THREADS", "2", "2 BLAS threads"),
    ],
)
def test_a_process_with_other_kernels_is_refused_whatever_it_claims(
    variable: str, value: str, complaint: str
) -> None:
    done = run(CHECK, {**numerics.pinned("portable"), variable: value})
    assert "WrongNumerics" in done.stderr
    assert complaint in done.stderr


def test_pins_count_as_set_only_when_all_are() -> None:
    environment = numerics.pinned("portable")
    assert numerics.is_pinned("portable", environment)
    assert not numerics.is_pinned("portable", {**environment, "OPENBLAS_CORETYPE": "Zen"})
    assert not numerics.is_pinned("native", environment)


def test_importing_numerics_does_not_import_numpy() -> None:
    done = run("import dnnsearch.numerics, sys; print('numpy' in sys.modules)", {})
    assert done.stdout.strip() == "False"


def test_where_portable_cannot_be_played_native_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numerics, "_can_be_portable", lambda: False)  # this machine can
    assert numerics.playable("portable") == "native"
