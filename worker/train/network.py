"""The mouth network while it learns: a small non-causal temporal convolution network in torch.

`worker.engine.models.mouth_network` works out the same in NumPy from the weights stored here.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from worker.engine.models.mouth_network import (
    ARTICULATION_OUTPUTS,
    CHANNELS,
    DILATIONS,
    ENTRY_KERNEL,
    FEATURES,
    KERNEL,
    OUTPUTS,
    PHONE_OUTPUTS,
    VISEME_OUTPUTS,
)

DROPOUT = 0.15


class _Block(nn.Module):
    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.spread = nn.Conv1d(channels, channels, KERNEL, padding=dilation * (KERNEL // 2), dilation=dilation)
        self.mix = nn.Conv1d(channels, channels, 1)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        normal = self.norm(x.transpose(1, 2)).transpose(1, 2)
        return x + self.dropout(self.mix(functional.gelu(self.spread(normal), approximate="tanh")))


class TrainedMouthNetwork(nn.Module):
    """features (B, 313, T) every 20 ms → articulation (B, 9, T), viseme logits (B, 14, T), phone logits (B, 44, T)."""

    def __init__(self, channels: int = CHANNELS, dilations: tuple[int, ...] = DILATIONS) -> None:
        super().__init__()
        self.enter = nn.Conv1d(FEATURES, channels, ENTRY_KERNEL, padding=ENTRY_KERNEL // 2)
        self.blocks = nn.Sequential(*(_Block(channels, dilation) for dilation in dilations))
        self.leave = nn.Conv1d(channels, OUTPUTS, 1)

    def forward(self, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        out = self.leave(self.blocks(self.enter(features)))
        articulation, visemes, phones = out.split((ARTICULATION_OUTPUTS, VISEME_OUTPUTS, PHONE_OUTPUTS), dim=1)
        return articulation, visemes, phones

    def stored(self) -> dict[str, np.ndarray]:
        """Weights by name in half precision, as `mouth_network.npz` keeps them."""
        return {name: value.detach().half().numpy() for name, value in self.state_dict().items()}
