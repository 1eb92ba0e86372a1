import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from apps.accounts.models import User
from apps.ops import page_load
from apps.ops.page_load import PROJECTS_EACH, Measured
from apps.uploads.models import Asset


def test_quantiles_are_of_the_answers_and_cpu_is_per_page():
    measured = Measured(waits_ms=[float(n) for n in range(100, 0, -1)], cpu_s=1.5)
    assert (measured.quantile_ms(0.5), measured.quantile_ms(0.95)) == (51.0, 96.0)
    assert measured.cpu_ms_each == 15.0
    assert Measured().cpu_ms_each is None


def test_visitors_see_a_full_library_and_leave_nothing_behind(db, settings):
    with page_load._visitors(2) as cookies:
        client = Client()
        client.cookies[settings.SESSION_COOKIE_NAME] = cookies[1]
        page = client.get("/library/").content.decode()
        assert page.count('class="project-card card"') == PROJECTS_EACH
        assert page.count("data-state>Ready<") == PROJECTS_EACH
    assert not User.objects.exists()
    assert not Asset.objects.exists()


def test_without_a_running_site_it_says_so(monkeypatch):
    monkeypatch.setattr("apps.ops.management.commands.measure_pages.is_web_healthy", lambda: False)
    with pytest.raises(CommandError, match="make run"):
        call_command("measure_pages")
