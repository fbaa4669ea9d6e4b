"""For the tests: real servers started by tests/conftest.py, quick password hashes, mail kept in memory."""

from era_platform.settings.base import *  # noqa: F403
from era_platform.settings.base import env

SECRET_KEY = env("SECRET_KEY", default="only-for-tests-" + "x" * 50)
ALLOWED_HOSTS = ["*"]
ERA_EMBEDDED = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
ACCOUNT_RATE_LIMITS = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
