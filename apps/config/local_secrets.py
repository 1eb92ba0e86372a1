"""What a first start makes for itself in the data folder, so that nobody runs on a well-known secret."""

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

# The kernel's limit for the address of a unix socket is 108 bytes with the closing zero.
MAX_SOCKET_PATH_BYTES = 107


def secret_key_in(data_dir: Path) -> str:
    """The secret key kept in the data folder (0600); made at random when there is none yet.

    Two processes starting at once agree on one key: the file appears complete (hard link of a finished file) or not
    at all, and the loser reads the winner's.
    """
    path = data_dir / "secret_key"
    if not path.exists():
        handle, draft = tempfile.mkstemp(dir=data_dir, prefix=".secret_key-")
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(64))
            with suppress(FileExistsError):
                path.hardlink_to(draft)
        finally:
            Path(draft).unlink()
    return path.read_text(encoding="ascii").strip()


def redis_socket_in(data_dir: Path) -> Path:
    """Where the embedded Redis listens: in the data folder, or in a short private folder when that path is too long."""
    path = data_dir / "redis.sock"
    if len(os.fsencode(path)) <= MAX_SOCKET_PATH_BYTES:
        return path
    # The folder's identity, not its long name, makes the short one, so that each data folder has its own.
    tag = f"{os.getuid()}-{data_dir.stat().st_dev:x}-{data_dir.stat().st_ino:x}"
    short = Path(tempfile.gettempdir()) / f"lipsmith-{tag}"
    short.mkdir(mode=0o700, exist_ok=True)
    if short.is_symlink() or short.stat().st_uid != os.getuid():
        raise PermissionError(f"{short} belongs to somebody else")
    short.chmod(0o700)
    return short / "redis.sock"
