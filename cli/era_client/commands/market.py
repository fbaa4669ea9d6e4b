"""`era pools | quote | wallet`."""

import typer

from era_client.commands import asking, exits, offers
from era_client.commands.base import Session, command, fail
from era_client.commands.tables import Column
from era_client.models import Pool
from era_client.moments import show_duration


def add(app: typer.Typer) -> None:
    command(app, "pools")(pools)
    command(app, "quote")(quote)
    command(app, "wallet")(wallet)


def pools(session: Session) -> None:
    """List what is sold: prices are credits for one unit and one slot."""
    found = session.client.pools()
    if session.out.as_json:
        session.out.json([pool.raw for pool in found])
        return
    columns = [
        Column("POOL"),
        Column("NAME", shrinks=True),
        Column("UNITS", right=True),
        Column("ONE UNIT"),
        Column("SLOT", right=True),
        Column("AHEAD", right=True),
        Column("PRICE"),
    ]
    session.out.table(columns, [_row(pool) for pool in found], empty="Nothing is sold here yet.")
    for pool in found:
        if pool.closed_reason and not pool.is_open:
            session.out.warn(f"{pool.slug} is closed for sale: {pool.closed_reason}")


def _row(pool: Pool) -> tuple[object, ...]:
    ahead = show_duration(pool.slot_seconds * pool.horizon_slots)
    name = pool.name if pool.is_open else f"{pool.name} (closed)"
    prices = f"{pool.floor_price}–{pool.ceiling_price}"
    return pool.slug, name, pool.units, _unit(pool), show_duration(pool.slot_seconds), ahead, prices


def _unit(pool: Pool) -> str:
    gpus = f"{pool.unit.gpus} GPU, " if pool.unit.gpus else ""
    return f"{gpus}{pool.unit.cpus:g} CPU, {pool.unit.memory_mib / 1024:.3g} GiB"


def quote(
    session: Session,
    words: asking.Words = None,
    pool: asking.PoolName = None,
    units: asking.Units = None,
    duration: asking.Duration = None,
    deadline: asking.Deadline = None,
    earliest: asking.Earliest = None,
    value: asking.Value = None,
    nodes: asking.Nodes = None,
) -> None:
    """Ask what a job would cost, and when it would run. It binds nobody.

    Takes a job file, or options, or both: options count more.

    Ends with 5 where it would be rejected.
    """
    given = {"pool": pool, "units": units, "duration": duration, "deadline": deadline, "earliest": earliest}
    spec = asking.asked(words, for_quote=True, **given, value=value, nodes=nodes).spec
    answer = session.client.quote(spec)
    if session.out.as_json:
        session.out.json(answer.raw)
    else:
        offers.show_quote(session.out, answer)
    if not answer.accepted:
        raise fail(exits.REJECTED)


def wallet(session: Session) -> None:
    """Say what your organization can spend."""
    found = session.client.wallet()
    if session.out.as_json:
        session.out.json(found)
        return
    session.out.facts([(name, offers.credits_(found[name])) for name in ("available", "held", "balance")])
