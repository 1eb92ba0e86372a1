"""What the library shows of projects."""

import pytest

from apps.projects import services

pytestmark = pytest.mark.django_db


def test_a_dub_shows_a_frame_of_its_clip(owner, alice, make_asset):
    clip = make_asset(kind="clip", duration_s=4.0)
    frame = make_asset(kind="derived", parent=clip, content_type="image/jpeg")
    project = services.create_project(alice, kind="video_dub", title="Dubbed")
    services.update_project(project, {"clip": str(clip.pk)})
    page = owner.get("/library/").content.decode()
    assert "Dubbed" in page
    assert str(frame.pk) in page
