"""The network from sound features to articulation: a small non-causal temporal convolution network."""

from dataclasses import dataclass

import torch
from torch import nn

PHONE_FEATURES = 42
MEL_FEATURES = 24
FEATURES = PHONE_FEATURES + MEL_FEATURES + 1  # and level
ARTICULATION_OUTPUTS, VISEME_OUTPUTS = 9, 14


@dataclass(frozen=True)
class MouthNetworkConfig:
    """Look-ahead is (kernel // 2) · Σ dilations frames of 20 ms: 0.4 s by default."""

    channels: int = 64
    kernel: int = 3
    dilations: tuple[int, ...] = (1, 2, 4, 8, 2, 1)
    dropout: float = 0.15

    @staticmethod
    def tiny() -> "MouthNetworkConfig":
        return MouthNetworkConfig(channels=8, dilations=(1, 2))


class _Block(nn.Module):
    def __init__(self, channels: int, kernel: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(1, channels)
        self.spread = nn.Conv1d(channels, channels, kernel, padding=dilation * (kernel // 2), dilation=dilation)
        self.mix = nn.Conv1d(channels, channels, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.dropout(self.mix(torch.nn.functional.gelu(self.spread(self.norm(x)))))


class MouthNetwork(nn.Module):
    """features (B, 67, T) every 20 ms → articulation (B, 9, T), viseme logits (B, 14, T), speech logit (B, 1, T)."""

    def __init__(self, config: MouthNetworkConfig | None = None) -> None:
        super().__init__()
        config = config or MouthNetworkConfig()
        self.enter = nn.Conv1d(FEATURES, config.channels, 5, padding=2)
        self.blocks = nn.Sequential(
            *(_Block(config.channels, config.kernel, dilation, config.dropout) for dilation in config.dilations)
        )
        self.leave = nn.Conv1d(config.channels, ARTICULATION_OUTPUTS + VISEME_OUTPUTS + 1, 1)

    def forward(self, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        out = self.leave(self.blocks(self.enter(features)))
        return out[:, :ARTICULATION_OUTPUTS], out[:, ARTICULATION_OUTPUTS:-1], out[:, -1:]
