"""What has the first layer of an image network learnt, and when?

Question: what do the rows of W[1], drawn as images, show early and late in a training?
Scientific: the number of updates. Nuisance: none. Fixed: the network, the data, the seed.
Command: python experiments/first_layer.py [--data digits] [--out experiments/first_layer.svg]
         With --data FILE.npz, arrays X (m, side^2) and y (m,), such as those of Fashion-MNIST.
Result: in experiments/LOG.md.

Each small picture is one unit: blue pixels speak for it, red ones against it. All pictures of one
moment share one scale, so that a pale one is a unit that has learnt little.
"""

import argparse
import math
from pathlib import Path
from typing import Any

import numpy as np

from dnnsearch import nn
from dnnsearch.data.datasets import load
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


def snapshots(
    X: Array, y: Array, moments: tuple[int, ...], units: int, initialization: str
) -> list[tuple[Array, str]]:
    """At each moment W[1] (units, side^2), and what the network can do by then."""
    order = np.random.default_rng(0).permutation(len(y))
    train_rows, dev_rows = np.split(order, [4 * len(y) // 5])
    data = {"X_train": X[train_rows], "y_train": y[train_rows]}
    data |= {"X_dev": X[dev_rows], "y_dev": y[dev_rows]}
    rng = np.random.default_rng(1)
    sizes = [X.shape[1], units, int(y.max()) + 1]
    parameters = nn.initialize(sizes, [rng], initialization, "float64")
    found = []
    for progress in train(
        parameters,
        {k: np.ascontiguousarray(v) for k, v in data.items()},
        activation="relu",
        output="softmax",
        learning_rate=0.3,
        momentum=0.9,
        batch_size=32,
        iterations=moments[-1],
        curve_every=math.gcd(*moments),
        rngs=[rng],
    ):
        if progress.iteration in moments:
            label = f"{progress.iteration} updates: {progress.dev_accuracy[0]:.1%} of dev right"
            found.append((parameters.W[1][0].copy(), label))
    return found


def drawn(found: list[tuple[Array, str]]) -> str:
    """An SVG with one row for each moment and one picture for each unit."""
    units, pixels = found[0][0].shape
    side = math.isqrt(pixels)
    size = PIXEL * side + GAP
    width, height = LABEL + units * size + GAP, len(found) * size + GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">',
        '<g font-family="sans-serif" font-size="11" shape-rendering="crispEdges">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    for row, (W, label) in enumerate(found):
        y = GAP + row * size
        for line, text in enumerate(label.split(": ")):
            parts.append(f'<text x="{GAP}" y="{y + 14 + 14 * line}" fill="#222">{text}</text>')
        scale = float(np.quantile(np.abs(W), 0.99))
        for unit in range(units):
            x = LABEL + unit * size
            parts.append(f'<g transform="translate({x} {y}) scale({PIXEL})">')
            parts += [picture(W[unit] / scale, side), "</g>"]
    return "\n".join([*parts, "</g></svg>\n"])


def picture(weights: Array, side: int) -> str:
    """One unit's weights, from -1 (red) over 0 (white) to 1 (blue): one path for each colour."""
    paths: dict[str, str] = {}
    for i, level in enumerate(np.rint(SHADES * np.clip(weights, -1, 1)).astype(int).tolist()):
        faint = round(255 * (1 - abs(level) / SHADES))
        colour = f"#{faint:02x}{faint:02x}ff" if level > 0 else f"#ff{faint:02x}{faint:02x}"
        paths[colour] = paths.get(colour, "") + f"M{i % side} {i // side}h1v1h-1z"
    return "".join(f'<path fill="{colour}" d="{path}"/>' for colour, path in paths.items())


def smoothness(W: Array) -> float:
    """How alike neighbouring weights are: the mean correlation of a unit's pixels side by side."""
    side = math.isqrt(W.shape[1])
    images_ = W.reshape(-1, side, side)
    pairs = (images_[:, :, :-1], images_[:, :, 1:])
    return float(np.mean([np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(*pairs)]))


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="digits", help="digits, or a .npz with X and y")
    parser.add_argument("--out", type=Path, default=Path("experiments/first_layer.svg"))
    parser.add_argument("--units", type=int, default=UNITS)
    parser.add_argument("--initialization", default="small", choices=[*nn.INITIALIZATIONS])
    parser.add_argument("--moments", type=int, nargs="+", default=list(MOMENTS))
    given = parser.parse_args(arguments)
    found = snapshots(*images(given.data), tuple(given.moments), given.units, given.initialization)
    given.out.write_text(drawn(found), encoding="utf-8")
    for W, label in found:
        print(f"{label}; neighbouring weights correlate with {smoothness(W):.2f}")
    print(f"drawn in {given.out}")


if __name__ == "__main__":
    main()
