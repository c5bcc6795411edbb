"""The kinds of numeric columns: how each is transformed before it is standardised.

TRANSFORMATIONS is the table; a new kind is one row in it, and its name is a role that a config can
give to a column. Missing values are imputed before, and every input is standardised after, so that
a row has only its own part.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dnnsearch.data.files.reading_version import BEFORE, Reading
from dnnsearch.data.moments import mean_and_scale
from dnnsearch.nn import exact_functions
from dnnsearch.nn.arithmetic import FAST, Arithmetic
from dnnsearch.nn.exact_arithmetic import EXACT
from dnnsearch.nn.exact_normal import normal_quantile

if TYPE_CHECKING:
    import pandas as pd

BLOCK_ROWS = 4096  # prepared at a time, so that memory stays near that of the result
MAX_QUANTILES = 200
AT_THE_END = 1e-7  # a value this near to the first or the last quantile has its rank
ALWAYS_STORED = ("number", "quantile", "pixel")  # also if no column has the role: format 1 does
NOTHING = np.empty((0, 0))  # of a transformation that fits nothing

Roles = dict[str, tuple[str, ...]]  # role of a numeric column -> names, in the order of the inputs


@dataclass(frozen=True)
class Transformation:
    """One kind of numeric column; values are (m, columns) float64 without gaps.

    `fit` makes an array (q, columns) of train's values, which is stored under the name `array` and
    given to `apply`, to transform values, and to `typical`, to return a value (columns,) in the
    column's own unit from the mean of the transformed ones. Without `fit` they get an empty array.
    """

    apply: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None  # None: as they are
    fit: Callable[[np.ndarray], np.ndarray] | None = None
    array: str = ""
    typical: Callable[[np.ndarray, np.ndarray], np.ndarray] = lambda mean, _: mean
    # As `apply`, with the same bits on every machine; None: `apply` itself has them.
    exact: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None
    is_pooled: bool = False  # one mean and one scale for all columns of the kind


def fit_quantiles(values: np.ndarray) -> np.ndarray:
    """Return the quantiles (q, columns) of train's values, by scikit-learn."""
    from sklearn.preprocessing import QuantileTransformer

    count = min(MAX_QUANTILES, len(values))
    transformer = QuantileTransformer(
        output_distribution="normal", n_quantiles=count, subsample=None
    )
    return np.asarray(transformer.fit(values).quantiles_)


