"""C2PA content credentials: who made a file, of what, and by which means, signed and bound to its bytes.

Follows the C2PA technical specification 2.x (actions v2, ingredients v3) and IPTC's digital source types. Nothing is
fetched from anywhere. MP4 and pictures (JPEG, PNG, WebP, GIF) carry the manifest inside; a WebM video has it beside it,
as NAME.c2pa.
"""

import json
import logging
import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import c2pa

from worker.compose.certificates import SigningKey
from worker.engine.failures import EngineFailure, FailureCode

log = logging.getLogger(__name__)

GENERATOR = {"name": "Lipsmith", "version": "0.1.0"}
RENDER_LABEL = "lipsmith.render"
EMBEDDED = {
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".gif": "image/gif",
}
BESIDE = {".webm": "video/webm"}
_SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_OFFLINE = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    "builder": {"thumbnail": {"enabled": False}},
}
_UNTRUSTED = "signingCredential.untrusted"
_MAX_SIDECAR_BYTES = 16 << 20


class Origin(StrEnum):
    """What was done. A value is C2PA's name of the action."""

    CREATED = "c2pa.created"  # a talking photo: a new video
    EDITED = "c2pa.edited"  # a dub: somebody's video, changed


class SourceType(StrEnum):
    """IPTC's names of how a picture came about."""

    GENERATED = "trainedAlgorithmicMedia"  # everything in it was made by a model
    COMPOSITE = "compositeWithTrainedAlgorithmicMedia"  # a photo or video of somebody, changed by a model


@dataclass(frozen=True)
class Ingredient:
    """Something the file was made of: its part ("portrait", "voice", "clip"), its type, and its bytes' hash in hex."""

    part: str
    media_type: str
    sha256: str


@dataclass(frozen=True)
class Making:
    """How a file was made. The first ingredient of an edited file is what was edited."""

    origin: Origin = Origin.CREATED
    source_type: SourceType = SourceType.COMPOSITE
    ingredients: Sequence[Ingredient] = ()
    render_id: str | None = None


class CredentialsState(StrEnum):
    NONE = "none"
    TRUSTED = "trusted"  # intact, and signed under an authority that the reader trusts
    VALID = "valid"  # intact, by somebody the reader does not know
    INVALID = "invalid"  # the file was changed after it was signed, or the manifest is damaged


@dataclass(frozen=True)
class CredentialsReading:
    """What a file's credentials say. `problems` are C2PA's own status codes."""

    state: CredentialsState
    generator: str | None = None
    issuer: str | None = None
    action: str | None = None
    source_type: str | None = None
    render_id: str | None = None
    ingredients: Sequence[Mapping[str, str]] = ()
    problems: Sequence[str] = ()


def sign(path: Path, making: Making, key: SigningKey) -> Path:
    """Give a finished file its credentials, in place; returns where the manifest is: the file, or its sidecar.

    The file is replaced in one step when it is signed and has been read back; a failure leaves it as it was.

    Raises:
        EngineFailure: FILE_MISSING, FILE_WRONG_KIND for formats that cannot carry credentials, DISK_FULL, or
            ENCODER_FAILED when signing fails.
    """
    suffix = path.suffix.lower()
    media_type = {**EMBEDDED, **BESIDE}.get(suffix)
    if media_type is None:
        raise EngineFailure(FailureCode.FILE_WRONG_KIND, needed="mp4, png, jpeg, webp, gif or webm", found=suffix[:16])
    if not path.is_file():
        raise EngineFailure(FailureCode.FILE_MISSING, file_name=path.name)
    is_beside = suffix in BESIDE
    target = sidecar_of(path) if is_beside else path
    part = path.parent / f".{uuid.uuid4().hex}.part{suffix}"
    try:
        manifest = _signed(path, part, media_type, making, key, is_beside=is_beside)
        if is_beside:
            part.write_bytes(manifest)
        else:
            os.chmod(part, path.stat().st_mode & 0o777)  # noqa: PTH101
        read_back = _reading(path if is_beside else part, manifest if is_beside else None, key.root_pem)
        if read_back is None or read_back.state is CredentialsState.INVALID:
            log.error("credentials do not read back: %s", read_back)
            raise EngineFailure(FailureCode.ENCODER_FAILED, reason="credentials do not read back")
        part.replace(target)
    except c2pa.C2paError as error:
        log.error("could not sign: %s", error)
        raise EngineFailure(FailureCode.ENCODER_FAILED, reason="could not sign") from error
    finally:
        part.unlink(missing_ok=True)
    return target


def read_credentials(path: Path, root_pem: str | None = None) -> CredentialsReading:
    """What a file's credentials say, embedded or beside it. Files that cannot carry any have none.

    root_pem: authorities (PEM) whose signatures count as trusted.

    Raises:
        EngineFailure: FILE_UNREADABLE when the file cannot be opened.
    """
    beside = sidecar_of(path)
    manifest = None
    try:
        if path.suffix.lower() in BESIDE and beside.is_file() and beside.stat().st_size <= _MAX_SIDECAR_BYTES:
            manifest = beside.read_bytes()
        return _reading(path, manifest, root_pem) or CredentialsReading(CredentialsState.NONE)
    except OSError as error:
        raise EngineFailure(FailureCode.FILE_UNREADABLE) from error


