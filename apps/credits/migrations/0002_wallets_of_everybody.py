"""A wallet for every account that was there before."""

from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def open_wallets(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    account, user = apps.get_model("credits", "Account"), apps.get_model("accounts", "User")
    without = user.objects.filter(credit_account=None).values_list("pk", flat=True)
    account.objects.bulk_create([account(owner_id=pk) for pk in without.iterator()], batch_size=1000)


class Migration(migrations.Migration):
    dependencies = [("credits", "0001_initial"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [migrations.RunPython(open_wallets, migrations.RunPython.noop)]
