"""Templates to start a video from: shape, captions, style and first words are set; everything can be changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import Http404

from apps.accounts.models import User
from apps.projects.models import Project
from apps.projects.presenters import available_presenters
from apps.projects.services import create_project, update_project, use_presenter


@dataclass(frozen=True)
class Starter:
    """`settings` are changes as `update_project` takes them; `presenter` stands in until there is a photo."""

    slug: str
    name: str
    words: str
    facts: str
    kind: str
    presenter: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)


STARTERS = (
    Starter(
        "talking-thumbnail",
        "Talking thumbnail",
        "One lively sentence that makes people stop scrolling.",
        "Square, pop captions",
        Project.Kind.TALKING_PHOTO,
        "kofi",
        {
            "aspect": "1:1",
            "captions": "pop",
            "style": "expressive",
            "emotion": "happy",
            "script": "Wait! You have been doing this wrong the whole time. Let me show you.",
        },
    ),
    Starter(
        "dub-my-short",
        "Dub my short",
        "Your clip says something new; music and noise around the voice stay.",
        "As filmed, karaoke captions",
        Project.Kind.VIDEO_DUB,
        settings={
            "captions": "karaoke",
            "keep_background": True,
            "script": "Here is my short again, in other words. Type what you want to say, and I will say it.",
        },
    ),
    Starter(
        "presenter-intro",
        "Virtual presenter intro",
        "A calm welcome to a channel, a course or a product.",
        "Wide, lower-third captions",
        Project.Kind.TALKING_PHOTO,
        "ingrid",
        {
            "aspect": "16:9",
            "captions": "lower_third",
            "style": "natural",
            "emotion": "calm",
            "script": "Hello, and welcome! In the next minutes I will show you around, step by step. Let us begin.",
        },
    ),
    Starter(
        "thank-you",
        "Personal thank-you",
        "A few warm words for one person, made for a phone.",
        "Tall, clean captions",
        Project.Kind.TALKING_PHOTO,
        "amara",
        {
            "aspect": "9:16",
            "captions": "clean",
            "style": "natural",
            "emotion": "happy",
            "script": "Hi Sam! I just wanted to say thank you. Your order made my day, and it is on its way to you.",
        },
    ),
)


def start_from(user: User, slug: str) -> Project:
    """A new project made after a template. Http404 when there is none of that name."""
    starter = next((one for one in STARTERS if one.slug == slug), None)
    if starter is None:
        raise Http404("no such template")
    project = create_project(user, kind=starter.kind, title=starter.name)
    if starter.presenter in {presenter.slug for presenter in available_presenters()}:
        project = use_presenter(project, starter.presenter)
    return update_project(project, starter.settings)
