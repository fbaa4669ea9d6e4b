"""The program: one kind, one file on standard input, what there is to see of it on standard output."""

import json
import os
import sys
from importlib import import_module

from datasets.previews.refusals import Refused
from datasets.previews.shutting_in import MIB, shut_in

MODULES = {
    "csv": ("csv_files", 1536),
    "parquet": ("parquet_files", 1536),
    "thumbnail": ("pictures", 1024),
    "picture": ("pictures", 1024),
    "picture-facts": ("pictures", 1024),
    "json": ("json_files", 1024),
    "text": ("texts", 512),
    "array": ("arrays", 1536),
}
"""Kind → the module that shows it, and how much address space it gets (MiB)."""
REFUSED = 3


def main(kind: str) -> int:
    name, memory = MODULES[kind]
    module = import_module(f"datasets.previews.{name}")
    module.warm()  # what is loaded when it is first used is loaded now
    shut_in(memory * MIB)
    try:
        with os.fdopen(0, "rb") as file:
            shown = module.show(kind, file)
    except Refused as refused:
        return _write(json.dumps({"refused": refused.code, **refused.values}).encode(), REFUSED)
    except MemoryError:
        return _write(b'{"refused": "memory"}', REFUSED)
    except RecursionError:
        return _write(b'{"refused": "deep"}', REFUSED)
    return _write(shown, 0)


def _write(shown: bytes, code: int) -> int:
    sys.stdout.buffer.write(shown)
    sys.stdout.buffer.flush()
    return code


if __name__ == "__main__":
    status = main(sys.argv[1])
    sys.stdout.flush()
    os._exit(status)  # libraries that tidy up at the end may trip over the limits
