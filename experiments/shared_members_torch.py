"""Stacks of networks with and without shared weights, in PyTorch, for `shared_members.py`.

It runs in an interpreter that has torch: `python shared_members_torch.py FOLDER` reads
FOLDER/rows.npz and writes FOLDER/answers.npz: for each of STACKS the members' answers for the test
rows, (members, m, outputs), logits or standardised values, and the seconds of its trainings.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

MEMBERS = 16
UNITS = (96, 96)
EPOCHS, BATCH, DROPOUT, DECAY = 60, 64, 0.15, 0.02
RATES = (0.003, 0.01)
POINTS = 20  # of a training; the point of either rate with the least dev loss is taken
STACKS = ("networks", "shared")


def initialize(n: Sequence[int], shared: bool) -> dict[str, Any]:
    """Return the parameters of layer sizes n: W[l] (k, n[l - 1], n[l]), k = 1 where it is shared.

    Shared members (TabM-mini; Gorishniy et al. 2025) have a factor of their own for each input,
    which begins as a random sign, and a last layer of their own.
    """
    import torch

    parameters = {}
    for l in range(1, len(n)):
        k = 1 if shared and l < len(n) - 1 else MEMBERS
        parameters[f"W{l}"] = torch.randn(k, n[l - 1], n[l]) * (2 / n[l - 1]) ** 0.5
        parameters[f"b{l}"] = torch.zeros(k, 1, n[l])
    if shared:
        parameters["s"] = torch.randint(0, 2, (MEMBERS, 1, n[0])) * 2.0 - 1.0
    return {name: value.requires_grad_() for name, value in parameters.items()}


def forward(X: Any, parameters: dict[str, Any], dropout: float = 0.0) -> Any:
    """Return the outputs (members, m, n[L]) of X (members, m, n[0])."""
    import torch

    A, L = X * parameters["s"] if "s" in parameters else X, len(UNITS) + 1
    for l in range(1, L + 1):
        A = A @ parameters[f"W{l}"] + parameters[f"b{l}"]
        if l < L:
            A = torch.nn.functional.dropout(torch.nn.functional.silu(A), dropout, dropout > 0)
    return A


def cost(Z: Any, y: Any, is_numbers: bool) -> Any:
    """Return the mean cost over members and examples; y is (members, m)."""
    import torch

    if is_numbers:
        return torch.mean((Z[..., 0] - y) ** 2)
    return torch.nn.functional.cross_entropy(Z.flatten(0, 1), y.flatten())


def trained(
    X: Any, y: Any, outputs: int, rate: float, shared: bool, is_numbers: bool
) -> Iterator[dict[str, Any]]:
    """Yield the parameters at POINTS; each member has mini-batches in an order of its own."""
    import torch

    torch.manual_seed(0)
    m = len(y)
    parameters = initialize([X.shape[1], *UNITS, outputs], shared)
    descent = torch.optim.AdamW(parameters.values(), lr=rate, weight_decay=DECAY)
    batches = -(-m // BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(descent, EPOCHS * batches)
    for epoch in range(1, EPOCHS + 1):
        orders = torch.stack([torch.randperm(m) for _ in range(MEMBERS)])
        for rows in orders.split(BATCH, dim=1):
            descent.zero_grad()
            cost(forward(X[rows], parameters, DROPOUT), y[rows], is_numbers).backward()
            descent.step()
            schedule.step()
        if epoch % (EPOCHS // POINTS) == 0:
            yield parameters


def answers(data: dict[str, Any], shared: bool) -> tuple[np.ndarray, float]:
    """Return the members' answers for the test rows, and the seconds of training."""
    import torch

    began, best = time.process_time(), None
    for parameters in chain.from_iterable(
        trained(data["X"], data["y"], data["outputs"], rate, shared, data["is_numbers"])
        for rate in RATES
    ):
        with torch.no_grad():
            dev = forward(data["X_dev"].expand(MEMBERS, -1, -1), parameters)
            mean = dev.mean(0) if data["is_numbers"] else dev.softmax(-1).mean(0).log()
            loss = float(cost(mean[None], data["y_dev"][None], data["is_numbers"]))
            if best is None or loss < best[0]:
                best = loss, forward(data["X_test"].expand(MEMBERS, -1, -1), parameters).numpy()
    assert best is not None
    return best[1], time.process_time() - began


def main(folder: Path) -> None:
    import torch

    torch.set_num_threads(1)
    rows = np.load(folder / "rows.npz")
    data: dict[str, Any] = {name: torch.from_numpy(rows[name]) for name in rows}
    data |= {"outputs": int(rows["outputs"]), "is_numbers": bool(rows["is_numbers"])}
    found = {name: answers(data, name == "shared") for name in STACKS}
    arrays: dict[str, Any] = {name: Z for name, (Z, _) in found.items()}
    arrays |= {f"{name} seconds": seconds for name, (_, seconds) in found.items()}
    np.savez(folder / "answers.npz", **arrays)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
