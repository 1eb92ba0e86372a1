"""Which version of the programs made something: what was kept of an older one must not be used again."""

import functools
import hashlib
from pathlib import Path

_COUNTED = frozenset({".py", ".npz", ".json"})


@functools.cache
def version_of(package: Path) -> str:
    """Hexadecimal; another one as soon as any source or weights in this folder change."""
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*")):
        if path.suffix in _COUNTED and "__pycache__" not in path.parts:
            digest.update(str(path.relative_to(package)).encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:32]


def engine_version() -> str:
    """Of this engine."""
    return version_of(Path(__file__).parent)
