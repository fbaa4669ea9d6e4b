"""All templates: they compile, use icons that exist, and hold nothing that the Content-Security-Policy would stop."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import get_template

from jobs.templatetags.portal import STATE_ICONS, icon

ROOT = Path(settings.BASE_DIR) / "templates"
TEMPLATES = sorted(str(path.relative_to(ROOT)) for path in ROOT.rglob("*.html"))
ICON = re.compile(r"""{% icon "([a-z0-9-]+)"|symbol="([a-z0-9-]+)\"""")
STATIC = re.compile(r"{% static '([^']+)' %}")
INLINE = re.compile(r"""<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|https?://(?!{{)""")


@pytest.mark.parametrize("name", TEMPLATES)
def test_it_compiles_and_loads_only_what_is_there(name: str) -> None:
    get_template(name)
    text = (ROOT / name).read_text()
    assert all(icon(first or second) for first, second in ICON.findall(text))
    assert [path for path in STATIC.findall(text) if not finders.find(path)] == []


@pytest.mark.parametrize("name", [name for name in TEMPLATES if not name.startswith(("admin/", "api/"))])
def test_it_has_no_inline_script_or_style_and_names_no_other_host(name: str) -> None:
    assert INLINE.findall((ROOT / name).read_text()) == []


def test_every_state_has_an_icon_that_exists() -> None:
    assert all(icon(name) for name in STATE_ICONS.values())


def test_every_file_taken_from_npm_is_there() -> None:
    wanted = [f"{prefix}/{name}" for prefix, (_folder, names) in settings.NPM_FILES.items() for name in names]
    assert [path for path in wanted if not finders.find(path)] == []
