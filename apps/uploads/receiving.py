"""Takes in the file part of a form: straight to disk, hashed and counted on the way, in constant memory."""

import errno
import hashlib
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from apps.uploads.limits import max_upload_bytes

CHUNK_BYTES = 256 * 1024
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class ReceivedFile(UploadedFile):
    """A file that arrived: a private temporary file and its SHA-256.

    `refusal` is a failure code when the bytes were not kept (too many, or no room on the disk); the service raises it.
    Storage on the same disk takes the temporary file by renaming it (Django asks for `temporary_file_path`).
    """

    def __init__(self, *, sha256: str, refusal: str, **parts: Any) -> None:
        super().__init__(**parts)
        self.sha256 = sha256
        self.refusal = refusal

    def temporary_file_path(self) -> str:
        return str(self.file.name)

    def close(self) -> None:
        self.file.close()
        Path(self.file.name).unlink(missing_ok=True)


class ReceivingUploadHandler(FileUploadHandler):
    """Django's hook for arriving files; the only one in the settings."""

    chunk_size = CHUNK_BYTES

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        # Made readable by nobody else (0600); ReceivedFile.close removes it.
        self._file = tempfile.NamedTemporaryFile(  # noqa: SIM115
            prefix="upload-", dir=settings.FILE_UPLOAD_TEMP_DIR, buffering=0, delete=False
        )
        self._digest = hashlib.sha256()
        self._received_bytes = 0
        self._refusal = ""
        self._most_bytes: int | None = None

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._received_bytes += len(raw_data)
        if not self._refusal and self._received_bytes > self._allowed_bytes():
            self._give_up("upload_too_large")
        if self._refusal:
            return  # the rest is only counted; the site's handler cuts the sender off soon after the limit
        self._digest.update(raw_data)
        try:
            self._file.write(raw_data)
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            self._give_up("disk_full")

    def _allowed_bytes(self) -> int:
        """Asks for the account only once a file is larger than everybody's may be."""
        if self._received_bytes <= settings.MAX_UPLOAD_BYTES:
            return settings.MAX_UPLOAD_BYTES
        if self._most_bytes is None:
            user = getattr(self.request, "user", None)
            is_known = user is not None and user.is_authenticated
            self._most_bytes = max_upload_bytes(user) if is_known else settings.MAX_UPLOAD_BYTES
        return self._most_bytes

    def _give_up(self, code: str) -> None:
        self._refusal = code
        self._file.truncate(0)

    def file_complete(self, file_size: int) -> ReceivedFile:
        self._file.seek(0)
        return ReceivedFile(
            file=self._file,
            name=self.file_name,
            content_type=self.content_type,
            size=self._received_bytes,
            charset=self.charset,
            content_type_extra=self.content_type_extra,
            sha256=self._digest.hexdigest(),
            refusal=self._refusal,
        )

    def upload_interrupted(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()
            Path(self._file.name).unlink(missing_ok=True)
