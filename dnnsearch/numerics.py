"""The arithmetic of the machine: how it is pinned, and what it really is.

NumPy and OpenBLAS choose their kernels by the processor, and different kernels round differently.
`portable` pins one choice that every x86-64 processor with AVX2 and FMA can play. The pins are
environment variables that count only before NumPy is imported, so they are set for processes that
we start; each of these then asks what is really in effect, and refuses when it is something else.
"""

import os
import platform
from collections.abc import Mapping
from functools import cache
from typing import Any

ONE_THREAD = {
    name: "1"
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")
}
PINS: dict[str, dict[str, str]] = {
    "portable": {
        **ONE_THREAD,
        "OPENBLAS_CORETYPE": "Haswell",
        "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
        "GLIBC_TUNABLES": "",
    },
    "native": ONE_THREAD,
}
MARK = "DNNSEARCH_NUMERICS"  # says which pins an environment carries
PORTABLE_TARGETS = ["X86_V3"]  # AVX2 and FMA: what NumPy may dispatch to beyond its baseline


class WrongNumerics(Exception):
    """The arithmetic in effect is not the one that the study is defined with."""


def pinned(numerics: str, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment for a process that is to compute with these numerics."""
    return {**environment, **PINS[numerics], MARK: numerics}


def is_pinned(numerics: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this process was started with the pins, so that NumPy can be imported."""
    return pinned(numerics, environment) == dict(environment)


def playable(numerics: str) -> str:
    """`portable` where the machine can play it, else `native`."""
    return numerics if numerics == "native" or _can_be_portable() else "native"


@cache
def _can_be_portable() -> bool:
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        return False
    with open("/proc/cpuinfo") as file:
        flags = next((line for line in file if line.startswith("flags")), "").split()
    return "avx2" in flags and "fma" in flags


def effective() -> dict[str, Any]:
    """What NumPy and its BLAS really use in this process, and the C library below them."""
    import threadpoolctl
    from numpy._core._multiarray_umath import __cpu_dispatch__ as targets
    from numpy._core._multiarray_umath import __cpu_features__ as features

    pools = [pool for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]
    return {
        "machine": platform.machine(),
        "libc": " ".join(platform.libc_ver()),
        "blas": sorted({f"{p['internal_api']} {p.get('architecture')}" for p in pools}),
        "blas_threads": max((pool["num_threads"] for pool in pools), default=1),
        "cpu_targets": sorted(name for name in targets if features[name]),
    }


def check(numerics: str) -> dict[str, Any]:
    """The effective arithmetic; raises WrongNumerics when it is not that of `numerics`."""
    state = effective()
    wrong = [] if state["blas_threads"] == 1 else [f"{state['blas_threads']} BLAS threads"]
    if numerics == "portable":
        wrong += [f"kernels of {blas}" for blas in state["blas"] if blas != "openblas Haswell"]
        if state["cpu_targets"] != PORTABLE_TARGETS:
            wrong.append(f"NumPy dispatches to {state['cpu_targets'] or 'its baseline'}")
    if wrong:
        raise WrongNumerics(f"{numerics} numerics are not in effect: {', '.join(wrong)}")
    return state
