"""How fast is an update with each piece, compared with PyTorch and with an update without it?

Question:    how long does a parameter update take with each piece of descent, regularisation and
             architecture, with codes and with an embedding of numbers, and with all of them?
Scientific:  the piece; the library (dnnsearch; PyTorch on the CPU, written as in its tutorials, or
             with its fused optimizer where it has one); one network, or 16 in one stack
Nuisance:    other load on the machine: the libraries alternate in rounds, each in its own process;
             processor time is measured; the table has the median of the rounds' ratios and its
             95 % interval by order statistics
Fixed:       1437 random examples in mini-batches of 64, n[0]-64-32-10, float32, one thread each;
             dnnsearch with the numerics of --numerics, PyTorch with what it chooses here
Command:     python experiments/piece_speed.py [--tiny] [--rounds 9] [--bench-python PATH]
             [--numerics avx512]
             PyTorch runs with --bench-python, an interpreter that has it (the extra `bench`)
Result:      experiments/piece_speed.md, written by this program
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from statistics import median
from typing import NamedTuple

from scipy.stats import binom

from experiments import bench_python, piece_timers, report
from experiments.machine import processor, versions
from experiments.piece_timers import PieceJob
from experiments.speed_training import Runner

PEERS = ("PyTorch", "fused PyTorch")
STACK = 16

PIECES: dict[str, PieceJob] = {
    "none": PieceJob(),
    "nesterov": PieceJob(hyper={"descent": "nesterov"}),
    "rmsprop": PieceJob(hyper={"descent": "rmsprop"}),
    "adam": PieceJob(hyper={"descent": "adam"}),
    "adamw, weight decay": PieceJob(hyper={"descent": "adamw", "weight_decay": 0.02}),
    "schedule-free (PyTorch: AdamW)": PieceJob(hyper={"descent": "schedule_free"}),
    "cosine": PieceJob(hyper={"schedule": "cosine"}),
    "warm-up": PieceJob(hyper={"warmup": 0.1}),
    "clipping": PieceJob(hyper={"clip": 1.0}),
    "L2": PieceJob(hyper={"l2": 1e-3}),
    "dropout": PieceJob(hyper={"dropout": 0.15}),
    "label smoothing": PieceJob(hyper={"label_smoothing": 0.1}),
    "scaling layer": PieceJob(hyper={"scaling": 6.0}),
    "NTK": PieceJob(hyper={"parametrization": "ntk"}),
    "silu": PieceJob(hyper={"activation": "silu"}),
    "gelu": PieceJob(hyper={"activation": "gelu"}),
}
ALL = {
    "descent": "adamw",
    "weight_decay": 0.02,
    "schedule": "cosine",
    "scaling": 6.0,
    "activation": "silu",
    "dropout": 0.15,
    "label_smoothing": 0.1,
    "clip": 1.0,
}
NUMBERS = [
    PieceJob(columns, {"codes": bins, **more})
    for more in ({}, {"embedding": 12})
    for columns in (10, 64)
    for bins in (8, 16)
]
STACKS = {
    "none": PieceJob(replicates=STACK),
    "all": PieceJob(hyper=ALL, replicates=STACK),
    "all, 16 bins, embedding of 12, 10 columns": PieceJob(
        10, {**ALL, "codes": 16, "embedding": 12}, STACK
    ),
}
# The smallest ratio to PyTorch, the largest to an update without the piece
PIECE_GOAL, STACK_GOAL, SCALING_GOAL, NUMBERS_GOAL = 4.0, 5.0, 1.15, 1.4


class Ratio(NamedTuple):
    """The median ratio of the rounds and the 95 % interval of the median."""

    middle: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.middle:.2f} ({self.low:.2f} to {self.high:.2f})"


def ratio(longer: Sequence[float], shorter: Sequence[float]) -> Ratio:
    """Return that of the seconds of the same rounds."""
    found = sorted(a / b for a, b in zip(longer, shorter, strict=True))
    outside = max(int(binom.ppf(0.025, len(found), 0.5)) - 1, 0)
    return Ratio(median(found), found[outside], found[-1 - outside])


def without_piece(job: PieceJob) -> PieceJob:
    """Return the plain update with the same n[0]."""
    width = job.hyper.get("embedding") or job.bins + 1
    return PieceJob(job.columns * width if job.bins else job.columns, {}, job.replicates)


Seconds = dict[str, list[float]]  # the rounds' by library


def measure(
    jobs: Sequence[PieceJob], rounds: int, epochs: int, runners: Mapping[str, Runner]
) -> list[Seconds]:
    """Return the seconds of an update of each job; a stack is one network in PyTorch."""
    found: list[Seconds] = [{name: [] for name in runners} for _ in jobs]
    for _ in range(rounds):
        for job, seconds in zip(jobs, found, strict=True):
            for name, runner in runners.items():
                one = job if name == "dnnsearch" else replace(job, replicates=1)
                seconds[name].append(runner.time(replace(one, epochs=epochs)))
            print(".", end="", file=sys.stderr, flush=True)
    return found


def peer_cells(seconds: Seconds) -> Iterator[str]:
    """Yield microseconds and ratio for each peer."""
    for peer in PEERS:
        if peer not in seconds:
            yield from ("-", "-")
            continue
        yield f"{median(seconds[peer]) * 1e6:.0f}"
        yield str(ratio(seconds[peer], seconds["dnnsearch"]))


def verdict(seconds: Seconds, goal: float) -> str:
    """Return whether the faster one of the peers takes `goal` times as long."""
    ratios = [ratio(seconds[peer], seconds["dnnsearch"]) for peer in PEERS if peer in seconds]
    if not ratios:
        return "-"
    return "reached" if min(one.middle for one in ratios) >= goal else "missed"


def piece_rows(found: Mapping[str, Seconds], goal: float) -> Iterator[list[str]]:
    plain = found["none"]["dnnsearch"]
    for name, seconds in found.items():
        ours = seconds["dnnsearch"]
        yield [
            name,
            f"{median(ours) * 1e6:.0f}",
            str(ratio(ours, plain)),
            *peer_cells(seconds),
            f"{goal:.0f}",
            verdict(seconds, goal),
        ]


def number_rows(
    jobs: Sequence[PieceJob], found: Sequence[Seconds], plain: Sequence[Seconds]
) -> Iterator[list[str]]:
    for job, seconds, without in zip(jobs, found, plain, strict=True):
        added = ratio(seconds["dnnsearch"], without["dnnsearch"])
        yield [
            str(job.columns),
            str(job.bins),
            str(job.hyper.get("embedding", "none")),
            str(without_piece(job).columns),
            f"{median(seconds['dnnsearch']) * 1e6:.0f}",
            f"{median(without['dnnsearch']) * 1e6:.0f}",
            str(added),
            f"{NUMBERS_GOAL}",
            "reached" if added.middle <= NUMBERS_GOAL else "missed",
            *peer_cells(seconds),
        ]


OF_PEERS = [cell for peer in PEERS for cell in (peer, f"{peer} / ours")]


def paragraphs(
    pieces: Mapping[str, Seconds],
    numbers: Sequence[list[str]],
    stacks: Mapping[str, Seconds],
    about: str,
) -> Iterator[str]:
    rounds = len(pieces["none"]["dnnsearch"])
    yield f"""\
