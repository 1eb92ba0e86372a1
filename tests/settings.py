"""Settings of the tests: the site's own, with a data folder and a memory of their own.

Tests that need the real Redis or PostgreSQL ask for it (`redis_url`, `postgres_url`).
"""

import atexit
import os
import shutil
import tempfile

_FOLDER = tempfile.mkdtemp(prefix="lipsmith-tests-")
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)
for _name in [name for name in os.environ if name.startswith(("S3_", "STRIPE_"))]:
    del os.environ[_name]
for _name in ("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "SITE_URL", "ALLOWED_HOSTS", "SECRET_KEY"):
    os.environ.pop(_name, None)
os.environ |= {"DATA_DIR": _FOLDER, "ENV_FILE": os.devnull, "DEBUG": "true"}

from apps.config.settings import *  # noqa: E402, F403
from apps.config.settings import ALLOWED_HOSTS  # noqa: E402

ALLOWED_HOSTS = [*ALLOWED_HOSTS, "testserver"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the real one is slow on purpose
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
EMAIL_BACKEND = DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
