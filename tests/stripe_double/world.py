"""What Stripe knows and does: customers, checkouts, subscriptions, invoices, charges, and the events they make.

Objects are built from Stripe's own fixtures (see `fixtures.json`), so what the site reads has the real shape.
"""

import copy
import datetime
import hashlib
import hmac
import itertools
import json
import time
from pathlib import Path
from typing import Any

from apps.billing.calendar import one_month_after
from tests.stripe_double.parameters import Refused

API_VERSION = "2026-10-28.endive"
WEBHOOK_SECRET = "whsec_of_the_double"
TAX_PERCENT = 20
_FIXTURES = json.loads((Path(__file__).parent / "fixtures.json").read_text())


def sign(payload: bytes, *, secret: str = WEBHOOK_SECRET, at_s: int | None = None) -> str:
    """The value of the `Stripe-Signature` header."""
    stamp = int(time.time()) if at_s is None else at_s
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + payload, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={digest}"


class World:
    """The state of the double. `events` are what would be delivered, in the order in which they happened."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.objects: dict[str, dict[str, dict[str, Any]]] = {}
        self.events: list[dict[str, Any]] = []
        self.card_is_declined = False
        self._numbers = itertools.count(1)

    # -- objects --
    def make(self, kind: str, prefix: str, **facts: Any) -> dict[str, Any]:
        row = copy.deepcopy(_FIXTURES[kind]) | {"created": int(time.time()), "livemode": False} | facts
        row["id"] = f"{prefix}_double{next(self._numbers)}"
        self.objects.setdefault(kind, {})[row["id"]] = row
        return row

    def get(self, kind: str, row_id: str) -> dict[str, Any]:
        try:
            return self.objects[kind][row_id]
        except KeyError:
            raise Refused(f"No such {kind}: '{row_id}'", status=404, code="resource_missing") from None

    def rows(self, kind: str) -> list[dict[str, Any]]:
        """Newest first, as Stripe lists them."""
        return list(self.objects.get(kind, {}).values())[::-1]

    def emit(self, kind: str, row: dict[str, Any], **facts: Any) -> dict[str, Any]:
        event = copy.deepcopy(_FIXTURES["event"])
        event |= {"id": f"evt_double{next(self._numbers)}", "created": int(time.time()), "type": kind}
        event |= {"api_version": API_VERSION, "data": {"object": copy.deepcopy(row)}, **facts}
        self.events.append(event)
        return event

    def take_events(self, *kinds: str) -> list[dict[str, Any]]:
        """What has happened since the last call; with `kinds`, only those."""
        taken, self.events = self.events, []
        return [event for event in taken if not kinds or event["type"] in kinds]

    # -- the API --
    def answer(self, pattern: str, method: str, path: str, params: dict[str, Any]) -> dict[str, Any]:
        name = f"{method}_{pattern}".lower().replace("/*", "_one").replace("/", "_")
        return getattr(self, f"_{name}")(path.rpartition("/")[2], params)

    def _post_customers(self, _: str, params: dict[str, Any]) -> dict[str, Any]:
        return self.make("customer", "cus", email=params["email"], metadata=params.get("metadata", {}))

    def _delete_customers_one(self, row_id: str, _: dict[str, Any]) -> dict[str, Any]:
        row = self.get("customer", row_id)
        del self.objects["customer"][row_id]
        for subscription in self.rows("subscription"):
            if subscription["customer"] == row_id and subscription["status"] != "canceled":
                self.end(subscription["id"])
        self.emit("customer.deleted", row)
        return {"id": row_id, "object": "customer", "deleted": True}

    def _post_prices(self, _: str, params: dict[str, Any]) -> dict[str, Any]:
        return self.make(
            "price",
            "price",
            currency=params["currency"],
            unit_amount=int(params["unit_amount"]),
            unit_amount_decimal=params["unit_amount"],
            metadata=params.get("metadata", {}),
        )

    def _post_checkout_sessions(self, _: str, params: dict[str, Any]) -> dict[str, Any]:
        self.get("customer", params["customer"])
        item = params["line_items"]["0"]
        if params["mode"] == "payment":
            unit, currency = int(item["price_data"]["unit_amount"]), item["price_data"]["currency"]
            name = item["price_data"]["product_data"]["name"]
        else:
            price = self.get("price", item["price"])
            unit, currency, name = price["unit_amount"], price["currency"], "A monthly plan"
        subtotal = unit * int(item["quantity"])
        tax = subtotal * TAX_PERCENT // 100 if params.get("automatic_tax", {}).get("enabled") == "true" else 0
        row = self.make(
            "checkout.session",
            "cs",
            mode=params["mode"],
            customer=params["customer"],
            client_reference_id=params.get("client_reference_id"),
            metadata=params.get("metadata", {}),
            amount_subtotal=subtotal,
            amount_total=subtotal + tax,
            total_details={"amount_discount": 0, "amount_shipping": 0, "amount_tax": tax},
            currency=currency,
            payment_intent=None,
            success_url=params["success_url"],
            cancel_url=params["cancel_url"],
            expires_at=int(time.time()) + 86400,
        )
        row["url"] = f"{self.base_url}/pay/{row['id']}"
        self.objects.setdefault("line", {})[row["id"]] = {"price": item.get("price"), "name": name}
        return row

    def _post_billing_portal_sessions(self, _: str, params: dict[str, Any]) -> dict[str, Any]:
        self.get("customer", params["customer"])
        row = self.make("billing_portal.session", "bps", **params)
        row["url"] = f"{self.base_url}/portal/{row['id']}"
        return row

    def _get_subscriptions_one(self, row_id: str, _: dict[str, Any]) -> dict[str, Any]:
        return self.get("subscription", row_id)

    def _post_subscriptions_one(self, row_id: str, params: dict[str, Any]) -> dict[str, Any]:
        """A change of price now: an invoice with what is left of the month, once as minus and once as plus."""
        row, (change,) = self.get("subscription", row_id), params["items"].values()
        if self.card_is_declined:
            raise Refused("Your card was declined.", kind="card_error", status=402, code="card_declined")
        item = row["items"]["data"][0]
        if change["id"] != item["id"]:
            raise Refused(f"No such subscription item: '{change['id']}'")
        old, new = item["price"], self.get("price", change["price"])
        start, end = item["current_period_start"], item["current_period_end"]
        left = max(end - int(time.time()), 0) / (end - start)
        item["price"] = copy.deepcopy(new)
        lines = [(old["id"], -round(old["unit_amount"] * left)), (new["id"], round(new["unit_amount"] * left))]
        self.invoice(row, lines, (int(time.time()), end), reason="subscription_update")
        self.emit("customer.subscription.updated", row)
        return row

    def _listed(self, rows: list[dict[str, Any]], params: dict[str, Any], url: str) -> dict[str, Any]:
        since = int(params.get("created", {}).get("gte", 0))
        found = [row for row in rows if row["created"] >= since]
        if "status" in params:
            found = [row for row in found if row["status"] == params["status"]]
        if after := params.get("starting_after"):
            found = found[[row["id"] for row in found].index(after) + 1 :]
        limit = int(params.get("limit", 10))
        return {"object": "list", "url": url, "data": found[:limit], "has_more": len(found) > limit}

    def _get_checkout_sessions(self, _: str, params: dict[str, Any]) -> dict[str, Any]:
        return self._listed(self.rows("checkout.session"), params, "/v1/checkout/sessions")

    def _get_invoices(self, _: str, params: dict[str, Any]) -> dict[str, Any]:
        return self._listed(self.rows("invoice"), params, "/v1/invoices")

    def _get_charges(self, _: str, params: dict[str, Any]) -> dict[str, Any]:
        return self._listed(self.rows("charge"), params, "/v1/charges")

    def _get_invoice_payments(self, _: str, params: dict[str, Any]) -> dict[str, Any]:
        rows = [row for row in self.rows("invoice_payment") if row["invoice"] == params["invoice"]]
        return self._listed(rows, params, "/v1/invoice_payments")

    def _post_refunds(self, _: str, params: dict[str, Any]) -> dict[str, Any]:
        return self.refund(params["payment_intent"], int(params["amount"]), metadata=params.get("metadata", {}))

    # -- what happens in the world --
    def pay(self, session_id: str, *, later: bool = False) -> None:
        """Somebody pays on the checkout page; `later` by a bank transfer that `transfer_arrives` or fails."""
        session = self.get("checkout.session", session_id)
        if session["status"] != "open":
            raise Refused("This checkout is over.")
        session |= {"status": "complete", "payment_status": "unpaid" if later else "paid"}
        if session["mode"] == "subscription":
            self._subscribe(session)
        else:
            charge = self._charge(session["customer"], session["amount_total"], session["currency"], paid=not later)
            session["payment_intent"] = charge["payment_intent"]
        self.emit("checkout.session.completed", session)

    def transfer_arrives(self, session_id: str) -> None:
        session = self.get("checkout.session", session_id)
        session["payment_status"] = "paid"
        self.emit("checkout.session.async_payment_succeeded", session)

    def transfer_fails(self, session_id: str) -> None:
        self.emit("checkout.session.async_payment_failed", self.get("checkout.session", session_id))

    def abandon(self, session_id: str) -> None:
        session = self.get("checkout.session", session_id)
        session["status"] = "expired"
        self.emit("checkout.session.expired", session)

    def _charge(self, customer: str, amount: int, currency: str, *, paid: bool = True) -> dict[str, Any]:
        intent = f"pi_double{next(self._numbers)}"
        charge = self.make(
            "charge",
            "ch",
            customer=customer,
            amount=amount,
            amount_captured=amount,
            currency=currency,
            payment_intent=intent,
        )
        charge["receipt_url"] = f"{self.base_url}/receipt/{charge['id']}"
        if paid:
            self.emit("charge.succeeded", charge)
        return charge

    def _subscribe(self, session: dict[str, Any]) -> None:
        price = self.get("price", self.objects["line"][session["id"]]["price"])
        start = datetime.datetime.now(datetime.UTC)
        row = self.make(
            "subscription",
            "sub",
            customer=session["customer"],
            status="active",
            cancel_at=None,
            cancel_at_period_end=False,
            canceled_at=None,
            ended_at=None,
        )
        period = {"current_period_start": int(start.timestamp())}
        period["current_period_end"] = int(one_month_after(start).timestamp())
        row["items"]["data"][0] |= {"id": f"si_{row['id']}", "price": copy.deepcopy(price), **period}
        session["subscription"] = row["id"]
        self.emit("customer.subscription.created", row | {"status": "incomplete"})
        self._invoice_period(row, reason="subscription_create")
        self.emit("customer.subscription.updated", row)

    def _invoice_period(self, subscription: dict[str, Any], *, reason: str) -> dict[str, Any]:
        item = subscription["items"]["data"][0]
        period = (item["current_period_start"], item["current_period_end"])
        return self.invoice(subscription, [(item["price"]["id"], item["price"]["unit_amount"])], period, reason=reason)

    def invoice(
        self,
        subscription: dict[str, Any],
        lines: list[tuple[str, int]],
        period: tuple[int, int],
        *,
        reason: str,
        paid: bool = True,
    ) -> dict[str, Any]:
        """An invoice with lines (price id, cents), charged at once if anything is due."""
        total = sum(cents for _, cents in lines)
        due = max(total, 0)
        row = self.make(
            "invoice",
            "in",
            customer=subscription["customer"],
            billing_reason=reason,
            status="paid" if paid else "open",
            subtotal=total,
            total=total,
            amount_due=due,
            amount_paid=due if paid else 0,
            parent={
                "type": "subscription_details",
                "quote_details": None,
                "subscription_details": {"subscription": subscription["id"], "metadata": {}},
            },
        )
        template = row["lines"]["data"][0]
        row["lines"]["data"] = [
            copy.deepcopy(template)
            | {
                "id": f"il_{row['id']}_{number}",
                "invoice": row["id"],
                "amount": cents,
                "subtotal": cents,
                "period": {"start": period[0], "end": period[1]},
                "pricing": {
                    "type": "price_details",
                    "price_details": {"price": price, "product": "prod_double"},
                    "unit_amount_decimal": None,
                },
            }
            for number, (price, cents) in enumerate(lines)
        ]
        row["hosted_invoice_url"] = f"{self.base_url}/invoice/{row['id']}"
        if not paid:
            self.emit("invoice.payment_failed", row)
            return row
        if due:
            charge = self._charge(row["customer"], due, row["currency"])
            payment = {"type": "payment_intent", "payment_intent": charge["payment_intent"]}
            self.make("invoice_payment", "inpay", invoice=row["id"], status="paid", amount_paid=due, payment=payment)
        self.emit("invoice.paid", row)
        return row

    def renew(self, subscription_id: str, *, paid: bool = True) -> dict[str, Any]:
        """The next month begins; with `paid=False` the card is refused."""
        row = self.get("subscription", subscription_id)
        item = row["items"]["data"][0]
        start = item["current_period_end"]
        end = one_month_after(datetime.datetime.fromtimestamp(start, datetime.UTC))
        item |= {"current_period_start": start, "current_period_end": int(end.timestamp())}
        row["status"] = "active" if paid else "past_due"
        line = [(item["price"]["id"], item["price"]["unit_amount"])]
        period = (start, item["current_period_end"])
        invoice = self.invoice(row, line, period, reason="subscription_cycle", paid=paid)
        self.emit("customer.subscription.updated", row)
        return invoice

    def cancel_at_period_end(self, subscription_id: str) -> None:
        row = self.get("subscription", subscription_id)
        row["cancel_at_period_end"] = True
        self.emit("customer.subscription.updated", row)

    def end(self, subscription_id: str) -> None:
        row = self.get("subscription", subscription_id)
        row["status"] = "canceled"
        self.emit("customer.subscription.deleted", row)

    def charge_of(self, intent: str) -> dict[str, Any]:
        return next(row for row in self.rows("charge") if row["payment_intent"] == intent)

    def refund(self, intent: str, cents: int, *, metadata: dict[str, str] | None = None) -> dict[str, Any]:
        charge = self.charge_of(intent)
        if cents > charge["amount"] - charge["amount_refunded"]:
            raise Refused("Refund amount is greater than unrefunded amount on charge")
        charge["amount_refunded"] += cents
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        self.emit("charge.refunded", charge)
        return self.make("refund", "re", amount=cents, payment_intent=intent, metadata=metadata or {})

    def dispute(self, intent: str, *, status: str = "needs_response") -> dict[str, Any]:
        charge = self.charge_of(intent)
        row = self.make(
            "dispute", "dp", amount=charge["amount"], charge=charge["id"], payment_intent=intent, status=status
        )
        self.emit("charge.dispute.created", row)
        return row

    def close_dispute(self, dispute_id: str, status: str) -> None:
        row = self.get("dispute", dispute_id)
        row["status"] = status
        self.emit("charge.dispute.closed", row)
