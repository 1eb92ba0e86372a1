import json
from importlib import import_module

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.test import Client

from apps.billing import services
from apps.billing.models import Customer, Payment, Subscription
from apps.credits.services import balance_of
from tests.stripe_double.server import SECRET_KEY, running_double
from tests.stripe_double.world import WEBHOOK_SECRET, sign

WEBHOOK = "/billing/webhook/"


@pytest.fixture(autouse=True)
def _price_list(db):
    """Tests that commit empty every table behind them, also those that a migration filled."""
    import_module("apps.billing.migrations.0002_price_list").add_prices(apps, None)


@pytest.fixture(scope="session")
def _double_server():
    with running_double() as double:
        yield double


@pytest.fixture
def double(_double_server, settings, db):
    """Stripe, as far as the site can tell: the official library talks to it over HTTP."""
    server = _double_server
    server.__dict__.update({"requests": [], "fail_next": 0, "answered": {}, "webhook_url": ""})
    server.world.__init__(server.url)
    settings.STRIPE_API_BASE = server.url
    settings.STRIPE_SECRET_KEY = SECRET_KEY
    settings.STRIPE_WEBHOOK_SECRET = WEBHOOK_SECRET
    return server


@pytest.fixture
def world(double):
    return double.world


@pytest.fixture
def buyer(alice):
    """Alice, with her address confirmed."""
    EmailAddress.objects.create(user=alice, email=alice.email, primary=True, verified=True)
    return alice


def deliver(*events, secret=WEBHOOK_SECRET, at_s=None):
    """Bring events to the webhook; the statuses they were answered with."""
    statuses = []
    for event in events:
        payload = json.dumps(event).encode()
        signature = sign(payload, secret=secret, at_s=at_s)
        response = Client().post(WEBHOOK, payload, "application/json", headers={"Stripe-Signature": signature})
        statuses.append(response.status_code)
    return statuses


def credits_of(user):
    return balance_of(user).available_credits


@pytest.fixture
def buy(buyer, world):
    """Order a pack and pay for it at the double; the events are not delivered yet."""
    count = iter(range(1000))

    def order(slug="credits-500", pay=True, **options):
        url = services.start_pack_checkout(
            buyer,
            slug,
            order_key=options.pop("order_key", f"order-{next(count)}"),
            thanks_url="http://testserver/thanks/{}/".format,
            back_url="http://testserver/credits/buy/",
        )
        session_id = url.rpartition("/")[2]
        if pay:
            world.pay(session_id, **options)
        return Payment.objects.get(stripe_session_id=session_id)

    return order


@pytest.fixture
def subscribe(buyer, world):
    """Take a plan and pay for it at the double; the events are not delivered yet."""

    def take(slug="starter"):
        url = services.start_plan_checkout(
            buyer, slug, order_key="plan-order", thanks_url="http://testserver/t/", back_url="http://testserver/b/"
        )
        world.pay(url.rpartition("/")[2])
        return world.rows("subscription")[0]["id"]

    return take


def intent_of(payment):
    return Payment.objects.get(pk=payment.pk).stripe_payment_intent_id


def the_customer(user):
    return Customer.objects.get(user=user)


def the_subscription():
    return Subscription.objects.get()
