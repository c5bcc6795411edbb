"""Settings of machines that one machine can play: kernels, threads, instructions, C library."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

NUMPY, LIBC = "NPY_DISABLE_CPU_FEATURES", "GLIBC_TUNABLES"
BASELINE = "X86_V3 X86_V4 AVX512_ICL AVX512_SPR"
NO_AVX512 = "X86_V4 AVX512_ICL AVX512_SPR"
NO_FMA = "glibc.cpu.hwcaps=-FMA,-AVX2"

SETTINGS: dict[str, dict[str, str]] = {
    "as it is, 2 threads": {"OPENBLAS_NUM_THREADS": "2"},
    "SSE2 kernels, NumPy's baseline": {"OPENBLAS_CORETYPE": "Prescott", NUMPY: BASELINE},
    "SSE4 kernels, 2 threads, a C library without FMA": {
        "OPENBLAS_CORETYPE": "Nehalem",
        "OPENBLAS_NUM_THREADS": "2",
        LIBC: NO_FMA,
    },
    "AVX2 kernels": {"OPENBLAS_CORETYPE": "Haswell", NUMPY: NO_AVX512},
}
KERNELS = ("Prescott", "Nehalem", "Haswell", "SkylakeX")


def combinations(kernels: str) -> list[dict[str, str]]:
    """All settings with these kernels."""
    rest = product("12", ("", NO_AVX512, BASELINE), ("", NO_FMA))
    return [
        {
            "OPENBLAS_CORETYPE": kernels,
            "OPENBLAS_NUM_THREADS": threads,
            NUMPY: features,
            LIBC: tunables,
        }
        for threads, features, tunables in rest
    ]


def printed(
    program: Path,
    setting: dict[str, str],
    *arguments: str,
    python: Sequence[str] = (sys.executable,),
) -> Any:
    """What the program prints, as JSON, in a process with this setting."""
    done = subprocess.run(
        [*python, str(program), *arguments],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", **setting},
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # NumPy warns of targets that this processor lacks
    )
    return json.loads(done.stdout)
