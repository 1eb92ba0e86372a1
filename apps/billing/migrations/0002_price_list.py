"""The first price list. Operators edit it in the admin; this never overwrites what they set."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

PACKS = [("credits-100", 100, 900), ("credits-500", 500, 3900), ("credits-2000", 2000, 12900)]
PLANS = [("starter", "Starter", 200, 1500), ("studio", "Studio", 800, 4900)]


def add_prices(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    pack, plan = apps.get_model("billing", "Pack"), apps.get_model("billing", "Plan")
    for position, (slug, credits, price_cents) in enumerate(PACKS):
        facts = {"credits": credits, "price_cents": price_cents, "currency": "usd", "position": position}
        pack.objects.get_or_create(slug=slug, defaults=facts)
    for position, (slug, name, credits, price_cents) in enumerate(PLANS):
        facts = {"name": name, "credits_per_month": credits, "price_cents": price_cents, "currency": "usd"}
        plan.objects.get_or_create(slug=slug, defaults=facts | {"position": position})


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]
    operations = [migrations.RunPython(add_prices, migrations.RunPython.noop)]
