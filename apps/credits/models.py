"""The ledger's rows. Movements and entries are only ever added; balances are caches that `recount_credits` proves."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.core.append_only import AppendOnly
from apps.core.ids import new_id


class Pool(models.TextChoices):
    """Where credits come from; decides which are spent first (see `SPENDING_ORDER`)."""

    MONTHLY = "monthly", "Monthly plan"
    GRANT = "grant", "Gift"
    PACK = "pack", "Pack"


# What lapses first goes first, then what was free, then what was bought for good.
SPENDING_ORDER = {Pool.MONTHLY: 0, Pool.GRANT: 1, Pool.PACK: 2}


class Book(models.TextChoices):
    """The two sides of every entry. The first two are the wallet's own; over all books the credits sum up to zero."""

    AVAILABLE = "available"
    HELD = "held"
    ISSUED = "issued"  # where sold and given credits come from
    SPENT = "spent"  # where captured credits go
    LAPSED = "lapsed"
    REVERSED = "reversed"  # taken back: refunds, disputes, corrections


class Reason(models.TextChoices):
    WELCOME = "welcome", "Welcome gift"
    GRANT = "grant", "Granted"
    PURCHASE = "purchase", "Pack bought"
    PLAN = "plan", "Monthly credits"
    HOLD = "hold", "Reserved"
    CAPTURE = "capture", "Export finished"
    RELEASE = "release", "Returned"
    LAPSE = "lapse", "Lapsed"
    CLAW_BACK = "claw_back", "Taken back after a refund"
    RESTORE = "restore", "Given back"
    CORRECTION = "correction", "Correction"


class Account(models.Model):
    """One wallet. The balances are caches of the entries, changed only together with them.

    `available_credits` falls below zero only when credits that were spent already are taken back (a refund).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # A deleted person's ledger stays, without the person.
    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="credit_account"
    )
    available_credits = models.BigIntegerField(default=0)
    held_credits = models.BigIntegerField(default=0)
    version = models.BigIntegerField(default=0)  # written to first by every movement: the lock, on any database
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(held_credits__gte=0), name="account_held_not_negative")]

    def __str__(self) -> str:
        return f"Wallet of {self.owner}" if self.owner_id else f"Wallet {self.id} (account deleted)"


class Lot(models.Model):
    """Credits that came in together: one pool, one expiry. Its balances are caches, like the account's."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="lots")
    pool = models.CharField(max_length=8, choices=Pool.choices)
    key = models.CharField(max_length=200)  # of the movement that brought them
    granted_credits = models.BigIntegerField()
    expires_at = models.DateTimeField(null=True, blank=True)
    is_extended = models.BooleanField(default=False)  # got its one extra day because it lapsed while held
    available_credits = models.BigIntegerField(default=0)
    held_credits = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "key"], name="lot_key_unique_per_account"),
            models.CheckConstraint(condition=Q(held_credits__gte=0), name="lot_held_not_negative"),
        ]
        indexes = [
            # Only lots with something in them are ever looked for.
            models.Index(fields=["account"], name="lot_live", condition=~Q(available_credits=0)),
            models.Index(fields=["expires_at"], name="lot_lapsing", condition=Q(available_credits__gt=0)),
        ]


class Hold(AppendOnly):
    """Credits reserved for one piece of work. Never edited: the one movement that settles it is a row of its own."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="holds")
    amount_credits = models.BigIntegerField()
    key = models.CharField(max_length=200)
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "key"], name="hold_key_unique_per_account"),
            models.CheckConstraint(condition=Q(amount_credits__gt=0), name="hold_amount_positive"),
        ]


class Movement(AppendOnly):
    """One thing that happened to a wallet, with the balances after it. Its entries say which lots it touched."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="movements")
    reason = models.CharField(max_length=12, choices=Reason.choices)
    key = models.CharField(max_length=200)  # the same thing never happens twice
    note = models.CharField(max_length=200, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    hold = models.ForeignKey(Hold, null=True, blank=True, on_delete=models.PROTECT, related_name="movements")
    # A hold is captured or released once: the database refuses a second settlement.
    settles = models.OneToOneField(Hold, null=True, blank=True, on_delete=models.PROTECT, related_name="settlement")
    change_credits = models.BigIntegerField()  # of what is available
    spent_credits = models.BigIntegerField(default=0)  # captured for good
    available_after_credits = models.BigIntegerField()
    held_after_credits = models.BigIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "key"], name="movement_key_unique_per_account")]
        indexes = [models.Index(fields=["account", "-id"], name="movement_history")]


class Entry(AppendOnly):
    """Credits moved from one book to another, of one lot. Double entry in one row: what leaves one side reaches the
    other, so the books always sum up to zero."""

    movement = models.ForeignKey(Movement, on_delete=models.PROTECT, related_name="entries")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="entries")
    from_book = models.CharField(max_length=9, choices=Book.choices)
    to_book = models.CharField(max_length=9, choices=Book.choices)
    amount_credits = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "entries"
        constraints = [
            models.CheckConstraint(condition=Q(amount_credits__gt=0), name="entry_amount_positive"),
            models.CheckConstraint(condition=~Q(from_book=models.F("to_book")), name="entry_books_differ"),
        ]
