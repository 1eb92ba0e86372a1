"""With files on S3, links are presigned by S3 itself; nothing is asked over the network for that."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.files.storage import storages

from apps.uploads import links, storage
from apps.uploads.models import Asset


@pytest.fixture
def on_s3(settings):
    options = {"bucket_name": "files", "access_key": "AKIAEXAMPLE", "secret_key": "secret", "region_name": "eu-west-1",
               "signature_version": "s3v4", "querystring_auth": True, "default_acl": "private"}  # fmt: skip
    settings.S3_BUCKET = "files"
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options},
    }
    assert type(storages["default"]).__name__ == "S3Storage"


@pytest.fixture
def asset(alice) -> Asset:
    return Asset.objects.create(
        owner=alice, kind="output", state="ready", storage_key="files/ab/abc.mp4", content_type="video/mp4"
    )


def test_files_are_known_to_lie_elsewhere(on_s3):
    assert not storage.is_on_disk()


def test_a_link_is_signed_and_short_lived(on_s3, asset):
    url = urlsplit(links.signed_url(asset, download_name=None, ttl_s=600))
    query = parse_qs(url.query)
    assert url.path.endswith("files/ab/abc.mp4")
    assert query["X-Amz-Expires"] == ["600"]
    assert "X-Amz-Signature" in query
    assert query["response-content-type"] == ["video/mp4"]


def test_a_download_is_named_and_what_is_not_media_is_never_shown(on_s3, asset):
    url = links.signed_url(asset, download_name="My film.mp4", ttl_s=600)
    assert 'attachment; filename="My film.mp4"' in parse_qs(urlsplit(url).query)["response-content-disposition"]
    asset.content_type = "text/html"
    query = parse_qs(urlsplit(links.signed_url(asset, download_name=None, ttl_s=600)).query)
    assert query["response-content-type"] == ["application/octet-stream"]
    assert query["response-content-disposition"][0].startswith("attachment")


def test_the_media_address_leads_its_owner_there_and_nobody_else(on_s3, asset, client, alice, bob):
    client.force_login(alice)
    response = client.get(f"/media/{asset.pk}")
    assert response.status_code == 302
    assert "X-Amz-Signature" in response["Location"]
    client.force_login(bob)
    assert client.get(f"/media/{asset.pk}").status_code == 404
