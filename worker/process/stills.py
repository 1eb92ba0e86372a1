"""A picture out of a finished video, for thumbnails."""

from worker.engine.contracts import Hooks
from worker.engine.failures import EngineFailure, FailureCode
from worker.process.orders import StillOrder, StillPicture

QUALITY = 92


def take_still(order: StillOrder, hooks: Hooks) -> StillPicture:
    """The frame shown at the order's time, the last one for a time at the very end.

    Raises:
        EngineFailure: OPTION_INVALID when the video ends long before; whatever is wrong with the video.
    """
    from PIL import Image

    from worker.compose.certificates import make_dev_certificate
    from worker.compose.credentials import Making, sign
    from worker.engine.media.decode import decode_video

    shown = None
    for frame in decode_video(order.video_path):
        if shown is not None and frame.pts_s > order.at_s + 1e-3:
            break
        shown = frame
    if shown is None or order.at_s > shown.pts_s + 1.0:
        most = 0.0 if shown is None else round(shown.pts_s, 2)
        raise EngineFailure(FailureCode.OPTION_INVALID, option="at_s", reason=f"the video ends at {most:g} s")
    picture = Image.fromarray(shown.rgb())
    picture.save(order.output_path, "JPEG", quality=QUALITY)
    if order.credentials_dir is not None:
        sign(order.output_path, Making(render_id=order.render_id), make_dev_certificate(order.credentials_dir))
    return StillPicture(order.output_path, picture.width, picture.height, shown.pts_s)
