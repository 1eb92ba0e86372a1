"""What of the library is asked for: words, kind, state, folder, order. Anything odd means "all of them"."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Lower

from apps.accounts.models import User
from apps.jobs.kinds import FREE_RENDERS
from apps.jobs.models import Job
from apps.projects.models import Project

WORDS_MAX_CHARS, WORDS_MAX = 100, 8
KINDS = (
    (Project.Kind.TALKING_PHOTO.value, "Talking photos"),
    (Project.Kind.VIDEO_DUB.value, "Dubs"),
    (Project.Kind.FILM.value, "Films"),
)
STATES = (("ready", "Ready"), ("busy", "In the making"), ("failed", "Failed"), ("draft", "Drafts"))
SORTS = (("", "Last changed"), ("created", "Newest first"), ("oldest", "Oldest first"), ("name", "By name"))
_JOB_STATES = {
    "ready": Q(newest_state=Job.State.SUCCEEDED),
    "busy": Q(newest_state__in=[Job.State.QUEUED, Job.State.RUNNING]),
    "failed": Q(newest_state=Job.State.FAILED),
    "draft": Q(newest_state=None) | Q(newest_state=Job.State.CANCELLED),
}
_ORDERS = {
    "": (F("updated_at").desc(),),
    "created": (F("created_at").desc(),),
    "oldest": (F("created_at").asc(),),
    "name": (Lower("title"), F("updated_at").desc()),
}
_SEARCHED = ("title", "script", "folder", "portrait__original_name", "clip__original_name")


@dataclass(frozen=True)
class Wanted:
    """One view of the library, as its address says it."""

    words: str = ""
    kind: str = ""
    state: str = ""
    folder: str = ""
    sort: str = ""
    in_trash: bool = False

    @property
    def is_narrowed(self) -> bool:
        return bool(self.words or self.kind or self.state)

    @property
    def query(self) -> str:
        """This view as the query of an address, without the page."""
        facts = {"q": self.words, "kind": self.kind, "state": self.state, "folder": self.folder, "sort": self.sort}
        facts["view"] = "trash" if self.in_trash else ""
        return urlencode({name: value for name, value in facts.items() if value})


def wanted_from(query: Mapping[str, str]) -> Wanted:
    """What an address asks for; what it cannot mean is left out."""

    def one_of(name: str, choices: tuple[tuple[str, str], ...]) -> str:
        value = query.get(name, "")
        return value if value in {key for key, _ in choices} else ""

    return Wanted(
        words=" ".join(query.get("q", "").replace("\x00", "").split())[:WORDS_MAX_CHARS],
        kind=one_of("kind", KINDS),
        state=one_of("state", STATES),
        folder=query.get("folder", "").replace("\x00", "")[:WORDS_MAX_CHARS],
        sort=one_of("sort", SORTS),
        in_trash=query.get("view") == "trash",
    )


def projects_wanted(user: User, wanted: Wanted) -> QuerySet[Project]:
    """The user's projects that are asked for, in the order that is asked for."""
    rows = Project.objects.filter(owner_id=user.pk, trashed_at__isnull=not wanted.in_trash)
    if wanted.kind:
        rows = rows.filter(kind=wanted.kind)
    if wanted.folder:
        rows = rows.filter(folder=wanted.folder)
    for word in wanted.words.split()[:WORDS_MAX]:
        rows = rows.filter(_says(word))
    if wanted.state:
        renders = Job.objects.filter(project=OuterRef("pk"), kind__in=FREE_RENDERS).order_by("-queued_at")
        rows = rows.annotate(newest_state=Subquery(renders.values("state")[:1])).filter(_JOB_STATES[wanted.state])
    order = (F("trashed_at").desc(),) if wanted.in_trash and not wanted.sort else _ORDERS[wanted.sort]
    return rows.order_by(*order, "pk")


def _says(word: str) -> Q:
    """That a project's words contain this one. SQLite knows upper and lower case of Latin letters alone."""
    spellings = {word} if word.isascii() else {word, word.lower(), word.upper(), word.capitalize()}
    says = Q()
    for column in _SEARCHED:
        for spelling in spellings:
            says |= Q(**{f"{column}__icontains": spelling})
    return says
