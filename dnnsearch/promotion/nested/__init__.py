"""Nested cross-validation: the figure of the whole procedure, not of one model.

This room does not know how a study is searched or promoted: it calls `search` and `promote`.

- `nested_validation`: search, promotion and test in each outer fold, and one figure.
- `outer_verification`: the figure that a study keeps, compared with the studies of the folds.
- `nested_text`: the result as text and as a JSON document.
"""
