"""Public identifiers: unguessable, and never a row number."""

import uuid


def new_id() -> uuid.UUID:
    """A random UUID (version 4)."""
    return uuid.uuid4()
