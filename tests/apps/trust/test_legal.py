import datetime

import pytest
from django.urls import reverse

from apps.accounts.models import User
from apps.trust import legal
from apps.trust.markup import rendered
from apps.trust.models import Acceptance, AuditEntry, LegalPage

SLUGS = ("terms", "privacy", "acceptable-use")


@pytest.mark.parametrize("slug", SLUGS)
def test_each_page_is_there_with_its_version_and_date(client, db, slug):
    page = client.get(f"/{slug}/").content.decode()
    assert "Version 1.0, in force since 22 November 2026" in page
    assert "{" not in page.split("<main", 1)[1].split("</main>")[0], "a fact was not filled in"
    for method in ("post", "put", "delete"):
        assert getattr(client, method)(f"/{slug}/").status_code == 405


def test_every_link_in_the_texts_leads_somewhere(client, db):
    import re

    for slug in SLUGS:
        page = client.get(f"/{slug}/").content.decode()
        for address in set(re.findall(r'href="(/[^"]*)"', page.split("<main", 1)[1].split("</main>")[0])):
            assert client.get(address).status_code in (200, 302), address


def test_the_footer_leads_to_all_of_them_from_everywhere(client, db):
    page = client.get("/").content.decode()
    for name in ("made_here", "report", *SLUGS):
        assert f'href="{reverse(name)}"' in page


def test_an_operators_version_counts_from_its_day_on_and_older_ones_stay(client, db):
    today = datetime.date.today()
    LegalPage.objects.create(slug="terms", version="2", text="## New\n\nHello **you**.", effective_on=today)
    tomorrow = today + datetime.timedelta(days=2)
    LegalPage.objects.create(slug="terms", version="3", text="Later.", effective_on=tomorrow)
    page = client.get("/terms/").content.decode()
    assert "Version 2, in force" in page
    assert "<h2>New</h2>" in page and "<strong>you</strong>" in page
    assert "Later." not in page


def test_operators_write_a_new_version_from_the_one_that_counts(client, db):
    client.force_login(User.objects.create_superuser("operator@example.com", "a long enough secret"))
    form = client.get("/admin/trust/legalpage/add/?slug=privacy").content.decode()
    assert "What this site knows about you" in form
    sent = {"slug": "privacy", "version": "2", "text": "Short.", "effective_on": "2026-01-01"}
    assert client.post("/admin/trust/legalpage/add/", sent).status_code == 302
    assert client.post("/admin/trust/legalpage/add/", sent).status_code == 200, "a version is used once"
    assert "Short." in client.get("/privacy/").content.decode()
    assert AuditEntry.objects.get(action="legal text").subject == "privacy 2"
    assert client.get("/admin/trust/legalpage/add/?slug=nonsense").status_code == 200


def test_who_signs_up_accepts_the_versions_of_that_moment(client, db):
    page = client.get("/accounts/signup/").content.decode()
    assert 'href="/terms/"' in page and 'href="/acceptable-use/"' in page and 'href="/privacy/"' in page
    LegalPage.objects.create(slug="terms", version="2", text="New.")
    client.post(
        "/accounts/signup/",
        {"email": "new@example.com", "password1": "four plain words here"},
        REMOTE_ADDR="203.0.113.5",
    )
    kept = Acceptance.objects.filter(owner__email="new@example.com")
    assert dict(kept.values_list("slug", "version")) == {"terms": "2", "privacy": "1.0", "acceptable-use": "1.0"}
    assert set(kept.values_list("address", flat=True)) == {"203.0.113.5"}


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a <script>b</script>", "<p>a &lt;script&gt;b&lt;/script&gt;</p>"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
        ("[x](//evil.example)", "<p>[x](//evil.example)</p>"),
        ('[x](https://a.example/"onclick=1)', '<p><a href="https://a.example/&quot;onclick=1">x</a></p>'),
        ("[<b>](/terms/)", '<p><a href="/terms/">&lt;b&gt;</a></p>'),
        ("**a** and **b**", "<p><strong>a</strong> and <strong>b</strong></p>"),
        ("## H\ntext", "<h2>H</h2><p>text</p>"),
        ("- one\n  more\n- two", "<ul><li>one more</li><li>two</li></ul>"),
        ("a\r\n\r\nb", "<p>a</p>\n<p>b</p>"),
        ("", ""),
        ("[" * 5000 + "**" * 5000, None),
    ],
)
def test_the_little_markdown_lets_nothing_run(text, html):
    told = rendered(text)
    if html is not None:
        assert told == html


def test_what_ships_mentions_what_the_site_does(settings, db):
    settings.CONTACT_EMAIL = "help@example.com"
    privacy = legal.current("privacy").html
    assert "mailto:help@example.com" in privacy
    assert "no advertising, no tracking" in privacy
    assert "keyed hash" in privacy
