import pytest
from django.core.management import CommandError, call_command

from apps.credits import services
from apps.credits.models import Account, Lot


@pytest.fixture
def history(alice, give):
    give(50)
    services.capture(services.hold(alice, 30, key="job:1"), 20)
    services.hold(alice, 10, key="job:2")
    services.reverse(alice, 40, key="refund", granted_by="test:0")


def test_a_true_ledger_is_proven(history, capsys):
    call_command("recount_credits")
    assert "every balance is right" in capsys.readouterr().out


@pytest.mark.parametrize("change", [{"available_credits": 7}, {"held_credits": 3}])
@pytest.mark.parametrize("model", [Account, Lot])
def test_a_wrong_balance_is_found_and_repaired_from_the_entries(model, change, history, alice, capsys):
    before = services.balance_of(alice)
    model.objects.update(**change)
    with pytest.raises(CommandError, match="differences"):
        call_command("recount_credits")
    assert "add up to" in capsys.readouterr().err
    call_command("recount_credits", "--repair")
    assert services.balance_of(alice) == before
    call_command("recount_credits")


def test_an_empty_ledger_is_right(db):
    call_command("recount_credits")
