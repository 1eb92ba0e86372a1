"""What jobs tells whoever wants to know."""

from django.dispatch import Signal

job_settled = Signal()  # job: over, one way or the other. Nobody may rely on it alone: a process may die before it.
