import pytest

from apps.billing.checks import check_stripe_is_set_up_whole, check_the_key_goes_to_stripe_alone


def ids(check):
    return [found.id for found in check()]


@pytest.mark.parametrize(
    ("secret", "webhook", "found"),
    [("", "", []), ("sk_test_1", "", ["billing.W001"]), ("", "whsec_1", ["billing.W001"]), ("sk", "wh", [])],
)
def test_one_key_alone_sells_nothing_and_is_told(secret, webhook, found, settings):
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = secret, webhook
    settings.SITE_URL = "https://lipsmith.example"
    assert ids(check_stripe_is_set_up_whole) == found


@pytest.mark.parametrize(
    ("site_url", "debug", "found"), [("", False, ["billing.W002"]), ("https://a.b", False, []), ("", True, [])]
)
def test_selling_needs_the_sites_name(site_url, debug, found, settings):
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = "sk", "wh"
    settings.SITE_URL, settings.DEBUG = site_url, debug
    assert ids(check_stripe_is_set_up_whole) == found


@pytest.mark.parametrize(
    ("key", "base", "found"),
    [
        ("sk_live_1", "https://api.stripe.com", []),
        ("sk_test_1", "https://api.stripe.com", []),
        ("sk_test_1", "http://127.0.0.1:1234", []),
        ("sk_live_1", "http://127.0.0.1:1234", ["billing.E001"]),
        ("sk_test_1", "http://api.stripe.com", ["billing.E001"]),
        ("sk_test_1", "https://api.stripe.com.evil.example", ["billing.E001"]),
        ("", "https://elsewhere.example", []),
    ],
)
def test_the_secret_key_goes_to_stripe_alone(key, base, found, settings):
    settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE = key, base
    assert ids(check_the_key_goes_to_stripe_alone) == found
