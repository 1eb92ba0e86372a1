"""What a set of variants would be: every combination of the lists, with names, prices and time. Orders nothing."""

import copy
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from apps.accounts.models import User
from apps.batches.hooks import HOOK_MAX_CHARS, with_hook
from apps.batches.models import NAME_MAX_CHARS, Batch
from apps.core.failures import SiteFailure
from apps.credits.services import balance_of
from apps.jobs.exports import EXPORTABLE, ExportChoice, price_export
from apps.jobs.history import TYPICAL_OVERHEAD_S, seconds_per_second
from apps.jobs.models import Job, Quote
from apps.jobs.services import renders_today
from apps.projects import options
from apps.projects.models import Project
from apps.projects.orders import render_request
from apps.projects.voices import available_voices, find_voice

VARIANTS_MIN, VARIANTS_MAX = 2, 24
_RENDERS_LOOKED_AT = 100
_HOOK_NAME_CHARS = 42
CAPTION_NAMES = {
    "none": "no captions",
    "clean": "clean captions",
    "karaoke": "karaoke captions",
    "pop": "word pop",
    "boxed": "boxed captions",
    "lower_third": "lower third",
    "minimal": "minimal captions",
}


@dataclass(frozen=True)
class Choices:
    """The lists whose combinations are made; an empty one leaves that as it is in the project."""

    hooks: tuple[str, ...] = ()
    voices: tuple[str, ...] = ()
    captions: tuple[str, ...] = ()
    shapes: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        return (
            max(1, len(self.hooks)) * max(1, len(self.voices)) * max(1, len(self.captions)) * max(1, len(self.shapes))
        )

    def as_json(self) -> dict[str, list[str]]:
        lists = {"hooks": self.hooks, "voices": self.voices, "captions": self.captions, "shapes": self.shapes}
        return {name: list(values) for name, values in lists.items()}


@dataclass
class PlannedVariant:
    """One combination: what is chosen, its name, and what would be ordered. `quote`: its price, not stored.

    `made`: a finished free render of just this, which is shown instead of made again.
    """

    choices: dict[str, str | None]
    name: str
    request: dict[str, Any]
    duration_s: float
    quote: Quote | None = None
    is_leader: bool = False
    made: Job | None = None


@dataclass
class Plan:
    making: str
    variants: list[PlannedVariant]
    estimate_s: float
    renders_left: int
    renders_per_day: int
    credits: int = 0
    balance_credits: int = 0
    paid_videos: int = 0
    is_exact: bool = True

    @property
    def made_before(self) -> int:
        return sum(variant.made is not None for variant in self.variants)

    @property
    def renders_needed(self) -> int:
        return len(self.variants) - self.made_before

    @property
    def missing_credits(self) -> int:
        return max(0, self.credits - self.balance_credits)


def cleaned(project: Project, choices: Choices) -> Choices:
    """The lists without empty lines and repetitions. Raises option_invalid, voice_unknown, batch_too_small/large."""
    hooks = _distinct(" ".join(hook.replace("\x00", "").split()) for hook in choices.hooks)
    lists = Choices(hooks, _distinct(choices.voices), _distinct(choices.captions), _distinct(choices.shapes))
    is_typed = project.voice_source == Project.VoiceSource.SCRIPT
    says_script = is_typed and project.settings_now().get("moved_by", "voice") == "voice"
    for name, wanted in (("hooks", lists.hooks), ("voices", lists.voices)):
        if wanted and not says_script:
            raise SiteFailure("option_invalid", option=name, reason="this video does not speak a typed script")
    if any(len(hook) > HOOK_MAX_CHARS for hook in lists.hooks):
        raise SiteFailure("option_invalid", option="hooks", reason=f"a hook has at most {HOOK_MAX_CHARS} characters")
    for voice in lists.voices:
        if available_voices() and find_voice(voice) is None:
            raise SiteFailure("voice_unknown", voice=voice)
    for name, wanted in (("captions", lists.captions), ("aspect", lists.shapes)):
        for value in wanted:
            options.checked(project.kind, name, value)
    if lists.count > VARIANTS_MAX:
        raise SiteFailure("batch_too_large", count=lists.count, limit=VARIANTS_MAX)
    if lists.count < VARIANTS_MIN:
        raise SiteFailure("batch_too_small")
    return lists


