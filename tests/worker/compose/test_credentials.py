"""Content credentials: signed, bound to the bytes, read back; and the certificate behind them."""

import datetime
import stat
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.synth import drawn_portrait, run_ffmpeg, write_clip, write_image
from worker.compose.certificates import (
    CHAIN,
    KEY,
    ROOT,
    SigningKey,
    expiry_of,
    load_signing_key,
    make_dev_certificate,
    root_in,
)
from worker.compose.credentials import (
    CredentialsState,
    Ingredient,
    Making,
    Origin,
    SourceType,
    manifest_of,
    read_credentials,
    sidecar_of,
    sign,
)
from worker.compose.provenance import identify
from worker.engine.failures import EngineFailure, FailureCode

RENDER_ID = "0123456789ab"
INPUTS = (Ingredient("portrait", "image/jpeg", "ab" * 32), Ingredient("voice", "audio/wav", "cd" * 32))
PHOTO = Making(ingredients=INPUTS, render_id=RENDER_ID)
DUB = Making(Origin.EDITED, ingredients=(Ingredient("clip", "video/mp4", "ef" * 32), INPUTS[1]))


@pytest.fixture(scope="module")
def key(tmp_path_factory) -> SigningKey:
    return make_dev_certificate(tmp_path_factory.mktemp("certificates") / "credentials")


@pytest.fixture(scope="module")
def originals(tmp_path_factory) -> dict[str, bytes]:
    """A file of every kind, as bytes by suffix."""
    folder = tmp_path_factory.mktemp("originals")
    frames = [np.full((64, 64, 3), 20 * n, np.uint8) for n in range(8)]
    clip = write_clip(folder / "a.mp4", frames)
    run_ffmpeg(["-i", str(clip), "-c:v", "libvpx", "-deadline", "realtime", str(folder / "a.webm")])
    run_ffmpeg(["-i", str(clip), "-c:v", "prores_ks", "-pix_fmt", "yuv422p10le", str(folder / "a.mov")])
    write_image(folder / "a.png", drawn_portrait(64, 80))
    write_image(folder / "a.jpg", drawn_portrait(64, 80))
    return {path.suffix: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def make_file(originals, tmp_path):
    def make(suffix: str) -> Path:
        path = tmp_path / f"video{suffix}"
        path.write_bytes(originals[suffix])
        return path

    return make


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".png", ".jpg", ".webm"])
@pytest.mark.parametrize("making", [PHOTO, DUB], ids=["photo", "dub"])
def test_what_is_signed_reads_back(make_file, key, suffix, making):
    path = make_file(suffix)
    where = sign(path, making, key)
    assert where == (path.with_suffix(".c2pa") if suffix == ".webm" else path)
    told = read_credentials(path, key.root_pem)
    assert (told.state, told.action, told.problems) == (CredentialsState.TRUSTED, making.origin.value, [])
    assert (told.generator, told.source_type) == ("Lipsmith", "compositeWithTrainedAlgorithmicMedia")
    assert told.render_id == making.render_id
    assert [(one["part"], one["sha256"]) for one in told.ingredients] == [
        (one.part, one.sha256) for one in making.ingredients
    ]
    assert sorted(p.name for p in path.parent.iterdir()) == sorted({path.name, where.name})


def test_whoever_does_not_know_our_authority_reads_valid_and_not_trusted(make_file, key, tmp_path):
    path = make_file(".mp4")
    sign(path, PHOTO, key)
    assert read_credentials(path).state is CredentialsState.VALID
    stranger = make_dev_certificate(tmp_path / "elsewhere")
    assert read_credentials(path, stranger.root_pem).state is CredentialsState.VALID


@pytest.mark.parametrize("suffix", [".mp4", ".png", ".jpg", ".webm"])
def test_one_changed_byte_shows(make_file, key, suffix):
    path = make_file(suffix)
    sign(path, PHOTO, key)
    data = bytearray(path.read_bytes())
    data[-30] ^= 1
    path.write_bytes(data)
    told = read_credentials(path, key.root_pem)
    assert told.state is CredentialsState.INVALID
    assert told.problems


