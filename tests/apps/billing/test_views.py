import uuid

import pytest
from allauth.account.models import EmailAddress

from apps.billing.models import Pack, Payment, Plan
from tests.apps.billing.conftest import credits_of, deliver

PAGES = ["/credits/buy/", "/credits/buy/thanks/", f"/credits/buy/thanks/{uuid.UUID(int=7)}/"]
ORDERS = ["/credits/buy/pack/", "/credits/buy/plan/", "/credits/buy/change/", "/credits/buy/portal/"]


@pytest.fixture
def signed_in(client, buyer):
    client.force_login(buyer)
    return client


def order(offer, key=None):
    return {"offer": offer, "order_key": key or uuid.uuid4()}


@pytest.mark.parametrize("url", PAGES)
def test_strangers_are_asked_to_sign_in(url, client, db):
    assert client.get(url)["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("url", ORDERS)
def test_strangers_cannot_order(url, client, double):
    assert client.post(url, order("credits-100"))["Location"].startswith("/accounts/login/")
    assert double.requests == []


@pytest.mark.parametrize("url", ORDERS)
def test_looking_is_no_order(url, signed_in, double):
    assert signed_in.get(url).status_code == 405


def test_the_page_shows_the_operators_prices(signed_in, double):
    Pack.objects.filter(slug="credits-100").update(price_cents=950)
    Pack.objects.filter(slug="credits-500").update(is_active=False)
    page = signed_in.get("/credits/buy/").content.decode()
    assert "$9.50" in page and "9.5 ¢" in page
    assert "$39" not in page
    assert "$129" in page and "$15" in page and "$49" in page


def test_the_first_price_list_is_the_products(db):
    packs = Pack.objects.values_list("credits", "price_cents")
    plans = Plan.objects.values_list("name", "credits_per_month", "price_cents")
    assert list(packs) == [(100, 900), (500, 3900), (2000, 12900)]
    assert list(plans) == [("Starter", 200, 1500), ("Studio", 800, 4900)]


def test_without_keys_the_page_says_so_and_nothing_can_be_ordered(signed_in):
    page = signed_in.get("/credits/buy/")
    assert "not set up on this site" in page.content.decode()
    assert '<form method="post" action="/credits/buy/' not in page.content.decode()
    response = signed_in.post("/credits/buy/pack/", order("credits-100"))
    assert response.status_code == 503
    assert "not set up" in response.content.decode()
    assert signed_in.get("/credits/").status_code == 200


def test_buying_leads_to_stripe_and_back_without_granting_anything(signed_in, buyer, world):
    response = signed_in.post("/credits/buy/pack/", order("credits-500"))
    payment = Payment.objects.get()
    session = world.rows("checkout.session")[0]
    assert session["url"] in response["Refresh"]
    assert session["url"] in response.content.decode()
    assert session["success_url"] == f"http://testserver/credits/buy/thanks/{payment.pk}/"
    back = signed_in.get(f"/credits/buy/thanks/{payment.pk}/")
    assert "Waiting for Stripe" in back.content.decode()
    assert back["Refresh"].startswith("2; url=")
    assert credits_of(buyer) == 0
    world.pay(session["id"])
    deliver(*world.take_events())
    back = signed_in.get(f"/credits/buy/thanks/{payment.pk}/")
    assert "500 credits are yours" in back.content.decode()
    assert "Refresh" not in back


def test_a_double_click_is_one_order(signed_in, world):
    twice = order("credits-500")
    first, second = (signed_in.post("/credits/buy/pack/", twice) for _ in range(2))
    assert first["Refresh"] == second["Refresh"]
    assert (Payment.objects.count(), len(world.rows("checkout.session"))) == (1, 1)


def test_one_key_for_two_packs_is_refused(signed_in, world):
    key = uuid.uuid4()
    signed_in.post("/credits/buy/pack/", order("credits-500", key))
    assert signed_in.post("/credits/buy/pack/", order("credits-100", key)).status_code == 409


@pytest.mark.parametrize("key", ["", "x", "1" * 500])
def test_an_order_without_a_key_is_refused(key, signed_in, double):
    assert signed_in.post("/credits/buy/pack/", {"offer": "credits-100", "order_key": key}).status_code == 422
    assert double.requests == []


@pytest.mark.parametrize(("url", "offer"), [("pack", "nope"), ("pack", ""), ("plan", "nope"), ("change", "starter")])
def test_an_offer_that_is_gone_is_refused(url, offer, signed_in, double):
    assert signed_in.post(f"/credits/buy/{url}/", order(offer)).status_code == 409


def test_only_confirmed_addresses_buy(client, alice, double):
    EmailAddress.objects.filter(user=alice).delete()
    client.force_login(alice)
    assert client.post("/credits/buy/pack/", order("credits-100")).status_code == 403
    assert double.requests == []


def test_other_peoples_payments_are_not_there(client, signed_in, bob, world):
    signed_in.post("/credits/buy/pack/", order("credits-500"))
    client.force_login(bob)
    assert client.get(f"/credits/buy/thanks/{Payment.objects.get().pk}/").status_code == 404


def test_a_plan_is_taken_changed_and_looked_after(signed_in, buyer, world):
    signed_in.post("/credits/buy/plan/", order("starter"))
    assert "Waiting for Stripe" in signed_in.get("/credits/buy/thanks/").content.decode()
    world.pay(world.rows("checkout.session")[0]["id"])
    deliver(*world.take_events())
    assert "Your plan is running" in signed_in.get("/credits/buy/thanks/").content.decode()
    page = signed_in.get("/credits/buy/").content.decode()
    assert "Change to Studio" in page and "Choose" not in page and "your plan" in page
    assert signed_in.post("/credits/buy/change/", order("studio")).status_code == 302
    deliver(*world.take_events())
    assert "Change to Starter" in signed_in.get("/credits/buy/").content.decode()
    assert "/portal/" in signed_in.post("/credits/buy/portal/")["Refresh"]


def test_a_refused_card_is_said_with_what_to_do(signed_in, subscribe, world):
    subscription = subscribe()
    world.renew(subscription, paid=False)
    deliver(*world.take_events())
    page = signed_in.get("/credits/buy/").content.decode()
    assert "did not go through" in page and "Check or change your card" in page


def test_receipts_are_listed(signed_in, buy, world):
    buy()
    deliver(*world.take_events())
    page = signed_in.get("/credits/buy/").content.decode()
    assert f"{world.base_url}/receipt/" in page


def test_when_stripe_is_away_nothing_is_charged_and_the_page_says_so(signed_in, double, monkeypatch):
    monkeypatch.setattr("stripe._http_client.HTTPClient._sleep_time_seconds", lambda *_, **__: 0)
    double.fail_next = 3
    response = signed_in.post("/credits/buy/pack/", order("credits-100"))
    assert response.status_code == 503
    assert "Nothing was charged" in response.content.decode()


def test_automatic_tax_is_asked_for_by_setting(signed_in, double, settings):
    settings.STRIPE_AUTOMATIC_TAX = True
    signed_in.post("/credits/buy/pack/", order("credits-100"))
    (_, _, params) = next(asked for asked in double.requests if asked[1] == "checkout/sessions")
    assert params["automatic_tax"] == {"enabled": "true"}
    assert params["line_items"]["0"]["price_data"]["tax_behavior"] == "exclusive"
    assert params["customer_update"] == {"address": "auto"}
