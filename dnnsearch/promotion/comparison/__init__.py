"""Studies compared by the best configurations of each, on the same dev rows.

This room does not know how a model is promoted; the test set is not opened.

- `compare_studies`: the best of each study, trained with common fresh seeds and compared.
- `comparison_text`: the result as text and as a JSON document.
"""

MAX_TOP = 20  # configurations of each study that `compare --top` takes
