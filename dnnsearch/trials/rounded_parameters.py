"""Parameters that are trained in float64 and evaluated and kept in float32."""

import numpy as np

from dnnsearch.nn.batch_block import Batch
from dnnsearch.nn.parameters import Array
from dnnsearch.trials.updates import Updates


class RoundedParameters:
    """Updates of which each pause rounds the parameters `flat` to float32, and `resume` undoes it.

    So a curve is that of the parameters that a record keeps.
    """

    def __init__(self, updates: Updates, flat: Array) -> None:
        self.updates, self.flat = updates, flat
        self.trained: Array | None = None

    def factor(self, batch: Batch) -> Array:
        """Return the factor of dZ[L] of the batch."""
        return self.updates.factor(batch)

    def update(self) -> None:
        """Update the parameters in place."""
        self.updates.update()

    def pause(self) -> None:
        """Let the network have the rounded parameters."""
        self.updates.pause()
        self.trained = self.flat.copy()
        self.flat[...] = self.flat.astype(np.float32)

    def resume(self) -> None:
        """Let the network have the parameters as they were trained."""
        if self.trained is not None:
            self.flat[...] = self.trained
        self.updates.resume()
