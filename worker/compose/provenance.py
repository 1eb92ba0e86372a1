"""Was this made here? What the content credentials and the hidden mark of a file say together."""

from dataclasses import dataclass
from pathlib import Path

from worker.compose.credentials import GENERATOR, CredentialsReading, CredentialsState, read_credentials
from worker.compose.hidden_mark import MarkReading, read_hidden_mark
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.kinds import MediaKind, sniff_kind


@dataclass(frozen=True)
class Provenance:
    """Both readings of one file."""

    credentials: CredentialsReading
    hidden_mark: MarkReading

    @property
    def is_made_here(self) -> bool:
        """Whether either proves it: the hidden mark was read, or the credentials are intact and signed by us.

        Credentials of an unknown signer prove nothing, whatever name they give: anyone may write ours into them.
        """
        is_signed_by_us = (
            self.credentials.state is CredentialsState.TRUSTED and self.credentials.generator == GENERATOR["name"]
        )
        return self.hidden_mark.render_id is not None or is_signed_by_us

    @property
    def render_id(self) -> str | None:
        """The render's id: from the picture itself, else from credentials that are signed by us."""
        if self.hidden_mark.render_id is not None:
            return self.hidden_mark.render_id
        return self.credentials.render_id if self.is_made_here else None


def identify(path: Path, root_pem: str | None = None) -> Provenance:
    """Read a video's or a picture's credentials and hidden mark. `root_pem`: our own authority, to know our signature.

    Raises:
        EngineFailure: FILE_MISSING, FILE_EMPTY, FILE_UNREADABLE, IMAGE_TOO_MANY_PIXELS; FILE_WRONG_KIND for sound.
    """
    kind = sniff_kind(path)
    if kind is MediaKind.SOUND:
        raise EngineFailure(FailureCode.FILE_WRONG_KIND, needed="video", found=kind.value)
    return Provenance(read_credentials(path, root_pem), read_hidden_mark(path))
