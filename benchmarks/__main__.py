"""`make bench`: every measurement, one table each."""

from benchmarks import book, forecast, gil, growth, http, kernel, live, offers


def main() -> None:
    kernel.main()
    print()
    gil.main()
    print()
    growth.main()
    print()
    offers.main()
    print()
    book.main()
    print()
    forecast.main()
    print()
    http.main()
    print()
    live.main()


if __name__ == "__main__":
    main()
