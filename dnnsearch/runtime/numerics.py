"""The numerics: which kernels compute, how they are pinned, and which are really in effect.

NumPy and OpenBLAS choose their kernels by the processor, and different kernels round differently.
The pins named `portable` fix one choice that every x86-64 processor with AVX2 and FMA can run,
`avx512` one that needs AVX-512; `native` and `exact` fix the number of threads alone, the first
because its bits may differ between machines, the second because they cannot. Pins are environment
variables that count only before NumPy is imported, so a command sets them first, or starts a
process with them; each process then checks which kernels are in effect, and refuses to compute if
they are not the pinned ones.

Some choices cannot be queried: which variant of `exp` the C library uses, how a build of NumPy
sums. `rounding` detects them: it returns digests of a few thousand results, in which two variants
differ. A study stores them, so that it is never resumed under another rounding unnoticed.
"""

import hashlib
import math
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from dnnsearch.errors import UserError

if TYPE_CHECKING:  # NumPy must not be imported before the pins are set
    import numpy as np

ONE_THREAD = {
    name: "1"
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")
}


@dataclass(frozen=True)
class Kernels:
    """The kernels that a name of numerics pins, and where they can run."""

    variables: Mapping[str, str]  # that choose them
    blas: str  # as threadpoolctl calls them
    targets: Sequence[str]  # what NumPy may dispatch to beyond its baseline
    flags: frozenset[str]  # of a processor that can run them, as in /proc/cpuinfo
    processor: str  # the same in words
    otherwise: str  # the numerics that a study of these is compared with on another machine
    rounding: Mapping[str, str]  # with glibc 2.36 and the wheels of requirements.lock


LIBM = "25d5bf992bbd"  # glibc 2.36 has variants of exp and others for FMA, none for AVX-512
KERNELS = {  # by the name of the pins
    "portable": Kernels(
        {
            "OPENBLAS_CORETYPE": "Haswell",
            "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
        },
        blas="openblas Haswell",
        targets=["X86_V3"],
        flags=frozenset({"avx2", "fma"}),
        processor="AVX2 and FMA",
        otherwise="native",
        rounding={"libm": LIBM, "numpy": "69acc3cadf46", "blas": "cc72c15d5eed"},
    ),
    "avx512": Kernels(
        {
            "OPENBLAS_CORETYPE": "SkylakeX",
            "NPY_DISABLE_CPU_FEATURES": "AVX512_ICL AVX512_SPR",
        },
        blas="openblas SkylakeX",
        targets=["X86_V3", "X86_V4"],
        flags=frozenset({"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"}),
        processor="AVX-512 (F, CD, BW, DQ, VL)",
        otherwise="portable",
        rounding={"libm": LIBM, "numpy": "0c5097d5776f", "blas": "a65469a2e460"},
    ),
}
EXACT = "exact"  # pins no kernels: its arithmetic has the same bits with any
PINS: dict[str, dict[str, str]] = {
    **{name: {**ONE_THREAD, **kernels.variables} for name, kernels in KERNELS.items()},
    "native": ONE_THREAD,
    EXACT: ONE_THREAD,
}
TUNABLES = "GLIBC_TUNABLES"  # glibc.cpu.* in it chooses among the variants of exp, sin and others
MARK = "DNNSEARCH_NUMERICS"  # names the pins that an environment has
PROBES = 10_000  # the variants of exp with and without FMA differ in 7 of these results


class WrongNumerics(UserError):
    """The numerics in effect are not those that the study is defined with."""


def pinned(pins: str, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment for a process that is to compute with these pins."""
    variables = {**PINS[pins], MARK: pins}
    if pins in KERNELS and TUNABLES in environment:
        kept = [t for t in environment[TUNABLES].split(":") if not t.startswith("glibc.cpu.")]
        variables[TUNABLES] = ":".join(kept)  # memory, threads, loading: no bit of a result
    return {**environment, **variables}


def is_pinned(pins: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether the environment has the pins, so that NumPy can be imported."""
    return pinned(pins, environment) == dict(environment)


def supported_pins(pins: str) -> str:
    """Return these pins if the machine can run them, else the best that stand in for them."""
    while pins in KERNELS and not _can_run(pins):
        pins = KERNELS[pins].otherwise
    return pins


def require(pins: str) -> None:
    """Raise UserError if the machine cannot run the pins, and none may stand in for them.

    `native` may stand in for `portable`, which is the default.
    """
    if pins != "portable" and supported_pins(pins) != pins:
        raise UserError(
            f"numerics: {pins} needs Linux on x86-64 with {KERNELS[pins].processor}, and this "
            f"machine lacks it; use --set numerics={supported_pins(pins)}"
        )


@cache
def _can_run(pins: str) -> bool:
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        return False
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            flags = next((line for line in file if line.startswith("flags")), "").split()
    except OSError:  # a sandbox that hides it
        return False
    return KERNELS[pins].flags <= set(flags)


def numpy_kernels() -> dict[str, Any]:
    """Return the C library, and for which instructions NumPy has kernels in use, here."""
    import numpy as np

    extensions = np.show_config(mode="dicts")["SIMD Extensions"]
    found = sorted(extensions.get("found", []))
    return {"libc": " ".join(platform.libc_ver()), "cpu_targets": found}


def effective() -> dict[str, Any]:
    """Return what NumPy, its BLAS and the C library really use in this process."""
    import threadpoolctl

    found = numpy_kernels()  # imports NumPy, with its BLAS
    pools = []
    with suppress(OSError):  # a sandbox that hides /proc hides which libraries are loaded
        pools = [pool for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]
    return {
        "machine": platform.machine(),
        "libc": found["libc"],
        "blas": sorted({f"{p['internal_api']} {p.get('architecture')}" for p in pools}),
        "blas_threads": max((pool["num_threads"] for pool in pools), default=1),
        "cpu_targets": found["cpu_targets"],
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
    if pins == EXACT:
        return state
    wrong = [] if state["blas_threads"] == 1 else [f"{state['blas_threads']} BLAS threads"]
    if kernels := KERNELS.get(pins):
        wrong += [f"kernels of {blas}" for blas in state["blas"] if blas != kernels.blas]
        if state["cpu_targets"] != kernels.targets:
            wrong.append(f"NumPy dispatches to {state['cpu_targets'] or 'its baseline'}")
    if wrong:
        advice = "; install the wheels of requirements.lock, or use --set numerics=native"
        raise WrongNumerics(f"{pins} numerics are not in effect: {', '.join(wrong)}{advice}")
    return state


def unusual(pins: str) -> str:
    """Return a warning if the pinned kernels round differently here, or ''."""
    here = rounding()
    if pins not in KERNELS or here == KERNELS[pins].rounding:
        return ""
    known = KERNELS[pins].rounding
    libraries = " and ".join(name for name in here if here[name] != known[name])
    libc = " ".join(platform.libc_ver())
    return (
        f"numerics: {libraries} rounds here ({libc}) differently than with "
        "glibc 2.36 and the wheels of requirements.lock: another machine gives the same bits only "
        "if it rounds as this one does"
    )
