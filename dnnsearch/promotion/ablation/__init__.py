"""What each difference between trial 0 and the champion is worth, by experiment.

This room does not know how a model is promoted, nor how its results are reported.

- `changes`: the differences of two configurations, and the configurations in between.
- `ablation`: these configurations trained with paired fresh seeds, and compared.
- `ablation_text`: the result as text and as a JSON document.
"""
