"""The double is as strict as Stripe, and our one door passes through it."""

import ast
import uuid
from pathlib import Path

import pytest
import requests
import stripe

from apps.billing import stripe_client
from apps.core.failures import SiteFailure
from tests.stripe_double.server import SECRET_KEY
from tests.stripe_double.world import API_VERSION

REPO = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr("stripe._http_client.HTTPClient._sleep_time_seconds", lambda *_, **__: 0)


@pytest.fixture
def library(double):
    return stripe.StripeClient(
        SECRET_KEY, stripe_version=API_VERSION, base_addresses={"api": double.url}, max_network_retries=0
    )


def customer(library, key="k-1", **params):
    return library.v1.customers.create(params=params, options={"idempotency_key": key})


def test_the_version_we_pin_is_the_one_the_library_was_made_for():
    assert stripe_client.API_VERSION == API_VERSION == stripe._api_version._ApiVersion.CURRENT


def test_only_one_file_imports_the_library():
    importers = [
        path.relative_to(REPO).as_posix()
        for path in (REPO / "apps").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.Import) and any(name.name.split(".")[0] == "stripe" for name in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "stripe")
    ]
    assert importers == ["apps/billing/stripe_client.py"]


def test_the_same_key_with_the_same_parameters_is_answered_with_the_same_thing(library, world):
    first = customer(library, email="a@example.com")
    assert customer(library, email="a@example.com").id == first.id
    assert len(world.rows("customer")) == 1


def test_the_same_key_with_other_parameters_is_refused(library):
    customer(library, email="a@example.com")
    with pytest.raises(stripe.IdempotencyError):
        customer(library, email="b@example.com")


def test_unknown_parameters_are_refused(library):
    with pytest.raises(stripe.InvalidRequestError, match="unknown parameter"):
        customer(library, email="a@example.com", shoe_size="42")


def test_unknown_things_and_addresses_are_refused(library):
    with pytest.raises(stripe.InvalidRequestError, match="No such subscription"):
        library.v1.subscriptions.retrieve("sub_nobodys")
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL"):
        library.v1.payouts.list()


def test_a_post_without_a_key_another_version_or_a_wrong_secret_is_refused(double):
    def post(**headers):
        standard = {"Authorization": f"Bearer {SECRET_KEY}", "Stripe-Version": API_VERSION, "Idempotency-Key": "k"}
        return requests.post(f"{double.url}/v1/customers", {"email": "a@b.c"}, headers=standard | headers).status_code

    assert post() == 200
    assert post(**{"Idempotency-Key": ""}) == 400
    assert post(**{"Idempotency-Key": "x" * 256}) == 400
    assert post(**{"Stripe-Version": "2020-08-27"}) == 400
    assert post(Authorization="Bearer sk_test_other") == 401


def test_every_post_of_ours_carries_a_key_and_a_lost_answer_is_asked_for_again(double, world):
    double.fail_next = 2
    made = stripe_client.create_customer(str(uuid.uuid4()), "a@example.com")
    assert world.rows("customer")[0]["id"] == made["id"]


def test_whatever_goes_wrong_on_the_way_is_one_failure_in_words(settings, double):
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    with pytest.raises(SiteFailure) as refused:
        stripe_client.fetch_subscription("sub_1")
    assert refused.value.code == "payments_unavailable"
    assert refused.value.retryable
