"""The audit trail: one line for everything that is done to somebody's file in the site's name."""

from typing import Any

from apps.accounts.models import User
from apps.trust.models import AuditEntry


def write_down(action: str, subject: str, *, actor: User | None = None, **detail: Any) -> AuditEntry:
    """Add a line. `actor` None: the site itself, or somebody without an account. `detail` must be JSON-able.

    Operators are named; of creators only the id is kept, since this outlasts their account.
    """
    return AuditEntry.objects.create(
        actor_id=actor.pk if actor is not None else None,
        actor_name=actor.email if actor is not None and actor.is_staff else "",  # creators stay an id
        action=action,
        subject=subject[:120],
        detail=detail,
    )
