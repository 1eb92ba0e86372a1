"""The mouth network at work: a small temporal convolution network from sound features to articulation, in NumPy.

It looks 0.34 s to either side. Every frame is normalised by itself, so what it says does not hang on where a recording
is cut. Learning happens in `worker/train/network.py`; both are the same function, which the tests hold them to.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

ENCODER_FEATURES = 288
MEL_FEATURES = 24
FEATURES = ENCODER_FEATURES + MEL_FEATURES + 1  # and the level
CHANNELS = 96
DILATIONS = (1, 2, 4, 4, 2, 1)
ENTRY_KERNEL, KERNEL = 5, 3
ARTICULATION_OUTPUTS, VISEME_OUTPUTS, PHONE_OUTPUTS = 9, 14, 44
OUTPUTS = ARTICULATION_OUTPUTS + VISEME_OUTPUTS + PHONE_OUTPUTS
REACH_FRAMES = ENTRY_KERNEL // 2 + sum(DILATIONS) * (KERNEL // 2)
_NORM_EPSILON = 1e-5
_GELU_SCALE, _GELU_CUBE = float(np.sqrt(2 / np.pi)), 0.044715


@dataclass(frozen=True)
class MouthNetwork:
    """Weights by name, float32, convolutions as (taps, channels in, channels out)."""

    weights: Mapping[str, np.ndarray]

    @staticmethod
    def from_stored(stored: Mapping[str, np.ndarray]) -> "MouthNetwork":
        """From what training wrote: convolutions there are (channels out, channels in, taps)."""
        return MouthNetwork(
            {
                name: np.ascontiguousarray(value.astype(np.float32).transpose(*range(value.ndim)[::-1]))
                for name, value in stored.items()
            }
        )

    def __call__(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(T, 313) features → (T, 9) articulation, (T, 14) viseme shares, (T, 44) phone posteriors."""
        x = self._convolved("enter", features.astype(np.float32), 1)
        for number, dilation in enumerate(DILATIONS):
            block = f"blocks.{number}."
            x = x + self._convolved(
                block + "mix", _gelu(self._convolved(block + "spread", self._normal(block, x), dilation)), 1
            )
        out = self._convolved("leave", x, 1)
        articulation, visemes, phones = np.split(out, np.cumsum([ARTICULATION_OUTPUTS, VISEME_OUTPUTS]), axis=1)
        return articulation, _shares(visemes), _shares(phones)

    def _convolved(self, name: str, x: np.ndarray, dilation: int) -> np.ndarray:
        weights, bias = self.weights[name + ".weight"], self.weights[name + ".bias"]
        taps = len(weights)
        padded = np.pad(x, ((dilation * (taps // 2),) * 2, (0, 0)))
        return sum(padded[tap * dilation : tap * dilation + len(x)] @ weights[tap] for tap in range(taps)) + bias

    def _normal(self, block: str, x: np.ndarray) -> np.ndarray:
        centred = x - x.mean(1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(1, keepdims=True) + _NORM_EPSILON)
        return scaled * self.weights[block + "norm.weight"] + self.weights[block + "norm.bias"]


def _gelu(x: np.ndarray) -> np.ndarray:
    cube = x * x * x  # a power takes thirty times as long
    return 0.5 * x * (1.0 + np.tanh(_GELU_SCALE * (x + _GELU_CUBE * cube)))


def _shares(logits: np.ndarray) -> np.ndarray:
    """Softmax over each row."""
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)
