"""Reproducible hyperparameter search for deep neural networks in NumPy, recorded in MLflow.

A trial is a pure function of its spec, a study is a pure function of its definition, and MLflow
shows what came out. Importing the package loads nothing heavy.
"""
