import pytest

from apps.core.failures import SiteFailure
from apps.jobs.models import Job
from apps.jobs.services import submit
from apps.trust import blocking
from apps.trust.attestations import attest
from apps.trust.models import AuditEntry, BlockedMedia
from apps.uploads.models import Asset
from apps.uploads.services import record_preflight
from tests.apps.api.doors import problem_of
from tests.apps.uploads.conftest import picture, upload  # noqa: F401

LOOK = "0123456789abcdef0123456789abcdef"
NEAR = "0123456789abcdef0123456789abcd00"
FAR = "fedcba9876543210fedcba9876543210"


def test_what_was_removed_is_refused_at_the_door(owner, alice, charlie, upload, settings):  # noqa: F811
    first = upload(charlie, picture())
    blocking.block(first, reason="a test")
    with pytest.raises(SiteFailure) as refused:
        upload(alice, picture())
    assert refused.value.code == "media_blocked"
    assert not Asset.objects.filter(owner=alice).exists()
    assert len([path for path in settings.MEDIA_DIR.rglob("*") if path.is_file()]) == 1, "only the first one's bytes"
    assert upload(alice, picture(size=(641, 480))).pk


def test_a_scaled_copy_is_recognised_once_it_was_looked_at(make_asset):
    blocking.block(make_asset(sha256="aa" * 32, preflight={"picture_hash": LOOK}), reason="a test")
    copy = make_asset(sha256="bb" * 32, state="checking", preflight=None)
    assert record_preflight(copy, {"problems": [], "faces": [], "picture_hash": NEAR})
    copy.refresh_from_db()
    assert (copy.state, copy.failure_code) == ("refused", "media_blocked")
    other = make_asset(sha256="cc" * 32, state="checking", preflight=None)
    record_preflight(other, {"problems": [], "faces": [], "picture_hash": FAR})
    other.refresh_from_db()
    assert other.state == "ready"


def test_a_file_that_was_here_before_it_was_blocked_is_not_rendered_any_more(owner, alice, project, make_asset):
    Asset.objects.filter(pk=project.portrait_id).update(sha256="dd" * 32)
    project.portrait.refresh_from_db()
    attest(project.portrait, "own")
    blocking.block(make_asset(sha256="dd" * 32), reason="a test")
    refused = owner.post(f"/api/v1/projects/{project.pk}/render")
    assert (refused.status_code, problem_of(refused)["code"]) == (403, "media_blocked")
    with pytest.raises(SiteFailure):
        submit(alice, Job.Kind.TALKING_PHOTO, request={"portrait_asset": str(project.portrait_id)})


def test_blocking_twice_is_blocking_once_and_is_written_down(make_asset):
    asset = make_asset(sha256="ee" * 32)
    assert blocking.block(asset, reason="first") == blocking.block(asset, reason="second")
    assert BlockedMedia.objects.count() == AuditEntry.objects.filter(action="blocked").count() == 1
    assert blocking.block(make_asset(sha256=""), reason="nothing to block by") is None


@pytest.mark.parametrize("told", [None, 5, "", "zz" * 16, "ab", "0" * 33, ["0" * 32]])
def test_a_report_with_a_strange_hash_blocks_nobody(make_asset, told):
    blocking.block(make_asset(sha256="aa" * 32, preflight={"picture_hash": told}), reason="a test")
    copy = make_asset(sha256="bb" * 32, state="checking", preflight=None)
    record_preflight(copy, {"problems": [], "faces": [], "picture_hash": told})
    copy.refresh_from_db()
    assert copy.state == "ready"
