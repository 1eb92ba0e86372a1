"""What is sold, and what Stripe told us about it. Money is whole cents; credits live in `apps.credits` alone."""

from django.conf import settings
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q

from apps.core.ids import new_id

# Currencies with cents: a yen has none, and "900" would mean a hundred times as much.
_CURRENCY = RegexValidator(
    r"^(usd|eur|gbp|chf|cad|aud|nzd|sek|nok|dkk|pln|czk|brl|mxn|sgd|hkd)$", "A currency with cents, in small letters."
)


class Offer(models.Model):
    """A line of the price list; operators edit it, what was bought before keeps its own numbers."""

    slug = models.SlugField(unique=True)
    price_cents = models.PositiveIntegerField(validators=[MinValueValidator(50)], help_text="In cents, before tax.")
    currency = models.CharField(max_length=3, default="usd", validators=[_CURRENCY])
    is_active = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        abstract = True
        ordering = ["position", "price_cents"]


class Pack(Offer):
    """Credits bought once; they never lapse."""

    credits = models.PositiveIntegerField(validators=[MinValueValidator(1)])

    def __str__(self) -> str:
        return f"{self.credits} credits"


class Plan(Offer):
    """Credits every month."""

    name = models.CharField(max_length=60)
    credits_per_month = models.PositiveIntegerField(validators=[MinValueValidator(1)])

    def __str__(self) -> str:
        return f"{self.name} · {self.credits_per_month} credits a month"


class PlanPrice(models.Model):
    """A plan as it is (or once was) sold, under the price object at Stripe that stands for it. Never edited."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="prices")
    stripe_price_id = models.CharField(max_length=255, unique=True)
    credits_per_month = models.PositiveIntegerField()
    price_cents = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    created_at = models.DateTimeField(auto_now_add=True)


class Customer(models.Model):
    """Who somebody is at Stripe."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="stripe_customer"
    )
    stripe_customer_id = models.CharField(max_length=255, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.stripe_customer_id} ({self.user or 'account deleted'})"


class Payment(models.Model):
    """One pack bought, or one month of a plan paid."""

    class Kind(models.TextChoices):
        PACK = "pack", "Pack"
        PLAN = "plan", "Monthly plan"

    class State(models.TextChoices):
        OPEN = "open", "Not paid yet"
        PAID = "paid", "Paid"
        FAILED = "failed", "Failed"
        EXPIRED = "expired", "Abandoned"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="payments"
    )
    kind = models.CharField(max_length=4, choices=Kind.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    title = models.CharField(max_length=120)
    credits = models.PositiveIntegerField()
    price_cents = models.IntegerField()  # before tax; a change of plan can make an invoice negative
    paid_cents = models.PositiveIntegerField(default=0)  # with tax
    currency = models.CharField(max_length=3)
    credits_expire_at = models.DateTimeField(null=True, blank=True)
    clawed_back_credits = models.PositiveIntegerField(default=0)
    claw_backs = models.PositiveIntegerField(default=0)
    order_key = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001 (null keeps it out of the unique constraint)
    stripe_session_id = models.CharField(max_length=255, null=True, blank=True, unique=True)
    stripe_invoice_id = models.CharField(max_length=255, null=True, blank=True, unique=True)
    stripe_payment_intent_id = models.CharField(max_length=255, blank=True, db_index=True)
    receipt_url = models.URLField(max_length=2000, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    paid_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["user", "-created_at"])]
        constraints = [
            models.UniqueConstraint(fields=["user", "order_key"], name="payment_order_key_unique_per_user"),
            models.CheckConstraint(
                condition=Q(clawed_back_credits__lte=models.F("credits")), name="payment_claw_back_at_most_all"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.get_state_display().lower()})"

    @property
    def credits_key(self) -> str:
        """The key of the movement that grants these credits."""
        return f"payment:{self.pk}"


class Charge(models.Model):
    """How much of a payment went back, as Stripe tells it; may arrive before the payment itself does."""

    stripe_payment_intent_id = models.CharField(max_length=255, unique=True)
    amount_cents = models.PositiveIntegerField(default=0)
    refunded_cents = models.PositiveIntegerField(default=0)
    receipt_url = models.URLField(max_length=2000, blank=True)
    version = models.PositiveIntegerField(default=0)  # written to first: whoever reads both sides waits here


class Dispute(models.Model):
    """A payment somebody's bank takes back, or tries to."""

    stripe_dispute_id = models.CharField(max_length=255, unique=True)
    stripe_payment_intent_id = models.CharField(max_length=255, db_index=True)
    amount_cents = models.PositiveIntegerField()
    status = models.CharField(max_length=40)

    FINAL = ("won", "lost", "warning_closed", "prevented")

    @property
    def takes_money(self) -> bool:
        """An inquiry ("warning") moves no money, and a dispute that was won gave it back."""
        return not self.status.startswith("warning_") and self.status not in ("won", "prevented")


class Subscription(models.Model):
    """A monthly plan as it stands at Stripe."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="subscriptions"
    )
    stripe_subscription_id = models.CharField(max_length=255, unique=True)
    price = models.ForeignKey(PlanPrice, null=True, blank=True, on_delete=models.PROTECT)
    status = models.CharField(max_length=30)  # in Stripe's words
    current_period_end = models.DateTimeField(null=True, blank=True)
    is_ending = models.BooleanField(default=False)  # cancelled, runs until the end of the period
    synced_at = models.DateTimeField()  # when Stripe was asked

    RUNNING = ("active", "trialing", "past_due", "unpaid", "incomplete", "paused")
    TROUBLED = ("past_due", "unpaid", "incomplete")

    def __str__(self) -> str:
        return f"{self.stripe_subscription_id} ({self.status})"

    @property
    def is_troubled(self) -> bool:
        return self.status in self.TROUBLED


class StripeEvent(models.Model):
    """An event that was applied. Its id is unique: the same event never has a second effect."""

    stripe_event_id = models.CharField(max_length=255, unique=True)
    type = models.CharField(max_length=100)
    happened_at = models.DateTimeField()
    received_at = models.DateTimeField(auto_now_add=True)
