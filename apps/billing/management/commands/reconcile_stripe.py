from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.billing.reconciliation import default_since, differences
from apps.core.failures import SiteFailure


class Command(BaseCommand):
    help = "Compare Stripe with the ledger. Fails when they differ; --fix applies what was missed here."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, default=35, help="how far to look back (35)")
        parser.add_argument("--fix", action="store_true", help="apply payments, refunds and states that were missed")

    def handle(self, *, days: int, fix: bool, **_: Any) -> None:
        left = 0
        try:
            for difference in list(differences(default_since(days))):
                if fix and difference.repair is not None:
                    difference.repair()
                    self.stdout.write(f"set right: {difference.sentence}")
                else:
                    self.stderr.write(difference.sentence)
                    left += 1
        except SiteFailure as failure:
            raise CommandError(str(failure)) from failure
        if left:
            raise CommandError(f"{left} differences.")
        self.stdout.write(f"Stripe and the ledger agree about the last {days} days.")
