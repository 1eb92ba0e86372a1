"""Drawn presenters: people who do not exist, painted by this code alone: no photograph, no network, no other's art.

A face is a height field (skull, brow, nose, lips, chin) lit by soft lights; eyes, brows, lashes and hair are drawn on
top with strokes. All lengths are in *face units*: 1 = the distance between the pupils; the origin lies midway between
them, x grows to the viewer's right and y downwards.
"""

from worker.compose.presenters.cast import CAST
from worker.compose.presenters.look import Look
from worker.compose.presenters.painter import paint_presenter

__all__ = ["CAST", "Look", "paint_presenter"]
