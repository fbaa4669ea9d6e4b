"""For `make run`: everything on this machine, data under `ERA_DATA_DIR`, servers started by the supervisor."""

import era_platform.settings.running  # noqa: F401  (first: it says where the servers are)
from era_platform.logging import logging_configuration
from era_platform.settings.base import *  # noqa: F403
from era_platform.settings.base import ERA_DATA_DIR, ERA_LOG_LEVEL, env
from era_platform.settings.secret import local_secret_key

ERA_EMBEDDED = True
SECRET_KEY = env("SECRET_KEY", default="") or local_secret_key(ERA_DATA_DIR)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
LOGGING = logging_configuration(env("ERA_LOG_FORMAT", default="console"), ERA_LOG_LEVEL)
