"""A logo in a corner: the options that commands which render videos share."""

import argparse
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from worker.cli.options import parse_factor
from worker.compose.brand_plan import CORNERS, OPACITY_MAX, OPACITY_MIN, SIZE_MAX, SIZE_MIN, Logo, LogoSpot
from worker.engine.contracts import FrameStage
from worker.engine.failures import EngineFailure, FailureCode

if TYPE_CHECKING:
    from worker.engine.finishing import StageFactory


def add_logo_arguments(parser: argparse.ArgumentParser) -> None:
    """`logo_stages` reads them."""
    logo = parser.add_argument_group("a logo")
    logo.add_argument("--logo", metavar="FILE", help="a PNG or WebP to lay over every frame")
    logo.add_argument("--logo-corner", default="top-right", choices=CORNERS)
    logo.add_argument("--logo-size", default="0.12", metavar="SHARE", help="its height, of the short side: 0.06 to 0.3")
    logo.add_argument("--logo-opacity", default="0.9", metavar="0.2-1", help="how solid it is (default 0.9)")


def logo_stages(options: argparse.Namespace) -> "StageFactory | None":
    """What draws the logo into frames of any size; None without one. The file is looked at here, not after minutes.

    Raises:
        EngineFailure: OPTION_INVALID; FILE_MISSING, FILE_UNREADABLE.
    """
    size = parse_factor("--logo-size", options.logo_size, SIZE_MIN, SIZE_MAX)
    opacity = parse_factor("--logo-opacity", options.logo_opacity, OPACITY_MIN, OPACITY_MAX)
    if options.logo is None:
        return None
    from worker.compose.brand_logo import logo_stage, read_logo

    path = Path(options.logo)
    try:
        read_logo(path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise EngineFailure(FailureCode.FILE_UNREADABLE, kind="picture") from error
    logo = Logo(path, digest, LogoSpot(options.logo_corner, size), opacity)

    def stages(width_px: int, height_px: int) -> Sequence[FrameStage]:
        return [logo_stage(width_px, height_px, logo, None)]

    return stages
