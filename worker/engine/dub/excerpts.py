"""A part of a dub by itself: which frames of the output it has, and what is heard meanwhile.

The whole dub is planned as always, and a part of it is painted; so its pictures are those of the whole.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from worker.engine.contracts import Excerpt, Moment, Span
from worker.engine.dub.cast import Plan
from worker.engine.dub.lines import Line
from worker.engine.dub.mouth_plan import TROUBLES
from worker.engine.dub.timing import Timeline
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.audio import SourceAudio
from worker.engine.media.containers import open_container

EXCERPT_S = 3.0
_BEFORE_VOICE_S = 0.2
_WORTH_TELLING = 0.06  # of a trouble, above what it is in the whole dub


def find_excerpt(
    window: Span | Moment | None, lines: Sequence[Line], timeline: Timeline, plan: Plan
) -> tuple[range, Excerpt | None]:
    """The output frames to render, and what to say of them; everything, and None, without a window.

    Raises:
        EngineFailure: OPTION_INVALID for seconds outside the dub.
    """
    if window is None:
        return range(len(timeline)), None
    reason = ""
    if window is Moment.FIRST:
        frames = _lasting(timeline, _first_heard(lines, timeline))
    elif window is Moment.HARDEST:
        frames, reason = _hardest(timeline, plan.troubles())
    else:
        assert isinstance(window, Span)
        frames = _between(timeline, window)
    edges_s = np.append(timeline.out_pts_s, float(timeline.end_s))
    clip_start_s = plan.clip_s(int(timeline.source_index[frames.start]))
    start_s, end_s = float(edges_s[frames.start]), float(edges_s[frames.stop])
    return frames, Excerpt(round(start_s, 4), round(end_s, 4), round(clip_start_s, 4), reason)


def sound_between(sound: Path | None, excerpt: Excerpt | None, folder: Path) -> Path | None:
    """What is heard in the excerpt, as a WAV file in `folder`; the whole sound without one."""
    if sound is None or excerpt is None:
        return sound
    with open_container(sound) as container:
        source = SourceAudio(container)
        first, end = (round(at_s * source.sample_rate_hz) for at_s in (excerpt.start_s, excerpt.end_s))
        samples = np.zeros((end - first, source.channels), np.float32)
        at = 0
        for block in source.blocks():
            low, high = max(at, first), min(at + len(block), end)
            if low < high:
                samples[low - first : high - first] = block[low - at : high - at]
            at += len(block)
            if at >= end:
                break
    path = folder / "excerpt.wav"
    soundfile.write(path, np.nan_to_num(samples, posinf=1.0, neginf=-1.0), source.sample_rate_hz, "FLOAT")
    return path


def _first_heard(lines: Sequence[Line], timeline: Timeline) -> int:
    """The frame a little before the first voice is heard."""
    from worker.engine.speech.detection import speech_spans

    for number, line in enumerate(lines):
        frames = np.flatnonzero(timeline.stretch == number)
        spans = speech_spans(line.audio)
        onset_s = (spans[0].start_s if spans else 0.0) - _BEFORE_VOICE_S
        heard = frames[timeline.sound_s[frames] >= onset_s]
        if len(heard):
            return int(heard[0])
    return 0


def _hardest(timeline: Timeline, troubles: np.ndarray) -> tuple[range, str]:
    """The frames with the most trouble (N, K) in sum, and which it is."""
    summed = np.concatenate([np.zeros((1, troubles.shape[1])), np.cumsum(troubles, 0, np.float64)])
    last = _lasting(timeline, len(timeline) - 1).start
    windows = [_lasting(timeline, first) for first in range(last + 1)]
    totals = np.array([(summed[w.stop] - summed[w.start]).sum() for w in windows])
    frames = windows[int(totals.argmax())]
    more = (summed[frames.stop] - summed[frames.start]) / len(frames) - summed[-1] / len(troubles)
    worst = int(more.argmax())
    return frames, TROUBLES[worst] if more[worst] > _WORTH_TELLING else ""


def _lasting(timeline: Timeline, first: int) -> range:
    """`EXCERPT_S` from frame `first` on; earlier where the dub would end before, all of a short one."""
    edges_s = np.append(timeline.out_pts_s, float(timeline.end_s))
    latest = int(np.searchsorted(edges_s, edges_s[-1] - EXCERPT_S + 1e-3)) if edges_s[-1] > EXCERPT_S else 0
    first = min(first, latest)
    end = int(np.searchsorted(edges_s, edges_s[first] + EXCERPT_S - 1e-3))
    return range(first, max(first + 1, min(end, len(timeline))))


def _between(timeline: Timeline, span: Span) -> range:
    whole_s = float(timeline.end_s)
    if not 0 <= span.start_s < span.end_s or span.start_s >= whole_s:
        reason = f"it must lie within the {whole_s:.2f} s of the dub"
        raise EngineFailure(FailureCode.OPTION_INVALID, option="window", reason=reason)
    first = max(0, int(np.searchsorted(timeline.out_pts_s, span.start_s + 1e-3, side="right")) - 1)
    end = int(np.searchsorted(timeline.out_pts_s, span.end_s - 1e-3))
    return range(first, max(first + 1, end))
