"""Rows that are written once: history is never edited, only added to."""

from typing import Any, Never

from django.db import models


class AppendOnlyError(RuntimeError):
    """Raised when somebody tries to change or delete what was written down for good: corrections are new rows."""


class AppendOnlyQuerySet(models.QuerySet[Any]):
    def update(self, **_: Any) -> Never:
        raise AppendOnlyError("these rows never change")

    def delete(self) -> Never:
        raise AppendOnlyError("these rows are never deleted")


class AppendOnly(models.Model):
    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnlyError("this row never changes")
        super().save(*args, **kwargs)

    def delete(self, *_: Any, **__: Any) -> Never:
        raise AppendOnlyError("this row is never deleted")
