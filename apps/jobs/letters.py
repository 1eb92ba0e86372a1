"""The letter that a video is ready, or could not be made, for people who did something else meanwhile."""

import datetime

from django.core.mail import EmailMessage
from django.urls import reverse

from apps.accounts.letters import address_of, send_later
from apps.accounts.models import OutgoingLetter
from apps.accounts.services import is_verified
from apps.core.failures import message_for
from apps.jobs.models import Job

LONG_WAIT = datetime.timedelta(minutes=1)  # whoever waits less is still there
_FILMS = frozenset({Job.Kind.TALKING_PHOTO, Job.Kind.VIDEO_DUB, Job.Kind.FILM, Job.Kind.EXPORT})


def tell_owner(job: Job) -> OutgoingLetter | None:
    """Write to a job's owner that it is over, once, if they want that and waited long. Leaves by a worker later.

    Only to confirmed addresses: a stranger whose address somebody typed is not written to.
    """
    if job.kind not in _FILMS or job.state not in (Job.State.SUCCEEDED, Job.State.FAILED):
        return None
    waited = job.finished_at - job.queued_at if job.finished_at else datetime.timedelta(0)
    if waited < LONG_WAIT or not job.owner.wants_render_letters or not is_verified(job.owner):
        return None
    title = " ".join(job.project.title.split()) if job.project is not None else ""
    title = title or "Your video"
    page = address_of(reverse("studio", args=[job.project_id]) if job.project_id else reverse("library"))
    if job.state == Job.State.SUCCEEDED:
        subject, words = f"“{title}” is ready", "It is finished and waits for you:"
    else:
        subject = f"“{title}” could not be made"
        words = f"{message_for(job.failure_code or 'internal', job.failure_detail)} It cost nothing.\n\nTry again here:"
    settings_page = address_of(reverse("your_data"))
    body = f"{words}\n\n{page}\n\nYou get this because you asked for it; change that here: {settings_page}\n"
    return send_later(EmailMessage(subject, body, to=[job.owner.email]), key=f"render:{job.pk}")
