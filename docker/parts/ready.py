"""Waits until the platform says that all its parts are ready, as many seconds as the first argument says."""

import sys
import time
import urllib.error
import urllib.request

ADDRESS = "http://web:8000/readyz"


def answer() -> tuple[int, str]:
    asked = urllib.request.Request(ADDRESS, headers={"Host": "localhost"})
    try:
        with urllib.request.urlopen(asked, timeout=10) as given:
            return given.status, given.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)


def main(seconds: float) -> int:
    give_up = time.monotonic() + seconds
    while True:
        status, said = answer()
        if status == 200:
            return 0
        if time.monotonic() > give_up:
            sys.stderr.write(f"{ADDRESS} says {status}: {said}\n")
            return 1
        time.sleep(0.5)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1])))
