"""The client runs on Linux, macOS and Windows, and without the platform: no module imports what only some have."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.platform import PROJECT

ROOT = PROJECT / "cli" / "era_client"
MODULES = sorted(ROOT.rglob("*.py"))
NOT_EVERYWHERE = {
    *(
        "fcntl",
        "pwd",
        "grp",
        "resource",
        "termios",
        "tty",
        "pty",
        "posix",
        "syslog",
        "crypt",
        "spwd",
        "nis",
        "readline",
    ),
    *("msvcrt", "winreg", "_winapi", "winsound", "curses", "uvloop"),
}
NOT_EVERYWHERE_IN = {
    "os": {
        *("fork", "forkpty", "getuid", "geteuid", "getgid", "setuid", "setgid", "setsid", "getpgid", "killpg", "chown"),
        *("mkfifo", "mknod", "sendfile", "pread", "pwrite", "preadv", "pwritev", "posix_fadvise", "posix_fallocate"),
        *(
            "O_DIRECTORY",
            "O_NOFOLLOW",
            "O_NONBLOCK",
            "O_CLOEXEC",
            "O_DIRECT",
            "uname",
            "nice",
            "wait",
            "WNOHANG",
            "sync",
        ),
        *("statvfs", "fchmod", "fchown", "lchown", "openpty", "register_at_fork", "sched_setaffinity"),
    },
    "signal": {"SIGKILL", "SIGHUP", "SIGALRM", "SIGUSR1", "SIGUSR2", "SIGQUIT", "SIGWINCH", "alarm", "pthread_sigmask"},
    "socket": {"AF_UNIX", "SO_REUSEPORT"},
    "asyncio": {"open_unix_connection", "start_unix_server"},
}
SERVERS_OWN = {
    "django",
    "rest_framework",
    "channels",
    "celery",
    "era_platform",
    "accounts",
    "jobs",
    "datasets",
    "pricing",
}
LIMITED = {"add_signal_handler", "add_reader", "add_writer", "create_unix_connection"}


def imports(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Module and, for `from … import`, name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node.module, alias.name) for alias in node.names)


def uses(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """`os.fork` as ("os", "fork"); any `….add_reader` as ("", "add_reader")."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.value.id if isinstance(node.value, ast.Name) else "", node.attr


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_uses_only_what_every_system_has(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = list(imports(tree))
    assert {name for name, _ in imported} & NOT_EVERYWHERE == set()
    for module, name in [*imported, *uses(tree)]:
        assert name not in NOT_EVERYWHERE_IN.get(module, set()), f"{module}.{name}"
        assert name not in LIMITED, name


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_knows_nothing_of_the_platform(path: Path) -> None:
    roots = {name.split(".")[0] for name, _ in imports(ast.parse(path.read_text(encoding="utf-8")))}
    assert roots & SERVERS_OWN == set()


def test_the_package_imports_where_the_platform_and_what_only_unix_has_are_missing() -> None:
    missing = sorted({*SERVERS_OWN, "resource", "pwd", "grp", "syslog", "uvloop"})
    lines = [
        "import sys",
        f"sys.modules.update(dict.fromkeys({missing!r}))",
        "import era_client.commands.app, era_client.transfer",
    ]
    subprocess.run([sys.executable, "-c", "\n".join(lines)], check=True, cwd=PROJECT / "cli", timeout=60)
