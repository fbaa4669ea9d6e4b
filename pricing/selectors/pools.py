"""Finds pools."""

from django.utils.translation import gettext as _

from era_platform.common import rows
from era_platform.common.errors import NotFound
from pricing.models import Pool


def pool_by_slug(slug: str) -> Pool:
    """Raises NotFound naming the pool."""
    found = rows.first(Pool, "slug = %s", slug) if "\0" not in slug else None
    if found is None:
        raise NotFound(_("There is no pool {slug}.").format(slug=repr(slug[:60])), field="pool")
    return found
