"""What is known of each kind of job: queue, actor, limits. A new kind is a row here and one in the runner."""

from dataclasses import dataclass

from apps.jobs.models import Job

INTERACTIVE_QUEUE = "interactive"
RENDER_QUEUE = "render"


@dataclass(frozen=True)
class JobKind:
    """`is_limited`: only so many of them at once for one account. `is_daily`: a free render, so many a day."""

    queue_name: str
    actor_name: str
    is_limited: bool = True
    is_daily: bool = False


KINDS: dict[str, JobKind] = {
    Job.Kind.PREFLIGHT: JobKind(INTERACTIVE_QUEUE, "preflight", is_limited=False),  # uploads have limits of their own
    Job.Kind.FOLLOW: JobKind(RENDER_QUEUE, "follow", is_limited=False),  # one for each clip, and none waits for it
    Job.Kind.SPEECH: JobKind(INTERACTIVE_QUEUE, "speech"),
    Job.Kind.TRACK: JobKind(INTERACTIVE_QUEUE, "track"),
    Job.Kind.STILL: JobKind(INTERACTIVE_QUEUE, "still"),
    Job.Kind.THUMBNAIL: JobKind(INTERACTIVE_QUEUE, "thumbnail"),
    Job.Kind.CAPTIONS: JobKind(INTERACTIVE_QUEUE, "captions"),
    Job.Kind.PREVIEW: JobKind(INTERACTIVE_QUEUE, "preview"),
    Job.Kind.TALKING_PHOTO: JobKind(RENDER_QUEUE, "talking_photo", is_daily=True),
    Job.Kind.VIDEO_DUB: JobKind(RENDER_QUEUE, "video_dub", is_daily=True),
    Job.Kind.FILM: JobKind(RENDER_QUEUE, "film", is_daily=True),
    Job.Kind.EXPORT: JobKind(RENDER_QUEUE, "export"),
}

FREE_RENDERS = tuple(kind for kind, facts in KINDS.items() if facts.is_daily)
