"""How quickly exports are priced, reserved and ordered by many people at once, and balances read after a long history.

Fills whatever database this process is set up with, so `measure_orders` gives it one of its own.
"""

import random
import secrets
import threading
import time
import uuid
from dataclasses import dataclass

import dramatiq
from django.db import connection
from django.utils import timezone

from apps.accounts.models import User
from apps.core.failures import SiteFailure
from apps.credits import services as credits
from apps.credits.ledger import wallet_of
from apps.credits.models import Lot, Pool
from apps.jobs import queue
from apps.jobs.exports import ExportChoice, order_export, quote_export
from apps.jobs.models import Job
from apps.ops.page_load import Measured
from apps.projects.models import Project
from apps.trust.attestations import attest
from apps.trust.blocking import HASH_BITS
from apps.trust.statements import Basis
from apps.uploads.models import Asset

SCRATCH_QUEUE = "measured"  # messages are really sent, to where no worker listens
_READS = 200


@dataclass(frozen=True)
class OrderLoad:
    """`users` people at once, each ordering again after a pause of `pause_s` on average, for `seconds`."""

    users: int = 20
    seconds: float = 15.0
    pause_s: float = 1.0


def measure_orders(load: OrderLoad) -> Measured:
    """Quote + hold + job + wake-up message, as one order takes from its beginning to its commit."""
    measured, lock = Measured(), threading.Lock()
    projects = [_ready_project(number) for number in range(load.users)]
    until = time.monotonic() + load.seconds

    def order_again(project: Project, chance: random.Random) -> None:
        time.sleep(chance.random() * load.pause_s)
        while time.monotonic() < until:
            started_at = time.perf_counter()
            ok = _order(project)
            waited_ms = 1000 * (time.perf_counter() - started_at)
            with lock:
                measured.waits_ms.append(waited_ms)
                measured.failures += not ok
            time.sleep(load.pause_s * 2 * chance.random())
        connection.close()

    sent, queue.enqueue = queue.enqueue, _send_aside
    try:
        threads = [
            threading.Thread(target=order_again, args=(project, random.Random(number)))
            for number, project in enumerate(projects)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        queue.enqueue = sent
    Job.objects.filter(project__in=projects).delete()  # gives the credits back
    return measured


def _order(project: Project) -> bool:
    try:
        quote = quote_export(project.owner, project, ExportChoice())
        return order_export(project.owner, quote).hold is not None
    except SiteFailure:
        return False


def _send_aside(actor_name: str, job_id: uuid.UUID) -> None:
    broker = dramatiq.get_broker()
    broker.declare_queue(SCRATCH_QUEUE)
    message = dramatiq.Message(
        queue_name=SCRATCH_QUEUE, actor_name=actor_name, args=(str(job_id),), kwargs={}, options={}
    )
    broker.enqueue(message)


def _ready_project(number: int) -> Project:
    """A person with credits and everything that an export needs."""
    user = User.objects.create_user(f"orderer-{number}-{uuid.uuid4().hex}@example.invalid", None)
    credits.grant(user, 1_000_000, pool=Pool.PACK, key="measured")
    facts = {"owner": user, "state": Asset.State.READY}
    portrait = Asset.objects.create(
        **facts,
        kind=Asset.Kind.PORTRAIT,
        storage_key=f"measured/{uuid.uuid4().hex}",
        content_type="image/png",
        width_px=1080,
        height_px=1350,
        sha256=secrets.token_hex(32),
        preflight={
            "faces": [{"index": 0, "usable": True, "problem": None}],
            "picture_hash": secrets.token_hex(HASH_BITS // 8),
        },
    )
    voice = Asset.objects.create(
        **facts,
        kind=Asset.Kind.VOICE,
        storage_key=f"measured/{uuid.uuid4().hex}",
        content_type="audio/wav",
        sha256=secrets.token_hex(32),
        duration_s=30.0,
    )
    for asset in (portrait, voice):
        attest(asset, Basis.OWN)
    return Project.objects.create(
        owner=user, title="Measured", portrait=portrait, voice=voice, voice_source=Project.VoiceSource.AUDIO
    )


def measure_balance(entries: int) -> tuple[float, float]:
    """Milliseconds (median) that reading a balance takes: with a short history, and with `entries` entries."""
    user = User.objects.create_user(f"veteran-{uuid.uuid4().hex}@example.invalid", None)
    credits.grant(user, 1000, pool=Pool.PACK, key="measured")
    before_ms = _balance_ms(user)
    fill_history(user, entries)
    return before_ms, _balance_ms(user)


def _balance_ms(user: User) -> float:
    waits = []
    for _ in range(_READS):
        started_at = time.perf_counter()
        credits.balance_of(user)
        waits.append(1000 * (time.perf_counter() - started_at))
    return sorted(waits)[len(waits) // 2]


def fill_history(user: User, entries: int) -> None:
    """Half as many movements, with two entries each that cancel out; in one statement each, for there are many."""
    lot = Lot.objects.get(account__owner=user)
    account = wallet_of(user)
    counted = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {max(1, entries // 2)})"
    account_id = account.pk.hex if connection.vendor == "sqlite" else account.pk
    with connection.cursor() as cursor:
        cursor.execute(
            f"{counted} INSERT INTO credits_movement (account_id, reason, key, note, change_credits, spent_credits,"
            " available_after_credits, held_after_credits, created_at)"
            " SELECT %s, 'correction', 'fill:' || i, '', 0, 0, 1000, 0, %s FROM n",
            [account_id, timezone.now()],
        )
        for books in ("'issued', 'available'", "'available', 'reversed'"):
            cursor.execute(
                "INSERT INTO credits_entry (movement_id, lot_id, from_book, to_book, amount_credits)"
                f" SELECT id, %s, {books}, 1 FROM credits_movement WHERE reason = 'correction'",
                [lot.pk],
            )
