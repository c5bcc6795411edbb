"""scikit-learn's way in: the network as an estimator, and a study from arrays."""