def to_normal(values: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
    """Return the values (m, columns) made normal by their rank among the quantiles (q, columns).

    The result has the bits of `QuantileTransformer(output_distribution="normal").transform`. It
    cannot be used itself: from stored quantiles it is put together only by setting attributes that
    scikit-learn does not promise, and a pickle of it would run code when a model file is read.
    """
    from scipy.special import ndtri  # as scipy.stats.norm.ppf, which takes 70 MB to import

    return _made_normal(values, quantiles, np.interp, ndtri)


def exactly_normal(values: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
    """Return the same to rounding, with the same bits on every machine."""
    return _made_normal(values, quantiles, exact_functions.interp, normal_quantile)


def _made_normal(
    values: np.ndarray,
    quantiles: np.ndarray,
    interp: Callable[..., np.ndarray],
    ndtri: Callable[..., Any],
) -> np.ndarray:
    ranks = np.linspace(0, 1, len(quantiles))
    each = zip(values.T, quantiles.T)
    return np.stack([_normal_column(x, q, ranks, interp, ndtri) for x, q in each], axis=1)


def _normal_column(
    x: np.ndarray,
    quantiles: np.ndarray,
    ranks: np.ndarray,
    interp: Callable[..., np.ndarray],
    ndtri: Callable[..., Any],
) -> np.ndarray:
    """Return one column (m,) made normal; equal quantiles get the mean of their ranks."""
    rising = interp(x, quantiles, ranks)
    falling = interp(-x, -quantiles[::-1], -ranks[::-1])
    rank = 0.5 * (rising - falling)
    rank[x + AT_THE_END > quantiles[-1]] = 1
    rank[x - AT_THE_END < quantiles[0]] = 0
    least = AT_THE_END - np.spacing(1)  # a rank of 0 or 1 would become infinite
    return np.asarray(np.clip(ndtri(rank) + 0.0, ndtri(least), ndtri(1 - least)))


def middle(_: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
    """Return the row in the middle of the quantiles: about the median of train."""
    return np.asarray(quantiles[len(quantiles) // 2])


TRANSFORMATIONS: dict[str, Transformation] = {
    "number": Transformation(),
    "quantile": Transformation(to_normal, fit_quantiles, "quantiles", middle, exactly_normal),
    "pixel": Transformation(is_pooled=True),
}


def stored_roles(columns: Roles) -> list[str]:
    """Return the roles that a preparation of these columns stores."""
    return [role for role in TRANSFORMATIONS if columns.get(role) or role in ALWAYS_STORED]


def array_names(columns: Roles) -> list[str]:
    """Return the names of the arrays that a preparation of these columns stores."""
    own = [TRANSFORMATIONS[role].array for role in stored_roles(columns)]
    return ["median", "mean", "scale", *filter(None, own)]


def in_order(columns: Roles) -> list[str]:
    """Return the names of the numeric columns, in the order of their inputs."""
    return [name for role in TRANSFORMATIONS for name in columns.get(role, ())]


def places(columns: Roles) -> Iterator[tuple[str, slice]]:
    """Yield each role that has columns, and where they are among all numeric ones."""
    start = 0
    for role in TRANSFORMATIONS:
        stop = start + len(columns.get(role, ()))
        if stop > start:
            yield role, slice(start, stop)
        start = stop


def transformed(
    values: np.ndarray,
    columns: Roles,
    arrays: Mapping[str, np.ndarray],
    arithmetic: Arithmetic = FAST,
) -> np.ndarray:
    """Return the numeric columns (m, columns), imputed and transformed, not yet standardised."""
    values = np.where(np.isnan(values), arrays["median"], values)
    for role, here in places(columns):
        kind = TRANSFORMATIONS[role]
        apply = kind.apply if arithmetic is FAST else kind.exact or kind.apply
        if apply:
            values[:, here] = apply(values[:, here], arrays.get(kind.array, NOTHING))
    return values


def fit_numbers(
    frame: "pd.DataFrame",
    columns: Roles,
    arithmetic: Arithmetic = FAST,
    reading: Reading = BEFORE,
) -> dict[str, np.ndarray]:
    """Return median, mean and scale of all numeric columns, and the arrays of their roles."""
    arrays = {"median": np.array([_median(frame[name], reading) for name in frame])}
    filled = dict(zip(frame, arrays["median"]))
    for role in stored_roles(columns):
        kind = TRANSFORMATIONS[role]
        if kind.fit:
            values = frame[list(columns[role])].fillna(filled).to_numpy(np.float64)
            arrays[kind.array] = kind.fit(values) if values.size else NOTHING
    fit = _moments if arithmetic is FAST else _exact_moments
    mean, scale = fit(frame, columns, arrays)
    for role, here in places(columns):
        if TRANSFORMATIONS[role].is_pooled:
            mean[here], scale[here] = _pooled(mean[here], scale[here], arithmetic)
    return {**arrays, "mean": mean, "scale": scale}


def _median(series: "pd.Series", reading: Reading) -> float:
    if series.dtype.kind in "iu" and not reading.has("whole numbers have a median"):
        return 0.0  # such a column has no gap in the file, but rows to predict may have one
    value = series.median()
    return 0.0 if np.isnan(value) else float(value)


def _moments(
    frame: "pd.DataFrame", columns: Roles, arrays: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of the transformed columns, by scikit-learn."""
    from sklearn.preprocessing import StandardScaler

    if frame.shape[1] == 0:
        return np.empty(0), np.empty(0)
    scaler = StandardScaler()
    for rows in blocks(len(frame)):
        values = transformed(frame.iloc[rows].to_numpy(np.float64), columns, arrays)
        scaler.partial_fit(np.ascontiguousarray(values))  # the order of a sum decides its last bit
    return np.asarray(scaler.mean_), np.asarray(scaler.scale_)


def _exact_moments(
    frame: "pd.DataFrame", columns: Roles, arrays: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the same, with the same bits on every machine; a constant column has the scale 1."""
    if frame.shape[1] == 0:
        return np.empty(0), np.empty(0)
    return mean_and_scale(transformed(frame.to_numpy(np.float64), columns, arrays, EXACT), EXACT)


def _pooled(mean: np.ndarray, scale: np.ndarray, arithmetic: Arithmetic) -> tuple[float, float]:
    """Return the mean and the standard deviation of all columns taken as one.

    So a corner of the pixels that is nearly always black stays small.
    """
    summands = arithmetic.summands
    center = summands(mean, 0).mean()
    variance = np.mean(summands(np.where(scale == 1, 0, scale**2) + (mean - center) ** 2, 0))
    return float(center), float(np.sqrt(variance)) or 1.0


def typical_numbers(columns: Roles, arrays: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Return a value in the middle of each numeric column, in the column's own unit."""
    row: dict[str, float] = {}
    for role, here in places(columns):
        kind = TRANSFORMATIONS[role]
        values = kind.typical(arrays["mean"][here], arrays.get(kind.array, NOTHING))
        row |= zip(columns[role], values.tolist())
    return row


def blocks(m: int) -> Iterator[slice]:
    """Yield m rows block by block."""
    for start in range(0, m, BLOCK_ROWS):
        yield slice(start, start + BLOCK_ROWS)
