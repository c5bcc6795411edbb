"""The L-layer network in the notation of the course, with NumPy alone.

    m               number of examples                  n[l]        units of layer l, l = 1, ..., L
    X = A[0]        (..., n[0], m)                      Y           (..., n[L], m)
    W[l]            (..., n[l], n[l-1])                 b[l]        (..., n[l], 1)
    Z[l]            W[l] A[l-1] + b[l], (..., n[l], m)  A[l]        g(Z[l]), (..., n[l], m)
    dW, db, dZ, dA  the derivative of the cost by each, in the shape of what it derives
    ...             nothing, or R replicates: several networks that are trained side by side

One example is one column. Layers count from 1, and layer 0 is the input.
"""

from dnnsearch.nn.activations import ACTIVATIONS, Activation
from dnnsearch.nn.checking import gradient_check
from dnnsearch.nn.initialization import INITIALIZATIONS, initialize
from dnnsearch.nn.layers import layer_backward, layer_forward, linear_backward
from dnnsearch.nn.network import Network
from dnnsearch.nn.outputs import OUTPUTS, Output
from dnnsearch.nn.parameters import Parameters, ShapeError, multiply_adds, number_of_parameters

__all__ = [
    "ACTIVATIONS",
    "INITIALIZATIONS",
    "OUTPUTS",
    "Activation",
    "Network",
    "Output",
    "Parameters",
    "ShapeError",
    "gradient_check",
    "initialize",
    "layer_backward",
    "layer_forward",
    "linear_backward",
    "multiply_adds",
    "number_of_parameters",
]
