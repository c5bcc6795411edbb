"""The L-layer network in the notation of the course, with NumPy alone.

    m               number of examples                  n[l]        units of layer l, l = 1, ..., L
    X = A[0]        (..., n[0], m)                      Y           (..., n[L], m)
    W[l]            (..., n[l], n[l-1])                 b[l]        (..., n[l], 1)
    Z[l]            W[l] A[l-1] + b[l], (..., n[l], m)  A[l]        g(Z[l]), (..., n[l], m)
    dW, db, dZ, dA  the derivative of the cost by each, in the shape of what it derives
    ...             nothing, or R replicates: several networks that are trained side by side

One example is one column. Layers count from 1, and layer 0 is the input. If it has codes or an
embedding, then X is (..., n_x, m), and A[0] is what they make of it.

This room does not know data files, descent, trials or searches; docs/course.md explains it.

- `memory`: new arrays, placed as the processor likes them.
- `parameters`: W and b of all layers, as views of one flat vector.
- `arithmetic`: the operations whose last bit depends on the machine.
- `activations`: the functions g and their slopes.
- `outputs`: the last layer: its activation, cost and predictions.
- `initialization`: how the parameters start.
- `layers`: one layer: its forward step and its backward step.
- `input_layer`: layer 0: codes and embeddings of numbers.
- `number_scaling`: other scales for the numbers among the inputs.
- `network`: all layers, forward and backward.
- `checking`: the gradient check.
- `regularization`: dropout, label smoothing, and L2 in the cost.
- `scaling`: a learnt factor for each input, in front of layer 1.
- `exact_arithmetic`: products and sums with the same bits on every machine.
- `exact_functions`: exp, log, tanh and others, likewise.
- `exact_normal`: normal numbers and quantiles, likewise.
- `batch_block`: how mini-batches are laid out in memory.
- `batches`: the batches as the training loop takes them.
"""

from dnnsearch.nn.activations import ACTIVATIONS, Activation
from dnnsearch.nn.arithmetic import FAST
from dnnsearch.nn.checking import gradient_check
from dnnsearch.nn.initialization import INITIALIZATIONS, initialize
from dnnsearch.nn.layers import layer_backward, layer_forward, linear_backward, linear_forward
from dnnsearch.nn.network import Network
from dnnsearch.nn.outputs import OUTPUTS, Output, compute_cost
from dnnsearch.nn.parameters import (
    NO_EXTRA,
    Parameters,
    ShapeError,
    Shapes,
    multiply_adds,
    number_of_parameters,
    update_parameters,
)
from dnnsearch.nn.scaling import SCALES, without_scaling

__all__ = [
    "ACTIVATIONS",
    "FAST",
    "INITIALIZATIONS",
    "NO_EXTRA",
    "OUTPUTS",
    "SCALES",
    "Activation",
    "Network",
    "Output",
    "Parameters",
    "ShapeError",
    "Shapes",
    "compute_cost",
    "gradient_check",
    "initialize",
    "layer_backward",
    "layer_forward",
    "linear_backward",
    "linear_forward",
    "multiply_adds",
    "number_of_parameters",
    "update_parameters",
    "without_scaling",
]
