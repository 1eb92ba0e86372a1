"""The page where sets of variants are made and compared."""

from dataclasses import asdict
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.batches.facts import batch_facts
from apps.batches.hooks import HOOK_MAX_CHARS, first_sentence
from apps.batches.plans import CAPTION_NAMES, VARIANTS_MAX
from apps.batches.services import batches_of
from apps.projects import options, services
from apps.projects.models import Project
from apps.projects.presentation import display_title
from apps.projects.voices import available_voices

_SHAPES = {"9:16": "Reels, Shorts, TikTok", "4:5": "Feed", "1:1": "Square", "16:9": "YouTube", "source": "As it is"}


@require_safe
@login_required
@never_cache
def variants(request: HttpRequest, project_id: UUID) -> HttpResponse:
    """Lists to combine, and what was made of them."""
    project = services.get_project_for(request.user, project_id)
    if project.kind == Project.Kind.FILM:
        raise Http404("films have no variants")
    settings = project.settings_now()
    is_typed = project.voice_source == Project.VoiceSource.SCRIPT and settings.get("moved_by", "voice") == "voice"
    known = {voice.id for voice in available_voices()}
    state = {
        "project": str(project.pk),
        "hook": first_sentence(project.script) if is_typed else "",
        "voice": project.script_voice if is_typed and project.script_voice in known else "",
        "voices": [asdict(voice) for voice in available_voices()] if is_typed else [],
        "most": VARIANTS_MAX,
        "sets": [batch_facts(batch) for batch in batches_of(project)],
    }
    context = {
        "project": project,
        "project_title": display_title(project),
        "is_typed": is_typed,
        "hook_max_chars": HOOK_MAX_CHARS,
        "captions": [(name, CAPTION_NAMES[name].capitalize(), name == settings["captions"]) for name in CAPTION_NAMES],
        "shapes": [(shape, hint, shape == settings["aspect"]) for shape, hint in _SHAPES.items()],
        "state": state,
    }
    assert set(_SHAPES) == set(options.ASPECTS)
    return render(request, "studio/variants.html", context)
