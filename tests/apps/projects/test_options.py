import math

import pytest

from apps.core.failures import SiteFailure
from apps.projects import options, services
from apps.projects.models import Project


@pytest.mark.parametrize("name", sorted(options.SETTINGS))
def test_every_setting_takes_its_own_default_and_no_nonsense(name):
    setting = options.SETTINGS[name]
    kind = setting.kinds[0]
    assert options.checked(kind, name, setting.default) == setting.default
    for nonsense in ([], {}, "nonsense", math.nan, math.inf, -1):
        with pytest.raises(SiteFailure) as refused:
            options.checked(kind, name, nonsense)
        assert name in str(refused.value.detail)


def test_each_kind_of_project_has_its_own_settings_and_what_all_have():
    photo, dub = options.settings_of(options.TALKING_PHOTO), options.settings_of(options.VIDEO_DUB)
    assert "label_corner" in photo and "label_corner" in dub
    assert "blink" in photo and "blink" not in dub
    assert "sync_mode" in dub and "sync_mode" not in photo


def test_a_setting_of_another_kind_is_refused(project):
    for name, value in (("sync_mode", "loop"), ("adapt", "off")):
        with pytest.raises(SiteFailure):
            services.update_project(project, {name: value})
    dub = Project(owner=project.owner, kind=Project.Kind.VIDEO_DUB)
    assert dub.settings_now()["sync_mode"] == "cut_off"
    assert "style" not in dub.settings_now()


def test_only_what_differs_from_the_defaults_is_stored(project):
    services.update_project(project, {"style": "still", "blink": 0, "seed": 3})
    assert project.options == {"style": "still", "blink": 0.0, "seed": 3}
    services.update_project(project, {"style": "natural", "blink": 1})
    assert project.options == {"seed": 3}
    assert project.settings_now()["style"] == "natural"


def test_what_another_tab_changed_meanwhile_stays(project):
    here = services.get_project_for(project.owner, project.pk)
    services.update_project(project, {"style": "still"})
    services.update_project(here, {"seed": 9})
    assert Project.objects.get(pk=project.pk).options == {"style": "still", "seed": 9}


def test_a_copy_counts_its_changes_anew(project):
    services.update_project(project, {"seed": 9})
    assert services.duplicate(project).version == 1
