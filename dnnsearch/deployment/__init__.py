"""Models in use: find a champion or another model, serve it, and remove studies.

How a champion is chosen is not known here.

- `bundle/`: a study as one file: export and import.
- `champion`: find and save the champion of a study, in MLflow and next to its records.
- `lookup`: find the model that MODEL means on the command line.
- `removal`: remove a study.
- `cache_removal`: empty the cache of prepared data, except for what is in use.
- `server`: the command that serves a model through MLflow.
- `trial_model`: build the model of a trial from its record.
"""
