"""A trained model: an ensemble of networks with the preprocessing of its data, and its file.

It does not know studies, MLflow or where a model comes from.

- `calibration`: what follows the networks: calibrated probabilities, shifted labels.
- `conformal`: intervals and sets of labels for single rows.
- `ensemble`: networks that predict together, from raw rows to labels.
- `imputed_columns`: what a model takes for a column that a table lacks.
- `input_columns`: the columns of the data, and the inputs that each becomes.
- `interval_answers`: the columns of a model's answers with intervals.
- `mixture`: how networks, and configurations of them, answer as one.
- `model_file`: a model as one file, written and read.
- `model_file_checks`: whether the parts of a model file are valid and match each other.
- `predict_table`: a table with the predictions of a model added as columns.
- `refused_rows`: why rows were refused, in words for the user.
- `targets`: a target in the unit and the classes of the user's table.
"""
