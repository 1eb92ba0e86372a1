import csv
import datetime
import io

import pytest
from django.utils import timezone

from apps.credits import services
from apps.credits.history import PAGE_ROWS
from apps.credits.models import Pool

PAGES = ["/credits/", "/credits/history.csv"]


@pytest.fixture
def signed_in(client, alice):
    client.force_login(alice)
    return client


def text(response):
    return (b"".join(response.streaming_content) if response.streaming else response.content).decode()


@pytest.mark.parametrize("url", PAGES)
def test_strangers_are_asked_to_sign_in(url, client, db):
    assert client.get(url)["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("url", PAGES)
@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_other_methods_are_refused(url, method, signed_in):
    assert getattr(signed_in, method)(url).status_code == 405


def test_the_page_shows_the_balance_its_parts_and_what_lapses(signed_in, alice, give):
    give(200, Pool.MONTHLY, expires_at=timezone.now() + datetime.timedelta(days=9))
    give(1500, Pool.PACK)
    services.hold(alice, 30, key="job:1", note="Export of “Hello”")
    page = text(signed_in.get("/credits/"))
    for words in (
        "1,670",
        "170 monthly",
        "1,500 from packs",
        "30 reserved",
        "170 of them lapse on",
        "Export of “Hello”",
    ):
        assert words in page


def test_others_history_is_not_shown(signed_in, bob):
    services.grant(bob, 77, pool=Pool.PACK, key="b", note="Only Bob knows")
    assert "Only Bob knows" not in text(signed_in.get("/credits/"))
    assert "Only Bob knows" not in text(signed_in.get("/credits/history.csv"))


def test_titles_are_shown_as_text(signed_in, alice, give):
    give(10, note="<script>alert(1)</script>")
    page = text(signed_in.get("/credits/"))
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_long_history_comes_in_pages_without_gaps(signed_in, give):
    for number in range(PAGE_ROWS + 3):
        give(1, note=f"grant-{number}.")
    first = text(signed_in.get("/credits/"))
    older = first.split('href="?before=')[1].split('"')[0]
    second = text(signed_in.get(f"/credits/?before={older}"))
    for number in range(PAGE_ROWS + 3):
        assert (f"grant-{number}." in first) != (f"grant-{number}." in second)
    assert 'href="?before=' not in second


@pytest.mark.parametrize("before", ["x", "-1", "0", "9" * 30, "²", "1e3", "' or 1=1"])
def test_nonsense_as_a_page_is_no_error(before, signed_in, give):
    give(1)
    assert signed_in.get("/credits/", {"before": before}).status_code == 200


def test_the_file_holds_every_line_with_its_balance(signed_in, alice, give):
    give(50, note="Pack")
    services.capture(services.hold(alice, 30, key="job:1", note="Export"), 28)
    response = signed_in.get("/credits/history.csv")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in response["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(text(response))))
    assert [row[1:] for row in rows[1:]] == [
        ["Granted", "Pack", "50", "0", "50", "0"],
        ["Reserved", "Export", "-30", "0", "20", "30"],
        ["Export finished", "Export", "2", "28", "22", "0"],
    ]
    assert sum(int(row[3]) for row in rows[1:]) == services.balance_of(alice).available_credits


@pytest.mark.parametrize("note", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)"])
def test_a_title_that_looks_like_a_formula_stays_text(note, signed_in, give):
    give(10, note=note)
    (_, row) = csv.reader(io.StringIO(text(signed_in.get("/credits/history.csv"))))
    assert row[2] == f"'{note}"
