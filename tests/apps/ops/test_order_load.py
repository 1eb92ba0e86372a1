import pytest
from django.core.management import call_command

from apps.credits.recount import differences
from apps.credits.services import balance_of
from apps.jobs.models import Job
from apps.ops import order_load
from apps.ops.order_load import OrderLoad, measure_balance, measure_orders


@pytest.mark.django_db(transaction=True)
def test_orders_are_really_placed_and_given_back(monkeypatch, settings):
    settings.CONCURRENT_JOBS_MAX = 1000
    sent = []
    monkeypatch.setattr(order_load, "_send_aside", lambda actor, job_id: sent.append(actor))
    found = measure_orders(OrderLoad(users=1, seconds=0.6, pause_s=0.05))
    assert len(found.waits_ms) >= 4
    assert found.failures == 0
    assert set(sent) == {"export"} and len(sent) == len(found.waits_ms)
    assert not Job.objects.exists()
    assert list(differences()) == []


@pytest.mark.django_db
def test_the_history_is_as_long_as_it_is_said_to_be():
    measure_balance(2000)
    from apps.credits.models import Account, Entry

    assert Entry.objects.count() == 2001
    assert balance_of(Account.objects.get().owner).available_credits == 1000


def test_it_measures_in_a_database_of_its_own(settings, redis_url, capfd, db):
    settings.REDIS_URL = redis_url
    call_command("measure_orders", users=2, seconds=0.5, pause=0.1, entries=100)
    told = capfd.readouterr().out
    assert "sqlite: 2 people" in told and "0 failed" in told and "with 100 entries" in told
    assert not Job.objects.exists()
