import uuid

import pytest

from apps.accounts.models import User
from apps.credits import services
from apps.credits.ledger import wallet_of
from apps.credits.models import Movement


@pytest.fixture
def operator(client, db):
    user = User.objects.create_superuser("operator@example.com", "a long enough secret")
    client.force_login(user)
    client.operator = user
    return client


def url_of(user):
    return f"/admin/credits/account/{wallet_of(user).pk}/correct/"


def test_operators_find_a_wallet_by_address_and_read_it(operator, alice, give):
    give(50)
    page = operator.get("/admin/credits/account/", {"q": "alice@"}).content.decode()
    assert str(wallet_of(alice).pk) in page
    page = operator.get(f"/admin/credits/account/{wallet_of(alice).pk}/change/").content.decode()
    assert "Give or take credits" in page
    listed = operator.get("/admin/credits/movement/", {"account__id__exact": wallet_of(alice).pk})
    assert listed.status_code == 200
    assert "Granted" in listed.content.decode()


def test_a_grant_with_a_reason_happens_once_however_often_it_is_sent(operator, alice):
    assert operator.get(url_of(alice)).status_code == 200
    order = {"change_credits": 40, "note": "Sorry for the outage", "key": uuid.uuid4()}
    for _ in range(2):
        assert operator.post(url_of(alice), order).status_code == 302
    assert services.balance_of(alice).available_credits == 40
    movement = Movement.objects.get()
    assert (movement.note, movement.actor) == ("Sorry for the outage", operator.operator)


def test_credits_are_taken_back_with_a_reason(operator, alice, give):
    give(50)
    operator.post(url_of(alice), {"change_credits": -20, "note": "Typed twice", "key": uuid.uuid4()})
    assert services.balance_of(alice).available_credits == 30


@pytest.mark.parametrize(
    "order", [{"change_credits": 0}, {"change_credits": "x"}, {"change_credits": 10**15}, {"note": ""}, {"key": "no"}]
)
def test_an_order_without_sense_or_reason_is_refused(order, operator, alice):
    sent = {"change_credits": 5, "note": "Why", "key": uuid.uuid4()} | order
    assert operator.post(url_of(alice), sent).status_code == 200
    assert not Movement.objects.exists()


def test_only_operators_get_in(client, alice, bob):
    client.force_login(bob)
    assert client.post(url_of(alice), {"change_credits": 5, "note": "x", "key": uuid.uuid4()}).status_code == 302
    User.objects.filter(pk=bob.pk).update(is_staff=True)  # on the staff, but without this right
    assert client.post(url_of(alice), {"change_credits": 5, "note": "x", "key": uuid.uuid4()}).status_code in (403, 404)
    assert not Movement.objects.exists()


def test_history_cannot_be_edited_there(operator, alice, give):
    movement = give(50)
    for page in ("change", "delete"):
        assert operator.post(f"/admin/credits/movement/{movement.pk}/{page}/", {"note": "x"}).status_code in (403, 404)
    assert operator.get("/admin/credits/movement/add/").status_code in (403, 404)
