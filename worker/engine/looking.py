"""The photo in its output shape, with everything about its face and person worked out.

The photo looked at last is kept, since a creator who changes a word renders the same one again.
"""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from worker.engine.contracts import Aspect, Background, FaceChoice, TalkingPhotoRequest
from worker.engine.face.segmentation import person_matte
from worker.engine.face.selection import require_bare_mouth, require_visible_face
from worker.engine.media.containers import check_file
from worker.engine.media.images import load_image
from worker.engine.render.backdrop import with_backdrop
from worker.engine.render.cutout import cut_out
from worker.engine.render.framing import frame_picture
from worker.engine.render.portrait import Portrait, prepare_portrait, within


@dataclass(frozen=True)
class _Wanted:
    """All that a portrait depends on; the same picture under another name is the same."""

    picture: bytes  # its digest
    face: FaceChoice
    aspect: Aspect
    max_short_side_px: int | None
    stands_free: bool
    path: Path = field(compare=False)


def look(request: TalkingPhotoRequest) -> Portrait:
    """The portrait of a request, its background included.

    Raises:
        EngineFailure: every reason that concerns pictures and faces.
    """
    check_file(request.portrait_path)
    with request.portrait_path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").digest()
    stands_free = request.background in (Background.COLOUR, Background.PICTURE)
    portrait, matte, content = _prepared(
        _Wanted(
            digest, request.face, request.aspect, request.max_short_side_px, stands_free, path=request.portrait_path
        )
    )
    if request.background is Background.PHOTO:
        return portrait
    if request.background is Background.TRANSPARENT:
        return cut_out(portrait, matte)
    return with_backdrop(portrait, within(matte, content), request)


def forget() -> None:
    """Let go of the photo that is kept."""
    _prepared.cache_clear()


@lru_cache(maxsize=1)
def _prepared(wanted: _Wanted) -> tuple[Portrait, np.ndarray, tuple[int, int, int, int]]:
    """The portrait before its own background, the matte (H, W) of its person, and the picture's own rectangle."""
    picture = load_image(wanted.path)
    choice = wanted.face
    if choice.point is not None:  # given in pixels of the upload, which may have been scaled down while reading
        choice = replace(choice, point=(choice.point[0] * picture.scale, choice.point[1] * picture.scale))
    face = require_visible_face(picture.rgb, choice)
    framed = frame_picture(picture.rgb, face.box, wanted.aspect, wanted.max_short_side_px, grounded=wanted.stands_free)
    points = framed.points(face.landmarks.points_px)
    with ThreadPoolExecutor(1, thread_name_prefix="mouth-check") as beside:  # both are models at work, not Python
        bare = beside.submit(require_bare_mouth, picture.rgb, face)
        matte = person_matte(framed.rgb, [framed.box(face.box)])
        bare.result()
    return prepare_portrait(framed.rgb, points, matte, framed.content), matte, framed.content