def test_a_signed_video_still_plays_from_its_beginning(make_file, key, tmp_path):
    path = make_file(".mp4")
    sign(path, PHOTO, key)
    run_ffmpeg(["-xerror", "-i", str(path), "-f", "null", "-"])


def test_signing_again_replaces_the_credentials(make_file, key):
    path = make_file(".mp4")
    sign(path, PHOTO, key)
    sign(path, DUB, key)
    told = read_credentials(path, key.root_pem)
    assert (told.state, told.action) == (CredentialsState.TRUSTED, "c2pa.edited")


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".png", ".jpg", ".webm"])
def test_signing_takes_a_fifth_of_a_second_at_most(make_file, key, suffix):
    path = make_file(suffix)
    times = []
    for _ in range(5):
        started = time.process_time()
        sign(path, PHOTO, key)
        times.append(time.process_time() - started)
    assert sorted(times)[2] < 0.2


def test_files_without_credentials_have_none(make_file, tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("plain words")
    for path in (make_file(".mp4"), make_file(".webm"), make_file(".png"), text):
        assert read_credentials(path).state is CredentialsState.NONE


def test_a_damaged_sidecar_is_told(make_file, key):
    path = make_file(".webm")
    sign(path, PHOTO, key)
    sidecar_of(path).write_bytes(b"\x00" * 500)
    assert read_credentials(path).state is CredentialsState.INVALID


def test_a_cut_off_video_never_reads_as_intact(make_file, key):
    path = make_file(".mp4")
    sign(path, PHOTO, key)
    data = path.read_bytes()
    for share in (0.2, 0.5, 0.8, 0.97):
        path.write_bytes(data[: int(len(data) * share)])
        assert read_credentials(path, key.root_pem).state in (CredentialsState.INVALID, CredentialsState.NONE)


def test_what_cannot_be_signed_is_left_alone(tmp_path, key):
    text = tmp_path / "captions.srt"
    text.write_text("1\n")
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"not a video at all")
    cases = {
        text: FailureCode.FILE_WRONG_KIND,
        broken: FailureCode.ENCODER_FAILED,
        tmp_path / "none.mp4": FailureCode.FILE_MISSING,
    }
    for path, code in cases.items():
        with pytest.raises(EngineFailure) as caught:
            sign(path, PHOTO, key)
        assert caught.value.code is code
    assert broken.read_bytes() == b"not a video at all"
    assert {p.name for p in tmp_path.iterdir()} == {"captions.srt", "broken.mp4"}


def test_an_edit_opens_its_parent_first_and_places_the_rest():
    manifest = manifest_of("video.mp4", DUB)
    assert [one["relationship"] for one in manifest["ingredients"]] == ["parentOf", "componentOf"]
    actions = manifest["assertions"][0]["data"]["actions"]
    assert [one["action"] for one in actions] == ["c2pa.opened", "c2pa.edited", "c2pa.placed"]
    with pytest.raises(ValueError, match="ingredient"):
        manifest_of("video.mp4", Making(Origin.EDITED))


def test_the_source_type_is_iptcs():
    made = manifest_of("a.mp4", Making(source_type=SourceType.GENERATED))["assertions"][0]["data"]["actions"][0]
    assert made["digitalSourceType"] == "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


def test_our_name_in_a_strangers_credentials_proves_nothing(make_file, key, tmp_path):
    path = make_file(".png")
    stranger = make_dev_certificate(tmp_path / "stranger")
    sign(path, PHOTO, stranger)
    found = identify(path, key.root_pem)
    assert (found.is_made_here, found.render_id) == (False, None)
    assert identify(path, stranger.root_pem).render_id == RENDER_ID


