"""The timeline, frame by frame, into the encoder. Nothing is kept, so memory does not grow with length."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np

from worker.engine.acting import Acting
from worker.engine.contracts import Background, FrameStage, TalkingPhotoRequest
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.finishing import StageFactory, marked, still_frame, write_still
from worker.engine.media.encode_alpha import alpha_encoder
from worker.engine.media.encode_stream import PictureFormat, StreamEncoder
from worker.engine.media.segment_store import SegmentStore
from worker.engine.motion.plan import MotionPlan
from worker.engine.quality.sheet import MetricSheet
from worker.engine.render.renderer import Renderer
from worker.engine.telling import Telling
from worker.engine.timeline import Segment, content_of
from worker.engine.versions import engine_version


@dataclass(frozen=True)
class Marks:
    """What composition draws over the frames: `stages` makes it once the size is known.

    key: says what is drawn, so that segments with the same marks can be used again; None: they never are.
    """

    stages: StageFactory | None = None
    key: str | None = ""

    def for_size(self, width_px: int, height_px: int) -> Sequence[FrameStage]:
        return () if self.stages is None else self.stages(width_px, height_px)


@dataclass(frozen=True)
class Painted:
    """What has been written: size in px, length, and how many of its segments were there already."""

    width_px: int
    height_px: int
    frame_count: int
    duration_s: float
    kept: int = 0
    sheet: dict[str, float] = field(default_factory=dict)


def paint(request: TalkingPhotoRequest, renderer: Renderer, acting: Acting, telling: Telling, marks: Marks) -> Painted:
    """Render the whole timeline to `request.output_path`.

    Raises:
        EngineFailure: with `at_s`, and with `sentence` and `said` where the words are known: whatever the encoder and
            the disk say; CANCELLED.
    """
    if request.background is Background.TRANSPARENT:
        return _paint_person(request, renderer, acting, telling, marks)
    width, height = renderer.size
    stages = marks.for_size(width, height)
    picture = PictureFormat(width, height, request.frame_rate)
    naming = _Naming(request, picture, marks.key)
    still_index = still_frame(request.still, request.frame_rate, acting.frames)
    encoder = StreamEncoder(
        request.output_path,
        picture,
        [segment.frames for segment in acting.segments],
        audio_path=acting.sound,
        store=SegmentStore(request.segments_dir) if request.segments_dir is not None and naming.is_possible else None,
        with_fragments=request.fragments,
    )
    kept, sheet = 0, _sheet(renderer, acting.frames)
    with encoder:
        for number, segment in enumerate(acting.segments, 1):
            with _placed(segment, number, telling, request.frame_rate):
                plan = segment.plan()
                holds_still = still_index is not None and 0 <= still_index - segment.start < segment.frames
                if encoder.begin(None if holds_still else naming.key(plan)):
                    kept += 1
                    telling.passed((segment.start + segment.frames) / acting.frames)
                motions = plan if encoder.frame_count == segment.start else ()
                for index, drawn in enumerate(renderer.frames(motions), segment.start):
                    telling.check()
                    pts_s = float(index / request.frame_rate)
                    sheet.see(index, drawn)
                    frame = marked(drawn, stages, pts_s)
                    encoder.write(frame)
                    if index == still_index:
                        write_still(frame, request.still)
                    telling.rendered(frame, pts_s, (index + 1) / acting.frames)
                    telling.playable(encoder.take_fragments())
    telling.playable(encoder.take_fragments())
    size = encoder.width_px, encoder.height_px
    return Painted(*size, encoder.frame_count, encoder.duration_s, kept, sheet.numbers())


def _sheet(renderer: Renderer, frames: int) -> MetricSheet:
    portrait = renderer.portrait
    moves = np.zeros(portrait.rgb.shape[:2], bool)
    moves[portrait.layers.zone.slices] = portrait.layers.reach > 0
    return MetricSheet(portrait.shown, portrait.points_px, moves, frames)


def _paint_person(
    request: TalkingPhotoRequest, renderer: Renderer, acting: Acting, telling: Telling, marks: Marks
) -> Painted:
    """The person alone, with an alpha channel; such a video is neither kept in segments nor played meanwhile."""
    width, height = renderer.size
    stages = marks.for_size(width, height)
    still_index = still_frame(request.still, request.frame_rate, acting.frames)
    encoder = alpha_encoder(request.output_path, width, height, request.frame_rate, audio_path=acting.sound)
    with encoder:
        for number, segment in enumerate(acting.segments, 1):
            with _placed(segment, number, telling, request.frame_rate):
                for index, motion in enumerate(segment.plan(), segment.start):
                    telling.check()
                    pts_s = float(index / request.frame_rate)
                    frame = marked(renderer.render_person(motion), stages, pts_s)
                    encoder.write(frame)
                    if index == still_index:
                        write_still(frame, request.still)
                    telling.rendered(frame[..., :3], pts_s, (index + 1) / acting.frames)
    return Painted(encoder.width_px, encoder.height_px, encoder.frame_count, encoder.duration_s)


@contextmanager
def _placed(segment: Segment, number: int, telling: Telling, frame_rate: Fraction) -> Iterator[None]:
    """Says of a failure in this segment when, and in which sentence, it happened."""
    telling.entered(float(segment.start / frame_rate), number if segment.said else None)
    try:
        yield
    except EngineFailure as failure:
        if failure.code is FailureCode.CANCELLED:
            raise
        at_s = telling.at_s if failure.at_s is None else failure.at_s
        where = {"sentence": number, "said": segment.said[:80]} if segment.said else {}
        raise EngineFailure(failure.code, at_s=at_s, **{**where, **failure.detail}) from failure


class _Naming:
    """Keys of segments: of everything their pixels depend on."""

    def __init__(self, request: TalkingPhotoRequest, picture: PictureFormat, marks_key: str | None) -> None:
        self.is_possible = marks_key is not None
        framing = (request.face, request.aspect, request.max_short_side_px, request.device)
        behind = (request.background, request.backdrop_blur, request.backdrop_rgb)
        self._base = hashlib.sha256(repr((engine_version(), framing, behind, picture, marks_key)).encode())
        if request.segments_dir is not None:
            self._base.update(_digest_of(request.portrait_path))
            if request.backdrop_path is not None:
                self._base.update(_digest_of(request.backdrop_path))

    def key(self, plan: MotionPlan) -> str:
        digest = self._base.copy()
        digest.update(content_of(plan))
        return digest.hexdigest()[:40]


def _digest_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
