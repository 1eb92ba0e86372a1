"""Thumbnails of finished videos: moments are proposed, and one is made as it is wanted."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from worker.engine.contracts import Hooks, Progress, Stage
from worker.engine.failures import EngineFailure, FailureCode
from worker.process.orders import Proposals, ProposalsOrder, Thumbnail, ThumbnailOrder

if TYPE_CHECKING:
    from worker.compose.thumbnails import Proposal

TILE_SIDE_PX = 400
STRIP_QUALITY = 82
QUALITY = 92
LOOKING_SHARE = 0.95


def propose_thumbnails(order: ProposalsOrder, hooks: Hooks) -> Proposals:
    """The best moments of a video, spread over it, as one picture.

    Raises:
        EngineFailure: NO_VIDEO_STREAM, CANCELLED, and what decoding raises.
    """
    from PIL import Image

    from worker.compose.thumbnails import best_frames

    found = best_frames(order.video_path, order.count, _teller(hooks, Stage.LOOKING, LOOKING_SHARE))
    if not found:
        raise EngineFailure(FailureCode.NO_VIDEO_STREAM)
    tiles = []
    for proposal in found:
        tile = Image.fromarray(proposal.rgb)
        tile.thumbnail((TILE_SIDE_PX, TILE_SIDE_PX), Image.Resampling.LANCZOS)
        tiles.append(np.asarray(tile))
    Image.fromarray(np.concatenate(tiles, axis=1)).save(order.strip_path, "JPEG", quality=STRIP_QUALITY)
    height, width = tiles[0].shape[:2]
    return Proposals(order.strip_path, width * len(tiles), height, tuple(_moment(one) for one in found))


def _moment(proposal: "Proposal") -> dict[str, object]:
    """`face`: x0, y0, x1, y1 as shares of the picture, for pages to show what a shape will leave of it."""
    moment: dict[str, object] = {"at_s": round(proposal.at_s, 3), "score": round(proposal.score, 3)}
    if proposal.face is not None:
        height, width = proposal.rgb.shape[:2]
        box = proposal.face
        shares = (box.x0 / width, box.y0 / height, box.x1 / width, box.y1 / height)
        moment["face"] = [round(share, 4) for share in shares]
    return moment


def make_thumbnail(order: ThumbnailOrder, hooks: Hooks) -> Thumbnail:
    """A picture, or a stretch of the video that plays forth and back; signed where `credentials_dir` is.

    Raises:
        EngineFailure: OPTION_INVALID for a time behind the end and for what cannot be drawn, NO_VIDEO_STREAM,
            CANCELLED, and what decoding raises.
    """
    from worker.compose.certificates import make_dev_certificate
    from worker.compose.credentials import Making, sign
    from worker.compose.dressing import Design
    from worker.compose.headline import Headline

    headline = Headline(order.words, order.font, order.colour, order.position)
    design = Design(order.shape, headline, order.is_marked, order.label_corner)
    made = (_still if order.length_s is None else _moving)(order, design, hooks)
    if order.credentials_dir is not None:
        sign(order.output_path, Making(render_id=order.render_id), make_dev_certificate(order.credentials_dir))
    return made


def _still(order: ThumbnailOrder, design: object, hooks: Hooks) -> Thumbnail:
    from PIL import Image

    from worker.compose.dressing import Design, Dressing
    from worker.compose.thumbnails import face_at
    from worker.engine.media.decode import sample_frames
    from worker.engine.media.probe import probe

    assert isinstance(design, Design)
    video = probe(order.video_path).video
    if video is None:
        raise EngineFailure(FailureCode.NO_VIDEO_STREAM)
    _check_time(order.at_s, video.duration_s)
    tell = _teller(hooks, Stage.RENDERING, 1.0)
    at_s = min(order.at_s, max(0.0, video.duration_s - 0.5 / float(video.frame_rate)))
    frame = next(iter(sample_frames(order.video_path, [at_s], video.keyframe_times_s)), None)
    if frame is None:
        raise EngineFailure(FailureCode.NO_VIDEO_STREAM)
    tell(0.4)
    rgb = frame.rgb()
    face = face_at(order.video_path, at_s, video.keyframe_times_s)
    dressing = Dressing((rgb.shape[1], rgb.shape[0]), design, face)
    tell(0.8)
    _save(order.output_path, Image.fromarray(dressing(rgb)))
    return Thumbnail(order.output_path, *dressing.size_px, frame.pts_s)


def _save(path: Path, picture: object) -> None:
    from PIL import Image

    assert isinstance(picture, Image.Image)
    options = {".png": {"optimize": False}, ".webp": {"quality": QUALITY, "method": 4}}
    picture.save(path, **options.get(path.suffix, {"quality": QUALITY, "subsampling": 0}))


def _moving(order: ThumbnailOrder, design: object, hooks: Hooks) -> Thumbnail:
    from worker.compose.dressing import Design
    from worker.compose.thumbnails import moving_thumbnail
    from worker.engine.media.probe import probe

    assert isinstance(design, Design) and order.length_s is not None
    video = probe(order.video_path).video
    if video is None:
        raise EngineFailure(FailureCode.NO_VIDEO_STREAM)
    _check_time(order.at_s, video.duration_s)
    length_s = min(order.length_s, video.duration_s)
    start_s = min(max(0.0, order.at_s - length_s / 2), max(0.0, video.duration_s - length_s))
    width_px, height_px, frames = moving_thumbnail(
        order.video_path,
        order.output_path,
        start_s=start_s,
        duration_s=max(0.4, length_s),
        width_px=order.width_px,
        design=design,
        on_fraction=_teller(hooks, Stage.RENDERING, LOOKING_SHARE),
    )
    return Thumbnail(order.output_path, width_px, height_px, start_s, frames)


def _check_time(at_s: float, duration_s: float) -> None:
    if not 0 <= at_s <= duration_s + 1.0:
        reason = f"the video ends at {duration_s:.2f} s"
        raise EngineFailure(FailureCode.OPTION_INVALID, option="at_s", reason=reason)


def _teller(hooks: Hooks, stage: Stage, share: float) -> Callable[[float], None]:
    """Tells how far it is, and ends it when nobody wants it any more."""

    def tell(fraction: float) -> None:
        if hooks.should_stop():
            raise EngineFailure(FailureCode.CANCELLED)
        hooks.on_progress(Progress(stage, fraction * share))

    return tell
