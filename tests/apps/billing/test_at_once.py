"""The same webhook in many threads at the same moment, on a real PostgreSQL: one effect."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stripe_double.server import SECRET_KEY, running_double
from tests.stripe_double.world import WEBHOOK_SECRET

REPO = Path(__file__).resolve().parents[3]
SCRIPT = """
import os, sys, json
os.environ["DJANGO_SETTINGS_MODULE"] = "apps.config.settings"
import django
django.setup()
from concurrent.futures import ThreadPoolExecutor
from django.core.management import call_command
from django.db import connection
from django.test import Client
from apps.accounts.models import User
from apps.billing.models import Customer, Payment, StripeEvent
from apps.credits.services import balance_of
from apps.credits.recount import differences
from tests.stripe_double.world import World, sign

call_command("migrate", verbosity=0)
user = User.objects.create_user("alice@example.com", "x")
world = World("http://127.0.0.1")
Customer.objects.create(user=user, stripe_customer_id=world.make("customer", "cus")["id"])
events = []
for number in range(6):
    payment = Payment.objects.create(
        user=user, kind="pack", title="500 credits", credits=500, price_cents=3900, currency="usd", order_key=number
    )
    session = world.make(
        "checkout.session", "cs", mode="payment", customer=Customer.objects.get().stripe_customer_id,
        amount_subtotal=3900, amount_total=3900, currency="usd", metadata={"payment": str(payment.pk)},
    )
    world.pay(session["id"])
    if number % 2:
        world.refund(session["payment_intent"], 3900)
# Every event four times, payments and their refunds at the same moment.
events = [event for event in world.take_events() for _ in range(4)]

def deliver(event):
    payload = json.dumps(event).encode()
    try:
        response = Client(headers={"Host": "localhost"}).post(
            "/billing/webhook/", payload, "application/json", headers={"Stripe-Signature": sign(payload)}
        )
        return response.status_code
    finally:
        connection.close()

with ThreadPoolExecutor(12) as pool:
    statuses = set(pool.map(deliver, events))
assert list(differences()) == [], list(differences())
facts = [balance_of(user).available_credits, StripeEvent.objects.count(), len(events) // 4]
sys.stdout.write(json.dumps([sorted(statuses), *facts]))
"""


@pytest.mark.parametrize("database", ["postgres", "sqlite"])
def test_events_delivered_in_many_threads_at_once_have_one_effect_each(database, tmp_path, request, monkeypatch):
    for name, value in {
        "DATA_DIR": str(tmp_path),
        "ENV_FILE": os.devnull,
        "STRIPE_SECRET_KEY": SECRET_KEY,
        "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
    }.items():
        monkeypatch.setenv(name, value)
    if database == "postgres":
        monkeypatch.setenv("DATABASE_URL", request.getfixturevalue("postgres_url"))
    with running_double() as double:
        monkeypatch.setenv("STRIPE_API_BASE", double.url)
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT], cwd=REPO, env=dict(os.environ), capture_output=True, text=True, timeout=120
        )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout == "[[200], 1500, 15, 15]"
