"""A study's champion on newer data: has it decayed, and is the best of a new search better?

This room does not know how a model is promoted: it calls `promote` for the new study.

- `warm_start`: the config of the new study, which starts with the old best configurations.
- `missing_columns`: new data without a column that the old study has.
- `overlap`: the new test rows that the old champion was trained on.
- `model_comparison`: two models on the same rows, and one model then and now.
- `retune_study`: all of it in order.
- `retuning_text`: the result as text and as a JSON document.
"""
