from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.credits import recount
from apps.credits.models import Account, Entry


class Command(BaseCommand):
    help = "Add up the ledger and compare it with every balance. Fails when they differ; --repair sets the balances."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--repair", action="store_true", help="set wrong balances to what the entries add up to")

    def handle(self, *, repair: bool, **_: Any) -> None:
        found = list(recount.differences())
        for sentence in found:
            self.stderr.write(sentence)
        if repair and found:
            self.stdout.write(f"{recount.repair()} balances set right.")
            found = list(recount.differences())
        if found:
            raise CommandError(f"{len(found)} differences.")
        entries, wallets = Entry.objects.count(), Account.objects.count()
        self.stdout.write(f"{entries} entries in {wallets} wallets: every balance is right.")
