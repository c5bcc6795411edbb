"""How sure a figure is: intervals, and comparisons of networks on the same examples.

It knows logits, answers and seeds; it knows nothing of studies, files or people.
"""
