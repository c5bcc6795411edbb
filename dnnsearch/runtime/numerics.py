"""The numerics: which kernels compute, how they are pinned, and which are really in effect.

NumPy and OpenBLAS choose their kernels by the processor, and different kernels round differently.
The pins named `portable` fix one choice that every x86-64 processor with AVX2 and FMA can run;
`native` fixes the number of threads alone. Pins are environment variables that count only before
NumPy is imported, so they are set for the processes that we start; each of these then checks which
kernels are in effect, and refuses to compute if they are not the pinned ones.

Some choices cannot be queried: which variant of `exp` the C library uses, how a build of NumPy
sums. `rounding` detects them: it returns digests of a few thousand results, in which two variants
differ. A study stores them, so that it is never resumed under another rounding unnoticed.
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
PINS: dict[str, dict[str, str]] = {  # by name
    "portable": {
        **ONE_THREAD,
        "OPENBLAS_CORETYPE": "Haswell",
        "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    },
    "native": ONE_THREAD,
}
TUNABLES = "GLIBC_TUNABLES"  # glibc.cpu.* in it chooses among the variants of exp, sin and others
MARK = "DNNSEARCH_NUMERICS"  # names the pins that an environment has
PORTABLE_TARGETS = ["X86_V3"]  # AVX2 and FMA: what NumPy may dispatch to beyond its baseline

# What `rounding` returns under `portable`, with glibc 2.36 and the wheels of requirements.lock.
PORTABLE_ROUNDING = {"libm": "25d5bf992bbd", "numpy": "69acc3cadf46", "blas": "cc72c15d5eed"}
PROBES = 10_000  # the variants of exp with and without FMA differ in 7 of these results


class WrongNumerics(UserError):
    """The numerics in effect are not those that the study is defined with."""


def pinned(pins: str, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment for a process that is to compute with these pins."""
    variables = {**PINS[pins], MARK: pins}
    if pins == "portable" and TUNABLES in environment:
        kept = [t for t in environment[TUNABLES].split(":") if not t.startswith("glibc.cpu.")]
        variables[TUNABLES] = ":".join(kept)  # memory, threads, loading: no bit of a result
    return {**environment, **variables}


def is_pinned(pins: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether this process was started with the pins, so that NumPy can be imported."""
    return pinned(pins, environment) == dict(environment)


def supported_pins(pins: str) -> str:
    """Return `portable` if that is asked for and the machine can run it, else `native`."""
    return pins if pins == "native" or _can_be_portable() else "native"


@cache
def _can_be_portable() -> bool:
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        return False
    with open("/proc/cpuinfo") as file:
        flags = next((line for line in file if line.startswith("flags")), "").split()
    return "avx2" in flags and "fma" in flags


def effective() -> dict[str, Any]:
    """Return what NumPy, its BLAS and the C library really use in this process."""
    import numpy as np
    import threadpoolctl

    pools = [pool for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]
    extensions = np.show_config(mode="dicts")["SIMD Extensions"]
    return {
        "machine": platform.machine(),
        "libc": " ".join(platform.libc_ver()),
        "blas": sorted({f"{p['internal_api']} {p.get('architecture')}" for p in pools}),
        "blas_threads": max((pool["num_threads"] for pool in pools), default=1),
        "cpu_targets": sorted(extensions.get("found", [])),
        "rounding": rounding(),
    }


@cache
def rounding() -> dict[str, str]:
    """Return a digest of the results of known inputs for `libm`, `numpy` and `blas` each."""
    import numpy as np

    x = np.arange(-PROBES // 2, PROBES // 2) / 317  # a division rounds alike everywhere
    results = {"libm": _of_libm(x.tolist())}
    results["numpy"] = (a for dtype in ("f4", "f8") for a in _of_numpy(x.astype(dtype)))
    results["blas"] = (a for dtype in ("f4", "f8") for a in _of_blas(x.astype(dtype)))
    return {
        library: hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()[:12]
        for library, arrays in results.items()
    }


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
    """Yield products in the shapes of trainings; a long one shows how a kernel is blocked."""
    for m, k, n in ((3, 5, 7), (10, 64, 32), (64, 30, 1), (8, 1000, 9)):
        A, B = x[: m * k].reshape(m, k), x[-k * n :].reshape(k, n)
        yield from (A @ B, A @ A.T, B.T @ B)


def check(pins: str) -> dict[str, Any]:
    """Return the numerics in effect; raise WrongNumerics if they are not the pinned ones."""
    state = effective()
    wrong = [] if state["blas_threads"] == 1 else [f"{state['blas_threads']} BLAS threads"]
    if pins == "portable":
        wrong += [f"kernels of {blas}" for blas in state["blas"] if blas != "openblas Haswell"]
        if state["cpu_targets"] != PORTABLE_TARGETS:
            wrong.append(f"NumPy dispatches to {state['cpu_targets'] or 'its baseline'}")
    if wrong:
        advice = "; install the wheels of requirements.lock, or use --set numerics=native"
        raise WrongNumerics(f"{pins} numerics are not in effect: {', '.join(wrong)}{advice}")
    return state


def unusual(pins: str) -> str:
    """Return a warning if `portable` has the pinned kernels but rounds differently here, or ''."""
    here = rounding()
    if pins != "portable" or here == PORTABLE_ROUNDING:
        return ""
    libraries = " and ".join(name for name in here if here[name] != PORTABLE_ROUNDING[name])
    libc = " ".join(platform.libc_ver())
    return (
        f"numerics: {libraries} rounds here ({libc}) differently than with "
        "glibc 2.36 and the wheels of requirements.lock: another machine gives the same bits only "
        "if it rounds as this one does"
    )
