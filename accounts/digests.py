"""Secrets that are shown once and kept only as their SHA-256: tokens and invitation links.

They have 256 random bits, so a plain digest can't be reversed, and looking one up by its digest
tells nothing by its timing.
"""

import hashlib
import secrets


def new_secret(prefix: str = "") -> str:
    return prefix + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