Microseconds of an update, {rounds} rounds on {processor()}; {versions("numpy")}{about}."""
    yield "One network, 64-64-32-10. The goal is for the faster one of PyTorch's:"
    header = ["piece", "dnnsearch", "to none", *OF_PEERS, "goal", ""]
    yield report.table(header, list(piece_rows(pieces, PIECE_GOAL)))
    added = ratio(pieces["scaling layer"]["dnnsearch"], pieces["none"]["dnnsearch"])
    word = "reached" if added.middle <= SCALING_GOAL else "missed"
    yield f"A scaling layer takes {added} of the time without it; at most {SCALING_GOAL}: {word}."
    yield "Codes of numbers, beside a plain update with the same n[0]:"
    header = ["columns", "bins", "embedding", "n[0]", "dnnsearch", "plain", "to plain"]
    yield report.table([*header, "at most", "", *OF_PEERS], numbers)
    yield f"A stack of {STACK}, microseconds for each network:"
    header = ["pieces", "dnnsearch", "to none", *OF_PEERS, "goal", ""]
    yield report.table(header, list(piece_rows(stacks, STACK_GOAL)))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = report.parser_of(__file__, __doc__ or "")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--numerics", choices=["portable", "avx512"], default="portable")
    bench_python.add_option(parser)
    options = parser.parse_args(arguments)
    rounds, epochs = (1, 1) if options.tiny else (options.rounds, PieceJob().epochs)
    peers = PEERS if bench_python.has(options.bench_python, "torch") else ()
    if not peers:
        print(f"PyTorch is left out: --bench-python {options.bench_python} does not have it")
    plain = [without_piece(job) for job in NUMBERS]
    program = piece_timers.__file__
    started = [Runner("dnnsearch", program, pins=options.numerics)]
    started += [Runner(peer, program, options.bench_python) for peer in peers]
    with ExitStack() as stack:
        for runner in started:
            stack.enter_context(closing(runner))
        runners = dict(zip(("dnnsearch", *peers), started, strict=True))
        jobs = [*PIECES.values(), *STACKS.values(), *NUMBERS]
        found = measure(jobs, rounds, epochs, runners)
        without = measure(plain, rounds, epochs, {"dnnsearch": runners["dnnsearch"]})
    pieces = dict(zip(PIECES, found))
    stacks = dict(zip(STACKS, found[len(PIECES) :]))
    rows = list(number_rows(NUMBERS, found[len(PIECES) + len(STACKS) :], without))
    peer_versions = bench_python.versions(options.bench_python, ("torch",))
    about = f"{peer_versions}; dnnsearch with {options.numerics} numerics"
    report.write(options.out, __doc__ or "", *paragraphs(pieces, rows, stacks, about))


if __name__ == "__main__":
    main()
