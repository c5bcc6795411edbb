"""What have the first and the second layer of an image network learnt, and when?

Question:    what do the units of layer 1, and of layer 2, look for early and late in a training?
             Do the units of layer 2 stand for more of a digit than those of layer 1?
Scientific:  the number of updates; the layer
Nuisance:    none
Fixed:       the network, the data, the seed
Command:     python experiments/first_layer.py [--data digits] [--out experiments/first_layer.svg]
             python experiments/first_layer.py --second 16 --moments 0 2000 --out FILE.svg
             With --data FILE.npz, arrays X (m, side^2) and y (m,), such as those of Fashion-MNIST.
Result:      in experiments/LOG.md

Each small picture is one unit: blue pixels speak for it, red ones against it. A unit of layer 1 is
drawn by its row of W[1]. A unit of layer 2 is drawn by the derivative of its Z[2] by the pixels,
averaged over the dev examples for which it is active. All pictures of one row share one scale, so
a pale picture is a unit that has learnt little.
"""

import argparse
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

from dnnsearch import nn
from dnnsearch.data.datasets import load
from dnnsearch.trials.hyperparameters import Hyperparameters
from dnnsearch.trials.training import train

Array = np.ndarray[Any, np.dtype[Any]]
UNITS = 16
SHADES = 7  # of blue and of red
MOMENTS = (0, 20, 200, 2000)  # updates
PIXEL, GAP, LABEL = 4, 6, 150  # of the drawing; the label's width


def images(data: str) -> tuple[Array, Array]:
    """X (m, side^2) from 0 to 1 and classes y (m,)."""
    if data == "digits":
        table = load({"name": "digits"})
        return np.asarray(table.X, float) / 16, table.y
    with np.load(data, allow_pickle=False) as arrays:
        X = arrays["X"].reshape(len(arrays["X"]), -1).astype(float)
        return X / X.max(), arrays["y"].astype(np.int64)


@dataclass(frozen=True)
class Row:
    """The units of one layer at one moment."""

    pictures: Array  # (units, side^2)
    label: str
    selectivity: float  # see `selectivity`


