"""The certificate that signs content credentials: loaded from a folder, or made there for development.

A folder holds `chain.pem` (leaf, then its issuers), `key.pem` (the leaf's private key, PKCS #8, unencrypted) and
`root.pem` (the authority that readers may trust). A certificate made here is valid, but nobody else trusts it: for
production the operator puts one from an authority on the C2PA trust list into the folder.
"""

import datetime
import os
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from worker.engine.failures import EngineFailure, FailureCode

CHAIN, KEY, ROOT = "chain.pem", "key.pem", "root.pem"
_DEV_AUTHORITY = "Lipsmith development authority"
_ROOT_DAYS, _LEAF_DAYS = 3650, 825
_LEAST_RSA_BITS = 2048


@dataclass(frozen=True)
class SigningKey:
    """A leaf certificate with its issuers, its private key, C2PA's name of the algorithm, and the authority's root."""

    chain_pem: str
    private_key_pem: str
    algorithm: str
    root_pem: str

    def __repr__(self) -> str:  # the key must never reach a log
        return f"SigningKey({self.algorithm})"


def load_signing_key(folder: Path) -> SigningKey:
    """The certificate in a folder.

    Raises:
        EngineFailure: OPTION_INVALID when a file is missing or damaged, the key does not belong to the certificate, or
            the certificate has run out.
    """
    try:
        chain, key = (folder / CHAIN).read_bytes(), (folder / KEY).read_bytes()
        certificates = x509.load_pem_x509_certificates(chain)
        private = serialization.load_pem_private_key(key, password=None)
        root = (folder / ROOT).read_text("ascii") if (folder / ROOT).exists() else _pem(certificates[-1])
    except (OSError, ValueError, TypeError) as error:
        raise _unusable("certificate or key cannot be read") from error
    if certificates[0].public_key() != private.public_key():
        raise _unusable("the key does not belong to the certificate")
    if certificates[0].not_valid_after_utc <= datetime.datetime.now(datetime.UTC):
        raise _unusable("the certificate has run out")
    return SigningKey(chain.decode("ascii"), key.decode("ascii"), _algorithm_of(private), root)


def make_dev_certificate(folder: Path) -> SigningKey:
    """Make an authority and a certificate of its own in `folder`, unless there is one; returns what is there then.

    The authority's key is thrown away at once. Several processes may call this at the same time: one wins.

    Raises:
        EngineFailure: OPTION_INVALID as `load_signing_key`; also when the folder exists with something else in it.
    """
    if not (folder / CHAIN).exists():
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=_made(folder.parent)))
        try:
            _write_certificate(draft)
            draft.rename(folder)  # replaces an empty folder, and fails on one that somebody filled meanwhile
        except OSError as error:
            if not (folder / CHAIN).exists():
                raise _unusable("the folder cannot be written") from error
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return load_signing_key(folder)


def root_in(folder: Path) -> str:
    """The authority in a folder, PEM; needs no private key.

    Raises:
        EngineFailure: OPTION_INVALID when there is none.
    """
    try:
        return (folder / ROOT).read_text("ascii")
    except (OSError, ValueError) as error:
        raise _unusable("there is no readable root.pem") from error


def expiry_of(folder: Path) -> datetime.datetime:
    """When the certificate in a folder runs out, UTC; needs no private key.

    Raises:
        EngineFailure: OPTION_INVALID when there is none that can be read.
    """
    return min(one.not_valid_after_utc for one in _chain_in(folder))


def is_development(folder: Path) -> bool:
    """Whether the certificate in a folder was made by `make_dev_certificate`. Raises as `expiry_of`."""
    return _chain_in(folder)[-1].subject == _name(_DEV_AUTHORITY)


def _chain_in(folder: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates((folder / CHAIN).read_bytes())
    except (OSError, ValueError) as error:
        raise _unusable("the certificate cannot be read") from error


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable("the folder cannot be made") from error
    return folder


def _write_certificate(folder: Path) -> None:
    root_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name, leaf_name = _name(_DEV_AUTHORITY), _name("Lipsmith development")
    root = _certificate(root_name, root_key, root_name, root_key, is_authority=True)
    leaf = _certificate(leaf_name, leaf_key, root_name, root_key, is_authority=False)
    secret = leaf_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / CHAIN).write_text(_pem(leaf) + _pem(root), "ascii")
    (folder / ROOT).write_text(_pem(root), "ascii")
    descriptor = os.open(folder / KEY, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secret)


def _certificate(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    is_authority: bool,
) -> x509.Certificate:
    """As the C2PA specification asks in "X.509 certificates": usages, key identifiers, and no authority at the leaf."""
    now = datetime.datetime.now(datetime.UTC)
    days = _ROOT_DAYS if is_authority else _LEAF_DAYS
    builder = (
        x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.BasicConstraints(is_authority, 0 if is_authority else None), critical=True)
        .add_extension(_usage(is_authority=is_authority), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if not is_authority:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Lipsmith"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")


def _algorithm_of(key: object) -> str:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        by_curve = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
        if key.curve.name in by_curve:
            return by_curve[key.curve.name]
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= _LEAST_RSA_BITS:
        return "ps256"
    raise _unusable("content credentials do not allow this kind of key")


def _unusable(reason: str) -> EngineFailure:
    return EngineFailure(FailureCode.OPTION_INVALID, option="credentials", reason=reason)
