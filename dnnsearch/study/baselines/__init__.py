"""What is reached without a network: by guessing, a linear model and gradient-boosted trees.

They are no part of a study: they are kept in a file beside its records, and no digest covers them.

- `baseline_models`: the table of the models, which are scikit-learn's.
- `baseline_fitting`: fits and scores them on prepared arrays, in a process of its own.
- `baselines_file`: the scores beside the records of a study.
- `fit_study`: fits them for a stored study.
- `search_baselines`: when a search fits them, and how long it waits.
- `baselines_text`: the scores as lines.
"""
