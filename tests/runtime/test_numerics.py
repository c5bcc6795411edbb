"""Covers the pins, the check that they are in effect, and the digests of the rounding."""

import subprocess
import sys

import pytest

from dnnsearch.errors import UserError
from dnnsearch.runtime import numerics

CHECK = "from dnnsearch.runtime import numerics; print(numerics.check('portable')['blas'])"


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
        ("NPY_DISABLE_CPU_FEATURES", "X86_V3", "NumPy dispatches to "),
        ("OPENBLAS_NUM_THREADS", "2", "2 BLAS threads"),
    ],
)
def test_a_process_with_other_kernels_is_refused_whatever_it_claims(
    variable: str, value: str, complaint: str
) -> None:
    done = run(CHECK, {**numerics.pinned("portable"), variable: value})
    assert "WrongNumerics" in done.stderr
    assert complaint in done.stderr


def test_pins_count_as_set_only_if_all_are() -> None:
    environment = numerics.pinned("portable")
    assert numerics.is_pinned("portable", environment)
    assert not numerics.is_pinned("portable", {**environment, "OPENBLAS_CORETYPE": "Zen"})
    assert not numerics.is_pinned("native", environment)


def test_only_the_choice_of_kernels_is_removed_from_the_c_librarys_tunables() -> None:
    given = {"GLIBC_TUNABLES": "glibc.rtld.nns=8:glibc.cpu.hwcaps=-FMA:glibc.malloc.check=1"}
    kept = "glibc.rtld.nns=8:glibc.malloc.check=1"
    assert numerics.pinned("portable", given)["GLIBC_TUNABLES"] == kept
    assert numerics.pinned("native", given)["GLIBC_TUNABLES"] == given["GLIBC_TUNABLES"]
    assert numerics.is_pinned("portable", numerics.pinned("portable", given))


def test_known_results_show_a_rounding_that_cannot_be_queried() -> None:
    code = "from dnnsearch.runtime import numerics; print(repr(numerics.unusual('portable')))"
    pinned = numerics.pinned("portable", {"GLIBC_TUNABLES": ""})
    assert run(code, pinned).stdout == "''\n"
    without_fma = run(code, {**pinned, "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-FMA"})
    assert without_fma.stdout.startswith("'numerics: libm and numpy rounds here (glibc ")
    without_avx = run(code, {**pinned, "OPENBLAS_CORETYPE": "Nehalem"})
    assert without_avx.stdout.startswith("'numerics: blas rounds here (glibc ")


def test_importing_numerics_does_not_import_numpy() -> None:
    done = run("import dnnsearch.runtime.numerics, sys; print('numpy' in sys.modules)", {})
    assert done.stdout.strip() == "False"


def test_if_portable_is_not_supported_native_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numerics, "_can_run", lambda pins: False)  # this machine can
    assert numerics.supported_pins("portable") == "native"
    numerics.require("portable")


def test_avx512_is_refused_where_the_processor_lacks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numerics, "_can_run", lambda pins: pins == "portable")  # as others can
    assert numerics.supported_pins("avx512") == "portable"  # which verify compares with
    with pytest.raises(UserError, match=r"needs Linux on x86-64 with AVX-512 .* numerics=portable"):
        numerics.require("avx512")
