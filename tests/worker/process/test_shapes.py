"""A dub in another shape keeps its sound and length, and its marks are drawn in the new shape."""

from pathlib import Path

from tests import synth
from worker.engine.contracts import Script, SilentHooks, VideoDubRequest
from worker.engine.media.probe import probe
from worker.process.shapes import dub_in_shape


class Told(SilentHooks):
    def __init__(self) -> None:
        self.fractions: list[float] = []

    def on_progress(self, progress) -> None:
        self.fractions.append(progress.fraction)


def test_a_dub_becomes_square_with_marks_of_its_new_size(tmp_path: Path) -> None:
    clip = synth.drawn_talking_clip(tmp_path / "clip.mp4", 1.2, samples=synth.speechlike(1.2))
    seen, told = set(), Told()

    def stages(width_px, height_px):
        return [lambda rgb, pts_s: seen.add(rgb.shape) or rgb]

    request = VideoDubRequest(
        clip.path, tmp_path / "out.mp4", script=Script("Hello.", "en-us:female"), max_short_side_px=200
    )
    result = dub_in_shape("1:1", request, told, stages)
    info = probe(result.output_path)
    assert (info.video.width_px, info.video.height_px) == (result.width_px, result.height_px) == (200, 200)
    assert seen == {(200, 200, 3)}
    assert info.sound is not None
    assert told.fractions == sorted(told.fractions)
    assert told.fractions[-1] == 1.0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.mp4", "out.mp4"]