# ------------------------------------------------------------------------------------------------------- certificates


def test_a_development_certificate_is_made_once_and_its_key_is_private(tmp_path):
    folder = tmp_path / "deep" / "credentials"
    first = make_dev_certificate(folder)
    assert make_dev_certificate(folder) == first
    assert stat.S_IMODE((folder / KEY).stat().st_mode) == 0o600
    assert sorted(p.name for p in folder.iterdir()) == sorted([CHAIN, KEY, ROOT])
    assert [p.name for p in folder.parent.iterdir()] == ["credentials"]
    assert "PRIVATE" not in repr(first) + str(first)
    assert root_in(folder) == first.root_pem


def test_a_certificate_tells_how_long_it_is_good_for_and_whose_it_is(tmp_path):
    from worker.doctor import check_certificate

    folder = tmp_path / "credentials"
    assert check_certificate(folder).ok, "one is made by the first render"
    make_dev_certificate(folder)
    leaf = x509.load_pem_x509_certificates((folder / CHAIN).read_bytes())[0]
    assert expiry_of(folder) == leaf.not_valid_after_utc
    finding = check_certificate(folder)
    assert finding.ok and "for development" in finding.found and "more days" in finding.found
    (folder / CHAIN).write_text("nothing")
    with pytest.raises(EngineFailure):
        check_certificate(folder)


def test_the_doctor_warns_before_a_certificate_runs_out(tmp_path, monkeypatch):
    from worker.doctor import EXPIRES_SOON_DAYS, check_certificate

    monkeypatch.setattr("worker.compose.certificates._LEAF_DAYS", EXPIRES_SOON_DAYS - 1)
    make_dev_certificate(tmp_path / "credentials")
    finding = check_certificate(tmp_path / "credentials")
    assert not finding.ok and "docs/provenance.md" in finding.fix


def test_the_leaf_is_what_the_specification_asks_for(key):
    leaf, root = x509.load_pem_x509_certificates(key.chain_pem.encode())
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert leaf.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature
    usages = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usages) == [x509.oid.ExtendedKeyUsageOID.EMAIL_PROTECTION]
    leaf.verify_directly_issued_by(root)
    assert leaf.not_valid_after_utc > datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=365)


def test_several_processes_may_make_it_at_once(tmp_path):
    made: list[SigningKey] = []
    threads = [
        threading.Thread(target=lambda: made.append(make_dev_certificate(tmp_path / "credentials"))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8 and len(set(made)) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["credentials"]


def self_signed(private, days: int) -> bytes:
    now = datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "test")])
    builder = x509.CertificateBuilder(name, name, private.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(days=30))
    builder = builder.not_valid_after(now + datetime.timedelta(days=days))
    return builder.sign(private, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def private_pem(private) -> bytes:
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def test_certificates_that_cannot_be_used_are_refused_with_the_reason(tmp_path):
    curve, other = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    weak = rsa.generate_private_key(65537, 1024)
    cases = {
        "missing": (None, None, "cannot be read"),
        "garbage": (b"hello", b"there", "cannot be read"),
        "another's": (self_signed(curve, 30), private_pem(other), "does not belong"),
        "run-out": (self_signed(curve, -1), private_pem(curve), "run out"),
        "weak": (self_signed(weak, 30), private_pem(weak), "kind of key"),
    }
    for name, (chain, private, reason) in cases.items():
        folder = tmp_path / name
        folder.mkdir()
        if chain is not None:
            (folder / CHAIN).write_bytes(chain)
            (folder / KEY).write_bytes(private)
        with pytest.raises(EngineFailure) as caught:
            load_signing_key(folder)
        assert caught.value.code is FailureCode.OPTION_INVALID
        assert reason in str(caught.value.detail["reason"]), name


def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(EngineFailure) as caught:
        make_dev_certificate(tmp_path / "file" / "credentials")
    assert caught.value.code is FailureCode.OPTION_INVALID
