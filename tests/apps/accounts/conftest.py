import re

import pytest
from allauth.account.models import EmailAddress

PASSWORD = "a long enough secret"


@pytest.fixture
def signed_in(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def confirmed(alice):
    """Alice, with her address confirmed."""
    EmailAddress.objects.create(user=alice, email=alice.email, primary=True, verified=True)
    return alice


def link_in(letter) -> str:
    """The path of the first link in a letter."""
    return re.search(r"https?://[^/\s]+(/\S+)", letter.body)[1]