def sidecar_of(path: Path) -> Path:
    return path.with_suffix(".c2pa")


def manifest_of(title: str, making: Making) -> dict[str, object]:
    """The manifest's definition, as the C2PA library takes it."""
    edited = making.origin is Origin.EDITED
    if edited and not making.ingredients:
        raise ValueError("an edited file needs the ingredient that was edited")
    agent = {"softwareAgent": GENERATOR, "digitalSourceType": _SOURCE_TYPES + making.source_type}
    made: dict[str, object] = {"action": making.origin.value, **agent}
    parts = [ingredient.part for ingredient in making.ingredients]
    actions: list[dict[str, object]] = [made]
    if edited:  # C2PA wants the opening of the parent first
        actions.insert(0, {"action": "c2pa.opened", "parameters": {"ingredientIds": parts[:1]}})
    placed = parts[1:] if edited else parts
    actions += [{"action": "c2pa.placed", "parameters": {"ingredientIds": [part]}} for part in placed]
    facts = {
        "render_id": making.render_id or "",
        "inputs": [{"part": one.part, "sha256": one.sha256} for one in making.ingredients],
    }
    return {
        "claim_generator_info": [GENERATOR],
        "title": title,
        "ingredients": [
            {
                "label": one.part,
                "title": one.part,
                "format": one.media_type,
                "relationship": "parentOf" if edited and number == 0 else "componentOf",
                "instance_id": f"urn:sha256:{one.sha256}",
            }
            for number, one in enumerate(making.ingredients)
        ],
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": actions}},
            {"label": RENDER_LABEL, "data": facts},
        ],
    }


def _signed(path: Path, part: Path, media_type: str, making: Making, key: SigningKey, *, is_beside: bool) -> bytes:
    info = c2pa.C2paSignerInfo(key.algorithm, key.chain_pem.encode(), key.private_key_pem.encode(), None)
    with (
        c2pa.Context.from_dict(_OFFLINE, c2pa.Signer.from_info(info)) as context,
        c2pa.Builder(manifest_of(path.name, making), context=context) as builder,
        path.open("rb") as source,
        part.open("w+b") as signed,
    ):
        if is_beside:
            builder.set_no_embed()
        return bytes(builder.sign(media_type, source, signed))


def _reading(path: Path, manifest: bytes | None, root_pem: str | None) -> CredentialsReading | None:
    settings = _OFFLINE if root_pem is None else {**_OFFLINE, "trust": {"user_anchors": root_pem}}
    try:
        with (
            c2pa.Context.from_dict(settings) as context,
            path.open("rb") as file,
            c2pa.Reader(None, file, manifest, context=context) as reader,
        ):
            store = json.loads(reader.json())
    except (c2pa.C2paError.ManifestNotFound, c2pa.C2paError.NotSupported):
        return None
    except c2pa.C2paError as error:
        log.info("credentials cannot be read: %s", error)
        return CredentialsReading(CredentialsState.INVALID, problems=("manifest.unreadable",)) if manifest else None
    return _told(store)


def _told(store: Mapping[str, object]) -> CredentialsReading:
    """The library's report, in our words. Whoever signed may have written anything: only the expected is taken over."""
    manifests, active = _dict(store.get("manifests")), store.get("active_manifest")
    manifest = _dict(manifests.get(str(active)))
    assertions = {
        str(_dict(one).get("label")): _dict(_dict(one).get("data")) for one in _list(manifest.get("assertions"))
    }
    actions = [_dict(one) for one in _list(assertions.get("c2pa.actions.v2", {}).get("actions"))]
    made = next((one for one in actions if one.get("digitalSourceType")), actions[0] if actions else {})
    facts = assertions.get(RENDER_LABEL, {})
    inputs = [
        {"part": _text(_dict(one).get("part")) or "", "sha256": _text(_dict(one).get("sha256")) or ""}
        for one in _list(facts.get("inputs"))[:16]
    ]
    generators = _list(manifest.get("claim_generator_info"))
    state = {"Trusted": CredentialsState.TRUSTED, "Valid": CredentialsState.VALID}.get(
        str(store.get("validation_state")), CredentialsState.INVALID
    )
    problems = [str(_dict(one).get("code")) for one in _list(store.get("validation_status"))]
    return CredentialsReading(
        state,
        generator=_text(_dict(generators[0] if generators else None).get("name")),
        issuer=_text(_dict(manifest.get("signature_info")).get("issuer")),
        action=_text(made.get("action")),
        source_type=(_text(made.get("digitalSourceType")) or "").rpartition("/")[2] or None,
        render_id=_text(facts.get("render_id")) or None,
        ingredients=inputs,
        problems=sorted(set(problems) - {_UNTRUSTED}),
    )


def _dict(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str | None:
    return value[:200] if isinstance(value, str) else None
