"""`make bench`: every measurement, one table each."""

from benchmarks import http, kernel, live


def main() -> None:
    kernel.main()
    print()
    http.main()
    print()
    live.main()


if __name__ == "__main__":
    main()
