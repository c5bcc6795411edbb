"""McNemar's exact test, without SciPy unless there are very many examples."""

import subprocess
import sys

import pytest
from scipy.stats import binomtest

from dnnsearch.reporting.analysis import ties

WITHOUT_SCIPY = """
import sys
from dnnsearch.reporting.analysis.ties import exact
print(exact(10, 30), [name for name in sys.modules if name.startswith("scipy")])
"""


@pytest.mark.parametrize("counts", [(0, 0), (0, 1), (3, 3), (10, 30), (400, 500), (5000, 5200)])
def test_it_is_the_binomial_test_of_an_even_chance(counts: tuple[int, int]) -> None:
    expected = binomtest(counts[0], sum(counts)).pvalue if sum(counts) else 1.0
    assert ties.exact(*counts) == pytest.approx(expected, rel=1e-9)
    assert ties.exact(*reversed(counts)) == ties.exact(*counts)


def test_the_end_of_a_search_does_not_import_scipy() -> None:
    """The import takes longer than the rest of what is printed there."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_SCIPY], check=True, capture_output=True, text=True
    )
    p_value, names = done.stdout.split(" ", 1)
    assert float(p_value) == pytest.approx(0.0022, rel=0.05)
    assert names.strip() == "[]"
