"""scikit-learn's way in: the network as an estimator, and a study from arrays."""

from dnnsearch.estimators.networks import DeepNetClassifier, DeepNetRegressor

__all__ = ["DeepNetClassifier", "DeepNetRegressor"]
