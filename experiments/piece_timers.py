"""The trainings that `piece_speed.py` times: each piece in dnnsearch, and the same in PyTorch.

It starts one process per library: `python experiments/piece_timers.py NAME` reads jobs from its
standard input, one line of JSON each, and answers each with the seconds of one update. PyTorch is
written as in its tutorials, with its own layers and optimizers where it has them.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any

EXAMPLES, BATCH, UNITS, CLASSES = 1437, 64, (64, 32), 10
RATE, MOMENTUM, BETA2 = 0.01, 0.9, 0.999
PLAIN = {"descent": "momentum", "activation": "relu", "schedule": "constant"}

Hyper = dict[str, Any]  # hyperparameters by name, beyond those of PLAIN


@dataclass(frozen=True)
class PieceJob:
    """A training with some pieces; the inputs are all numbers if there are codes."""

    columns: int = 64
    hyper: Hyper = field(default_factory=dict)
    replicates: int = 1
    epochs: int = 15

    @property
    def updates(self) -> int:
        return self.epochs * -(-EXAMPLES // BATCH)

    @property
    def bins(self) -> int:
        return int(self.hyper.get("codes", 0))

    def data(self) -> tuple[Any, Any]:
        """Return random examples X (m, columns) and random classes y (m,)."""
        import numpy as np

        rng = np.random.default_rng(0)
        X = rng.standard_normal((EXAMPLES, self.columns), np.float32)
        return X, rng.integers(0, CLASSES, EXAMPLES)

    def edges(self, X: Any) -> Any:
        """Return the quantiles of each column, (columns, bins + 1); None without codes."""
        import numpy as np

        return np.quantile(X, np.linspace(0, 1, self.bins + 1), axis=0).T if self.bins else None


def time_dnnsearch(job: PieceJob) -> float:
    """Return the seconds of an update of one network of the stack."""
    import numpy as np

    from dnnsearch import nn
    from dnnsearch.trials import training
    from dnnsearch.trials.hyperparameters import Hyperparameters
    from dnnsearch.trials.input_pieces import InputPieces, input_shape

    X, y = job.data()
    plain = Hyperparameters(
        **{**PLAIN, **job.hyper},
        learning_rate=RATE,
        iterations=job.updates + 1,
        units=UNITS,
        momentum=MOMENTUM,
        batch_size=BATCH,
    )
    shape = input_shape(plain, job.columns, job.columns)
    rngs = [np.random.default_rng(replicate) for replicate in range(job.replicates)]
    layers = (shape.n_0, *UNITS, CLASSES)
    points = training.train(
        nn.initialize(layers, rngs, extra=shape.learnt),
        {"X_train": X, "y_train": y, "X_dev": X[:1], "y_dev": y[:1]},
        plain,
        output="softmax",
        curve_every=job.updates,
        rngs=rngs,
        pieces=InputPieces(shape, edges=job.edges(X)),
    )
    next(points)  # that before the first update
    started = time.process_time()
    next(points)
    return (time.process_time() - started) / job.updates / job.replicates


def time_torch(job: PieceJob, fused: bool = False) -> float:
    """Return the seconds of an update of one network; `fused`: with the fused optimizer."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
    X, y = job.data()
    edges = job.edges(X)
    X, y = torch.from_numpy(X), torch.from_numpy(y)
    network = _network(job, edges)
    optimizer = _optimizer(network, job.hyper, fused)
    scheduler = _scheduler(optimizer, job)
    cost_of = partial(
        torch.nn.functional.cross_entropy, label_smoothing=job.hyper.get("label_smoothing", 0.0)
    )
    clip = job.hyper.get("clip")
    started = time.process_time()
    for _ in range(job.epochs):
        for batch in torch.randperm(EXAMPLES).split(BATCH):
            cost = cost_of(network(X.index_select(0, batch)), y.index_select(0, batch))
            optimizer.zero_grad(set_to_none=True)
            cost.backward()
            if clip is not None:
                torch.nn.utils.clip_grad_norm_(network.parameters(), clip)
            optimizer.step()
            if scheduler is not None:
                scheduler.step()
    return (time.process_time() - started) / job.updates


def _network(job: PieceJob, edges: Any) -> Any:
    import torch

    from experiments import piece_modules as modules

    hyper = job.hyper
    activations = {
        "relu": torch.nn.ReLU,
        "silu": torch.nn.SiLU,
        "gelu": partial(torch.nn.GELU, approximate="tanh"),
    }
    activation = activations[hyper.get("activation", "relu")]
    linear = modules.NtkLinear if hyper.get("parametrization") == "ntk" else torch.nn.Linear
    layers: list[Any] = []
    n_0 = job.columns
    if job.bins:
        layers.append(modules.Codes(edges))
        n_0 = job.columns * (job.bins + 1)
    if hyper.get("embedding"):
        layers.append(modules.Embedding(job.columns, job.bins + 1, hyper["embedding"]))
        n_0 = job.columns * hyper["embedding"]
    layers += [torch.nn.Flatten()] if job.bins else []
    layers += [modules.Scaling(n_0)] if hyper.get("scaling") else []
    for n_prev, n in pairwise((n_0, *UNITS)):
        layers += [linear(n_prev, n), activation()]
        layers += [torch.nn.Dropout(hyper["dropout"])] if hyper.get("dropout") else []
    return torch.nn.Sequential(*layers, linear(UNITS[-1], CLASSES))


def _optimizer(network: Any, hyper: Hyper, fused: bool) -> Any:
    import torch

    optim, betas = torch.optim, (MOMENTUM, BETA2)
    decay = hyper.get("weight_decay", 0.01)
    makers: dict[str, Callable[..., Any]] = {
        "momentum": partial(optim.SGD, momentum=MOMENTUM, weight_decay=hyper.get("l2", 0.0)),
        "nesterov": partial(optim.SGD, momentum=MOMENTUM, nesterov=True),
        "rmsprop": partial(optim.RMSprop, alpha=BETA2),
        "adam": partial(optim.Adam, betas=betas),
        "adamw": partial(optim.AdamW, betas=betas, weight_decay=decay),
        # not a part of PyTorch; AdamW has fewer steps of its own
        "schedule_free": partial(optim.AdamW, betas=betas),
    }
    descent = hyper.get("descent", "momentum")
    scales = [one for name, one in network.named_parameters() if name.endswith("scales")]
    others = [one for name, one in network.named_parameters() if not name.endswith("scales")]
    groups = [{"params": others}]
    groups += [{"params": scales, "lr": RATE * hyper["scaling"]}] if scales else []
    more = {} if descent == "rmsprop" else {"fused": fused}
    return makers[descent](groups, lr=RATE, **more)


def _scheduler(optimizer: Any, job: PieceJob) -> Any:
    from torch.optim import lr_scheduler

    if job.hyper.get("schedule") == "cosine":
        return lr_scheduler.CosineAnnealingLR(optimizer, job.updates)
    if share := job.hyper.get("warmup"):
        return lr_scheduler.LinearLR(optimizer, 1e-3, total_iters=round(share * job.updates))
    return None


TIMERS: dict[str, Callable[[PieceJob], float]] = {
    "dnnsearch": time_dnnsearch,
    "PyTorch": time_torch,
    "fused PyTorch": partial(time_torch, fused=True),
}


def serve(name: str) -> None:
    """Answer each line of standard input with a time in seconds."""
    for line in sys.stdin:
        print(TIMERS[name](PieceJob(**json.loads(line))), flush=True)


if __name__ == "__main__":
    serve(sys.argv[1])
