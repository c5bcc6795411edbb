"""The network and the search as estimators of scikit-learn.

Nothing here knows how a study is run or stored: a search goes through the API.

- `networks`: DeepNetClassifier and DeepNetRegressor.
- `search_estimator`: DeepNetSearch, a study from arrays with its best network.
- `search_results`: the trials of a study as scikit-learn's `cv_results_`.
- `arguments`: the arguments of an estimator, checked by the rules of a config.
- `fitting`: one training of a network, with early stopping.
- `array_data`: a study's config and data file, made from arrays.
"""
