"""The trainings that `speed_training.py` times, written for each library.

It starts one process per library: `python experiments/training_timers.py NAME` reads jobs from its
standard input, one line of JSON each, and answers each with the seconds of one update.
"""

import json
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

GEMM = 1024  # rows and columns of the two matrices whose product is timed as the peak


@dataclass(frozen=True)
class Job:
    """A training to be timed."""

    examples: int
    layers: tuple[int, ...]
    batch: int
    epochs: int
    replicates: int = 1
    every: int = 0  # updates between two points of the curves; 0: no curves
    part: str = ""  # of our update, one of PARTS; empty: all of it

    @property
    def name(self) -> str:
        sizes = "-".join(str(n) for n in self.layers)
        return f"{self.examples}x{self.layers[0]}, {sizes}, batch {self.batch}"

    @property
    def updates(self) -> int:
        return self.epochs * -(-self.examples // self.batch)

    @property
    def flops(self) -> int:
        """Return the operations of one update: two per multiply-add; dA[0] is not computed."""
        weights = [n * n_prev for n_prev, n in pairwise(self.layers)]
        return 2 * self.batch * (3 * sum(weights) - weights[0])

    @property
    def calls(self) -> int:
        """Return the calls of NumPy in one update without shuffling and costs.

        Forward: product, bias and activation, 5 calls of it for softmax. Backward: dZ, dW, db and
        dA, which layer 1 lacks; 2 calls for each dZ. Then 3 for each block of the parameters.
        """
        L = len(self.layers) - 1
        numbers = sum((n_prev + 1) * n for n_prev, n in pairwise(self.layers))
        return (3 * L + 4) + (5 * L - 1) + 3 * -(-numbers // 2**15)

    def data(self) -> tuple[Any, Any]:
        """Return random examples X (m, n[0]) and random classes y (m,)."""
        import numpy as np

        rng = np.random.default_rng(0)
        X = rng.standard_normal((self.examples, self.layers[0]), np.float32)
        return X, rng.integers(0, self.layers[-1], self.examples)


def time_dnnsearch(job: Job, exact: bool = False) -> float:
    """Return the seconds of an update; with curves, dev has a third of the examples."""
    if job.part:
        return time_part(job)
    import numpy as np

    from dnnsearch import nn
    from dnnsearch.nn.arithmetic import FAST
    from dnnsearch.nn.exact_arithmetic import EXACT
    from dnnsearch.trials import training
    from dnnsearch.trials.hyperparameters import Hyperparameters

    X, y = job.data()
    dev = job.examples // 3 if job.every else 1
    rngs = [np.random.default_rng(replicate) for replicate in range(job.replicates)]
    by = EXACT if exact else FAST
    points = training.train(
        nn.initialize(job.layers, rngs, dtype=by.dtype or np.float32, arithmetic=by),
        {"X_train": X, "y_train": y, "X_dev": X[:dev], "y_dev": y[:dev]},
        Hyperparameters(
            learning_rate=0.01,
            iterations=job.updates if job.every else job.updates + 1,
            units=tuple(job.layers[1:-1]),
            activation="relu",
            momentum=0.9,
            batch_size=job.batch,
        ),
        output="softmax",
        curve_every=job.every or job.updates,
        rngs=rngs,
        arithmetic=by,
    )
    started = time.process_time()
    while next(points).iteration < job.updates:
        pass
    return (time.process_time() - started) / job.updates


PARTS = ("products", "other calls", "momentum", "mini-batches, costs")


def time_part(job: Job) -> float:
    """Return the seconds of one part of our update; the other parts do not run."""
    import numpy as np

    from dnnsearch import nn
    from dnnsearch.nn.batches import Minibatches
    from dnnsearch.trials.momentum import Momentum

    X, y = job.data()
    network = nn.Network(nn.initialize(job.layers, np.random.default_rng(0)))
    stream = Minibatches(network, X, y, job.batch, [np.random.default_rng(0)])
    descent = Momentum(network, 0.01, 0.9)
    batches = job.updates // job.epochs
    calls = []
    for batch in stream.take(batches):
        passes = network.passes(batch.X, batch.workspaces)
        passes.forward()
        passes.backward(batch.Y, descent.factor(batch))
        both = [*passes.forward_calls, *passes.backward_calls]
        calls.append([one for one in both if _is_product(one) == (job.part == "products")])
    of_momentum = [[descent.update]] * batches
    started = time.process_time()
    for _ in range(job.epochs):
        if job.part == "mini-batches, costs":
            for _ in stream.take(batches):
                pass
            stream.means()
            continue
        for some in of_momentum if job.part == "momentum" else calls:
            for call in some:
                call()
    return (time.process_time() - started) / job.updates


def _is_product(call: Any) -> bool:
    return getattr(getattr(call, "func", None), "__name__", "") in {"dot", "matmul"}


def time_sklearn(job: Job) -> float:
    from sklearn.neural_network import MLPClassifier

    X, y = job.data()
    network = MLPClassifier(
        job.layers[1:-1],
        solver="sgd",
        momentum=0.9,
        nesterovs_momentum=False,
        alpha=0,
        batch_size=job.batch,
        max_iter=job.epochs,
        n_iter_no_change=job.epochs + 1,
        random_state=0,
    )
    started = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it does not converge in so few epochs
        network.fit(X, y)
    return (time.process_time() - started) / job.updates


def time_torch(job: Job, fused: bool = False) -> float:
    """Return the seconds of an update, written as in the tutorials; `fused`: fused optimizer."""
    import torch

    torch.set_num_threads(1)
    X, y = map(torch.from_numpy, job.data())
    layers: list[Any] = []
    for n_prev, n in pairwise(job.layers):
        layers += [torch.nn.Linear(n_prev, n), torch.nn.ReLU()]
    network = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9, fused=fused)
    started = time.process_time()
    for _ in range(job.epochs):
        for batch in torch.randperm(job.examples).split(job.batch):
            logits = network(X.index_select(0, batch))
            cost = torch.nn.functional.cross_entropy(logits, y.index_select(0, batch))
            optimizer.zero_grad(set_to_none=True)
            cost.backward()
            optimizer.step()
    return (time.process_time() - started) / job.updates


def time_gemm(job: Job) -> float:
    """Return the seconds of a product of two large matrices; the job is ignored."""
    import numpy as np

    A, product = np.ones((GEMM, GEMM), np.float32), np.empty((GEMM, GEMM), np.float32)
    started = time.process_time()
    for _ in range(8):
        np.matmul(A, A, out=product)
    return (time.process_time() - started) / 8


def time_products(job: Job, exact: bool = False) -> float:
    """Return the seconds of the matrix products of an update alone."""
    import numpy as np

    from dnnsearch.nn.arithmetic import matmul_for

    dtype = np.float64 if exact else np.float32
    stack = () if job.replicates == 1 else (job.replicates,)
    products: list[tuple[Any, Any, Any]] = []
    for l, (n_prev, n) in enumerate(pairwise(job.layers)):
        W, dW = (np.ones((*stack, n, n_prev), dtype) for _ in range(2))
        A, dA = (np.ones((*stack, n_prev, job.batch), dtype) for _ in range(2))
        Z, dZ = (np.ones((*stack, n, job.batch), dtype) for _ in range(2))
        products += [(W, A, Z), (dZ, A.mT, dW)] + [(W.mT, dZ, dA)] * (l > 0)
    started = time.process_time()
    for _ in range(job.updates):
        for a, b, out in products:
            matmul_for(a, b)(a, b, out=out)
    return (time.process_time() - started) / job.updates


def time_rounding(job: Job) -> float:
    """Return the seconds in which an exact update rounds the factors of its products."""
    import numpy as np

    from dnnsearch.nn.exact_arithmetic import operand

    stack = () if job.replicates == 1 else (job.replicates,)
    rng, factors = np.random.default_rng(0), []
    for n_prev, n in pairwise(job.layers):
        W, dZ = (n, n_prev), (n, job.batch)
        A = [] if n == job.layers[-1] else [(n, job.batch)]  # what the next layer multiplies
        factors += [rng.standard_normal((*stack, *shape)) for shape in (W, dZ, *A)]
    outs = [np.empty_like(x) for x in factors]
    started = time.process_time()
    for _ in range(job.updates):
        for x, out in zip(factors, outs, strict=True):
            operand(x, out=out)
    return (time.process_time() - started) / job.updates


TIMERS: dict[str, Callable[[Job], float]] = {
    "dnnsearch": time_dnnsearch,
    "portable": time_dnnsearch,
    "avx512": time_dnnsearch,
    "exact": partial(time_dnnsearch, exact=True),
    "float32 products": time_products,
    "float64 products": partial(time_products, exact=True),
    "rounding": time_rounding,
    "GEMM, portable": time_gemm,
    "GEMM, avx512": time_gemm,
    "scikit-learn": time_sklearn,
    "PyTorch": time_torch,
    "fused PyTorch": partial(time_torch, fused=True),
}


def serve(name: str) -> None:
    """Answer each line of standard input with a time in seconds."""
    for line in sys.stdin:
        job = Job(**json.loads(line))
        print(TIMERS[name](job), flush=True)


if __name__ == "__main__":
    serve(sys.argv[1])
