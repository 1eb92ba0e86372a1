"""Deployed, every static file has a name with its hash, also where one script imports another."""

import re

import pytest
from django.conf import settings as site_settings
from django.core.management import call_command


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    from django.contrib.staticfiles.storage import staticfiles_storage
    from django.test import override_settings

    folder = tmp_path_factory.mktemp("static")
    storages = {**site_settings.STORAGES, "staticfiles": {"BACKEND": "apps.core.static_files.SiteStaticFilesStorage"}}
    with override_settings(STATIC_ROOT=folder, STORAGES=storages, DEBUG=False):
        call_command("collectstatic", interactive=False, verbosity=0)
        yield folder, staticfiles_storage.url


def test_every_style_and_script_of_ours_gets_a_hashed_name(collected):
    _, url = collected
    assert re.fullmatch(r"/static/css/base\.[0-9a-f]{12}\.css", url("css/base.css"))
    assert re.fullmatch(r"/static/js/app\.[0-9a-f]{12}\.js", url("js/app.js"))


def test_scripts_import_each_other_by_hashed_names(collected):
    folder, _ = collected
    imports = [
        target
        for path in (folder / "js").rglob("*.js")
        if re.search(r"\.[0-9a-f]{12}\.js$", path.name)
        for target in re.findall(r'from\s*"(\.[^"]+)"', path.read_text())
    ]
    assert imports
    assert [target for target in imports if not re.search(r"\.[0-9a-f]{12}\.js$", target)] == []


def test_compressed_twins_are_made(collected):
    folder, url = collected
    assert (folder / (url("css/base.css").removeprefix("/static/") + ".gz")).is_file()