def snapshots(
    X: Array, y: Array, moments: tuple[int, ...], hidden: tuple[int, ...], initialization: str
) -> list[Row]:
    """Return a row for each moment and hidden layer; `hidden` are one or two numbers of units."""
    order = np.random.default_rng(0).permutation(len(y))
    train_rows, dev_rows = np.split(order, [4 * len(y) // 5])
    data = {"X_train": X[train_rows], "y_train": y[train_rows]}
    data |= {"X_dev": X[dev_rows], "y_dev": y[dev_rows]}
    rng = np.random.default_rng(1)
    sizes = [X.shape[1], *hidden, int(y.max()) + 1]
    parameters = nn.initialize(sizes, [rng], initialization, "float64")
    found = []
    for progress in train(
        parameters,
        {k: np.ascontiguousarray(v) for k, v in data.items()},
        Hyperparameters(
            learning_rate=0.3,
            iterations=moments[-1],
            units=tuple(hidden),
            activation="relu",
            momentum=0.9,
            batch_size=32,
        ),
        output="softmax",
        curve_every=math.gcd(*moments),
        rngs=[rng],
    ):
        if progress.iteration in moments:
            label = f"{progress.iteration} updates: {progress.dev_accuracy[0]:.1%} of dev right"
            found += rows(parameters, data["X_dev"], data["y_dev"], label)
    return found


def rows(parameters: nn.Parameters, X: Array, y: Array, label: str) -> list[Row]:
    """Return a row for each hidden layer of a stack of one network, on X (m, n[0]) and y (m,)."""
    network = nn.Network(nn.Parameters.from_flat(parameters.layer_sizes, parameters.flat[0]))
    _, caches = network.forward(X.T)
    W, layers = network.parameters.W, range(1, network.L)
    pictures = {1: W[1].copy(), 2: second_layer(W[1], W[2], caches[1].A, caches[2].A)}
    suffix = {l: f": layer {l}" if network.L > 2 else "" for l in layers}
    return [Row(pictures[l], label + suffix[l], selectivity(caches[l].A, y)) for l in layers]


def second_layer(W1: Array, W2: Array, A1: Array, A2: Array) -> Array:
    """Return dZ[2]/dX (n[2], n[0]), averaged over the examples for which the unit is active.

    With relu, dZ[2]/dX of one example is the sum of the rows of W[1] of the active units, each
    times its weight in W[2]. A unit that is never active has a picture of zeros.
    """
    active = (A2 > 0).astype(float)  # (n[2], m)
    share = active @ (A1 > 0).T / np.maximum(active.sum(axis=1, keepdims=True), 1)  # (n[2], n[1])
    pictures: Array = (W2 * share) @ W1
    return pictures


def selectivity(A: Array, y: Array) -> float:
    """Return how well a unit tells one class from all others, on average over units A (n, m).

    It is the largest area under the ROC curve over the classes: 0.5 says nothing, 1 is perfect.
    Units that are never active are left out; NaN if no unit is active.
    """
    areas = [[roc_auc_score(y == k, unit) for k in np.unique(y)] for unit in A if unit.any()]
    return float(np.mean(np.max(areas, axis=1))) if areas else math.nan


def drawn(found: list[Row]) -> str:
    """Return an SVG with one row for each moment and layer, and one picture for each unit."""
    units = max(len(row.pictures) for row in found)
    side = math.isqrt(found[0].pictures.shape[1])
    size = PIXEL * side + GAP
    width, height = LABEL + units * size + GAP, len(found) * size + GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">',
        '<g font-family="sans-serif" font-size="11" shape-rendering="crispEdges">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    for i, row in enumerate(found):
        y = GAP + i * size
        for line, text in enumerate(row.label.split(": ")):
            parts.append(f'<text x="{GAP}" y="{y + 10 + 11 * line}" fill="#222">{text}</text>')
        scale = float(np.quantile(np.abs(row.pictures), 0.99)) or 1.0
        for unit, weights in enumerate(row.pictures):
            x = LABEL + unit * size
            parts.append(f'<g transform="translate({x} {y}) scale({PIXEL})">')
            parts += [picture(weights / scale, side), "</g>"]
    return "\n".join([*parts, "</g></svg>\n"])


def picture(weights: Array, side: int) -> str:
    """Return one unit's weights, from -1 (red) over 0 (white) to 1 (blue), as paths by colour."""
    paths: dict[str, str] = {}
    for i, level in enumerate(np.rint(SHADES * np.clip(weights, -1, 1)).astype(int).tolist()):
        faint = round(255 * (1 - abs(level) / SHADES))
        colour = f"#{faint:02x}{faint:02x}ff" if level > 0 else f"#ff{faint:02x}{faint:02x}"
        paths[colour] = paths.get(colour, "") + f"M{i % side} {i // side}h1v1h-1z"
    return "".join(f'<path fill="{colour}" d="{path}"/>' for colour, path in paths.items())


def smoothness(W: Array) -> float:
    """Return the mean correlation of weights of pixels side by side; 0 is noise."""
    side = math.isqrt(W.shape[1])
    images_ = W[W.any(axis=1)].reshape(-1, side, side)
    pairs = (images_[:, :, :-1], images_[:, :, 1:])
    alike = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(*pairs)]
    return float(np.mean(alike)) if alike else math.nan


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="digits", help="digits, or a .npz with X and y")
    parser.add_argument("--out", type=Path, default=Path("experiments/first_layer.svg"))
    parser.add_argument("--units", type=int, default=UNITS)
    parser.add_argument("--second", type=int, default=0, help="units of a second hidden layer")
    parser.add_argument("--initialization", default="small", choices=[*nn.INITIALIZATIONS])
    parser.add_argument("--moments", type=int, nargs="+", default=list(MOMENTS))
    given = parser.parse_args(arguments)
    hidden = (given.units, given.second) if given.second else (given.units,)
    moments = tuple(given.moments)
    found = snapshots(*images(given.data), moments, hidden, given.initialization)
    given.out.write_text(drawn(found), encoding="utf-8")
    for row in found:
        print(
            f"{row.label}; {int(row.pictures.any(axis=1).sum())} units in use, "
            f"neighbouring weights correlate with {smoothness(row.pictures):.2f}, "
            f"a unit tells one class from the others with an AUC of {row.selectivity:.2f}"
        )
    print(f"drawn in {given.out}")


if __name__ == "__main__":
    main()
