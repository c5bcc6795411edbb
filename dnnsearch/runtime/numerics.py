"""The arithmetic of the machine: how it is pinned, and what it really is.

NumPy and OpenBLAS choose their kernels by the processor, and different kernels round differently.
`portable` pins one choice that every x86-64 processor with AVX2 and FMA can play. The pins are
environment variables that count only before NumPy is imported, so they are set for processes that
we start; each of these then asks what is really in effect, and refuses when it is something else.

Some of it nobody can be asked: which variant of `exp` the C library has chosen, how a build of
NumPy sums. That is seen from `rounding`, digests of a few thousand results that two variants would
not share. A study is pinned to them, so that it never goes on under another rounding unnoticed.
"""

import hashlib
import math
import os
import platform
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from dnnsearch.errors import UserError

if TYPE_CHECKING:  # NumPy must not be imported before the pins are set
    import numpy as np

ONE_THREAD = {
    name: "1"
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")
}
PINS: dict[str, dict[str, str]] = {
    "portable": {
        **ONE_THREAD,
        "OPENBLAS_CORETYPE": "Haswell",
        "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    },
    "native": ONE_THREAD,
}
TUNABLES = "GLIBC_TUNABLES"  # glibc.cpu.* in it chooses among the variants of exp, sin and others
MARK = "DNNSEARCH_NUMERICS"  # says which pins an environment carries
PORTABLE_TARGETS = ["X86_V3"]  # AVX2 and FMA: what NumPy may dispatch to beyond its baseline

# What `rounding` is under `portable`, with glibc 2.36 and the wheels of requirements.lock.
PORTABLE_ROUNDING = {"libm": "25d5bf992bbd", "numpy": "69acc3cadf46", "blas": "cc72c15d5eed"}
PROBES = 10_000  # the variants of exp with and without FMA differ in 7 of so many results


class WrongNumerics(UserError):
    """The arithmetic in effect is not the one that the study is defined with."""


def pinned(numerics: str, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment for a process that is to compute with these numerics."""
    pins = {**PINS[numerics], MARK: numerics}
    if numerics == "portable" and TUNABLES in environment:
        pins[TUNABLES] = _without_cpu(environment[TUNABLES])
    return {**environment, **pins}


def _without_cpu(tunables: str) -> str:
    """What is left concerns memory, threads and loading, and no bit of a result."""
    kept = [one for one in tunables.split(":") if not one.startswith("glibc.cpu.")]
    return ":".join(kept)


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
        "rounding": rounding(),
    }


@cache
def rounding() -> dict[str, str]:
    """Digests of known questions, by who answers them: the C library, NumPy and the BLAS."""
    import numpy as np

    x = np.arange(-PROBES // 2, PROBES // 2) / 317  # a division rounds alike everywhere
    answers = {"libm": _of_libm(x.tolist())}
    answers["numpy"] = (a for dtype in ("f4", "f8") for a in _of_numpy(x.astype(dtype)))
    answers["blas"] = (a for dtype in ("f4", "f8") for a in _of_blas(x.astype(dtype)))
    return {who: _digest(given) for who, given in answers.items()}


def _digest(answers: Iterator["np.ndarray"]) -> str:
    return hashlib.sha256(b"".join(answer.tobytes() for answer in answers)).hexdigest()[:12]


def _of_libm(x: list[float]) -> Iterator["np.ndarray"]:
    import numpy as np

    for function in (math.exp, math.expm1, math.tanh, math.sin, math.cos):
        yield np.array([function(value) for value in x])
    for function in (math.log, math.log1p):
        yield np.array([function(value) for value in x if value > 0])


def _of_numpy(x: "np.ndarray") -> Iterator["np.ndarray"]:
    import numpy as np

    yield from (np.exp(x), np.tanh(x), np.log1p(np.abs(x)), np.logaddexp(x, -x))
    yield np.log(x[x > 0])
    yield np.array([np.add.reduce(x[:n]) for n in (7, 100, 999, len(x))])


def _of_blas(x: "np.ndarray") -> Iterator["np.ndarray"]:
    """Products of the shapes that trainings have; a long one shows how a kernel is blocked."""
    for m, k, n in ((3, 5, 7), (10, 64, 32), (64, 30, 1), (8, 1000, 9)):
        A, B = x[: m * k].reshape(m, k), x[-k * n :].reshape(k, n)
        yield from (A @ B, A @ A.T, B.T @ B)


def check(numerics: str) -> dict[str, Any]:
    """The effective arithmetic; raises WrongNumerics when it is not that of `numerics`."""
    state = effective()
    wrong = [] if state["blas_threads"] == 1 else [f"{state['blas_threads']} BLAS threads"]
    if numerics == "portable":
        wrong += [f"kernels of {blas}" for blas in state["blas"] if blas != "openblas Haswell"]
        if state["cpu_targets"] != PORTABLE_TARGETS:
            wrong.append(f"NumPy dispatches to {state['cpu_targets'] or 'its baseline'}")
    if wrong:
        advice = "; the wheels of requirements.lock have them, --set numerics=native does without"
        raise WrongNumerics(f"{numerics} numerics are not in effect: {', '.join(wrong)}{advice}")
    return state


def unusual(numerics: str) -> str:
    """One line where `portable` has the pinned kernels and yet rounds in a way of its own."""
    found = rounding()
    if numerics != "portable" or found == PORTABLE_ROUNDING:
        return ""
    who = " and ".join(name for name in found if found[name] != PORTABLE_ROUNDING[name])
    return (
        f"numerics: {who} rounds here ({' '.join(platform.libc_ver())}) in another way than glibc "
        "2.36 and the wheels of requirements.lock: the same bits come out only where it is as here"
    )
