"""The pieces of `piece_timers.py` that PyTorch has no module for, as its users write them."""

from typing import Any

import torch
from torch import nn


class Scaling(nn.Module):  # type: ignore[misc]
    """A factor for each input."""

    def __init__(self, n: int) -> None:
        super().__init__()
        self.scales = nn.Parameter(torch.ones(n))

    def forward(self, x: Any) -> Any:
        return x * self.scales


class NtkLinear(nn.Module):  # type: ignore[misc]
    """x W.T / sqrt(n) + b, with normal weights W."""

    def __init__(self, n_prev: int, n: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n, n_prev))
        self.bias = nn.Parameter(torch.zeros(n))
        self.factor = n_prev**-0.5

    def forward(self, x: Any) -> Any:
        return nn.functional.linear(x, self.weight * self.factor, self.bias)


class Codes(nn.Module):  # type: ignore[misc]
    """Numbers (m, F) with their piecewise-linear codes, (m, F, K+1)."""

    def __init__(self, edges: Any) -> None:
        super().__init__()
        ends = torch.from_numpy(edges).float()
        self.register_buffer("left", ends[:, :-1].contiguous())
        self.register_buffer("slope", 1 / ends.diff())

    def forward(self, x: Any) -> Any:
        codes = ((x[:, :, None] - self.left) * self.slope).clamp(0, 1)
        return torch.cat([x[:, :, None], codes], dim=2)


class Embedding(nn.Module):  # type: ignore[misc]
    """relu(E_j C_j + c_j) of each number's codes C_j: (m, F, width) -> (m, F, k)."""

    def __init__(self, numbers: int, width: int, k: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(numbers, width, k) / width**0.5)
        self.bias = nn.Parameter(torch.randn(numbers, k) / width**0.5)

    def forward(self, x: Any) -> Any:
        product = torch.bmm(x.transpose(0, 1), self.weight).transpose(0, 1)
        return torch.relu(product + self.bias)