def plan_batch(user: User, project: Project, wanted: Choices, making: str, choice: ExportChoice) -> Plan:
    """What would be made of the project as it is saved now. `choice`: how exports are wanted.

    Raises SiteFailure: what `cleaned` raises, and every reason for which a variant cannot be made.
    """
    choices = cleaned(project, wanted)
    variants = [_planned(user, project, choices, combination, making, choice) for combination in _combined(choices)]
    _mark_leaders(variants)
    if making == Batch.Making.FREE:
        _find_made(user, project, variants)
    paid = [variant.quote for variant in variants if variant.quote is not None and variant.is_leader]
    speed = seconds_per_second(project.kind)
    return Plan(
        making=making,
        variants=variants,
        estimate_s=sum(variant.duration_s * speed + TYPICAL_OVERHEAD_S for variant in variants if variant.made is None),
        renders_left=max(0, settings.FREE_RENDERS_PER_DAY - renders_today(user)),
        renders_per_day=settings.FREE_RENDERS_PER_DAY,
        credits=sum(quote.credits for quote in paid),
        balance_credits=balance_of(user).available_credits,
        paid_videos=len(paid),
        is_exact=all(quote.is_exact for quote in paid),
    )


def _find_made(user: User, project: Project, variants: list[PlannedVariant]) -> None:
    """Renders that are there already and belong to no other set; the newest of each kind."""
    renders = Job.objects.filter(owner=user, project_id=project.pk, kind=project.kind, state=Job.State.SUCCEEDED)
    free = list(renders.filter(output__isnull=False, variant=None).order_by("-queued_at")[:_RENDERS_LOOKED_AT])
    for variant in variants:
        variant.made = next((job for job in free if job.request == variant.request), None)
        if variant.made is not None:
            free.remove(variant.made)  # it stands for one: another that comes out the same is ordered


def _combined(choices: Choices) -> list[dict[str, str | None]]:
    names = ("hook", "voice", "captions", "shape")
    lists: list[Sequence[str | None]] = [
        one or (None,) for one in (choices.hooks, choices.voices, choices.captions, choices.shapes)
    ]
    return [dict(zip(names, values, strict=True)) for values in itertools.product(*lists)]


def _planned(
    user: User,
    project: Project,
    choices: Choices,
    combination: dict[str, str | None],
    making: str,
    choice: ExportChoice,
) -> PlannedVariant:
    snapshot = _snapshot(project, combination)
    name = _name_of(choices, combination)
    if making == Batch.Making.EXPORT:
        quote = price_export(user, snapshot, choice)
        return PlannedVariant(combination, name, quote.request, quote.duration_s, quote)
    request = render_request(snapshot)
    return PlannedVariant(combination, name, request, EXPORTABLE[project.kind].measure(snapshot).duration_s)


def _snapshot(project: Project, combination: dict[str, str | None]) -> Project:
    """The project with these choices, in memory only."""
    changed = copy.copy(project)
    changed._state = copy.copy(project._state)
    changed.options = dict(project.options)
    if combination["hook"] is not None:
        changed.script = with_hook(project.script, combination["hook"])
    if combination["voice"] is not None:
        changed.script_voice = combination["voice"]
    for option, chosen in (("captions", combination["captions"]), ("aspect", combination["shape"])):
        if chosen is not None:
            changed.options[option] = chosen
    return changed


def _mark_leaders(variants: list[PlannedVariant]) -> None:
    """Of all forms of the same picture and sound the dearest is paid: the largest one may cost more."""
    leaders: dict[str, PlannedVariant] = {}
    for variant in variants:
        if variant.quote is None:
            continue
        best = leaders.get(variant.quote.content_key)
        if best is None or best.quote is None or variant.quote.credits > best.quote.credits:
            leaders[variant.quote.content_key] = variant
    for variant in leaders.values():
        variant.is_leader = True


def _name_of(choices: Choices, combination: dict[str, str | None]) -> str:
    """What tells this one from the others, in words."""
    hook, voice = combination["hook"], combination["voice"]
    parts = []
    if hook is not None and len(choices.hooks) > 1:
        short = hook if len(hook) <= _HOOK_NAME_CHARS else hook[: _HOOK_NAME_CHARS - 1].rstrip() + "…"
        parts.append(f"“{short}”")
    if voice is not None and len(choices.voices) > 1:
        known = find_voice(voice)
        parts.append(known.name if known is not None else voice)
    if combination["captions"] is not None and len(choices.captions) > 1:
        parts.append(CAPTION_NAMES[combination["captions"]])
    if combination["shape"] is not None and len(choices.shapes) > 1:
        parts.append("as the source" if combination["shape"] == "source" else combination["shape"])
    return " · ".join(parts)[:NAME_MAX_CHARS]


def _distinct(values: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))
