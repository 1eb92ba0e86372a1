import pytest

from apps.credits import services
from apps.credits.models import Pool


@pytest.fixture
def give(alice):
    """Put credits into Alice's wallet; every call is another grant."""
    count = iter(range(1000))

    def grant(amount, pool=Pool.PACK, **options):
        return services.grant(alice, amount, pool=pool, key=options.pop("key", f"test:{next(count)}"), **options)

    return grant
