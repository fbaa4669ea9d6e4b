"""EASY backfilling (Lifka 1995): first come, first served, but a job may go before its turn if that does not
delay the first of the queue. Run times are known; there are no prices."""

import heapq

import numpy as np

from pricing.forecasting import History
from pricing.forecasting.history import Int64Array

Running = list[tuple[int, int]]


def easy_backfill(requests: History, capacity: int) -> Int64Array:
    """The start of each request, -1 for those that would not end by their deadline."""
    starts = np.full(len(requests), -1, dtype=np.int64)
    queue: list[int] = []
    running: Running = []  # a heap of (end, units)
    free, coming = capacity, 0
    order = np.argsort(requests.start, kind="stable").tolist()
    while coming < len(order) or queue:
        now = _next_moment(requests, order, coming, running, queue)
        if now is None:
            break
        while running and running[0][0] <= now:
            free += heapq.heappop(running)[1]
        while coming < len(order) and requests.start[order[coming]] <= now:
            if requests.units[order[coming]] <= capacity:
                queue.append(order[coming])
            coming += 1
        queue = [j for j in queue if now + requests.slots[j] <= requests.end[j]]
        for j in _chosen(requests, queue, running, free, now):
            starts[j] = now
            free -= int(requests.units[j])
            heapq.heappush(running, (now + int(requests.slots[j]), int(requests.units[j])))
            queue.remove(j)
    return starts


def _next_moment(requests: History, order: list[int], coming: int, running: Running, queue: list[int]) -> int | None:
    """When something next changes: a request comes, or units become free."""
    moments = [int(requests.start[order[coming]])] if coming < len(order) else []
    if running:
        moments.append(running[0][0])
    return min(moments, default=None)


def _chosen(requests: History, queue: list[int], running: Running, free: int, now: int) -> list[int]:
    """Those that start now, in this order."""
    chosen: list[int] = []
    rest = iter(queue)
    ends = list(running)
    head = None
    for j in rest:
        if requests.units[j] > free:
            head = j
            break
        chosen.append(j)
        free -= int(requests.units[j])
        ends.append((now + int(requests.slots[j]), int(requests.units[j])))
    if head is None:
        return chosen
    shadow, spare = _turn(int(requests.units[head]), ends, free)
    for j in rest:
        units = int(requests.units[j])
        in_time = now + requests.slots[j] <= shadow
        if units <= free and (in_time or units <= spare):
            chosen.append(j)
            free -= units
            spare -= 0 if in_time else units
    return chosen


def _turn(units: int, running: Running, free: int) -> tuple[int, int]:
    """When the first of the queue can start, and how many units are then left over."""
    for end, freed in sorted(running):
        free += freed
        if free >= units:
            return end, free - units
    raise AssertionError("a job larger than the cluster waits in the queue")
