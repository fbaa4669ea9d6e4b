/* The loops of the kernel: plain C that trusts its input, for _scan.pyx, which checks it.
 *
 * With S the prefix sums of a slot's prices and free = capacity - promised, W units cost
 * S[free] - S[free - W]: a decision is one pass over the window whatever W is. S is stored in
 * one of two ways. Dense: one int64 a unit. Steps: a piece for each price; S is straight on it.
 *
 * Arithmetic is unsigned, where to wrap is allowed: sums that fit into int64 come out exact.
 */

#ifndef ERA_SCAN_H
#define ERA_SCAN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ERA_INLINE static inline __attribute__((always_inline))
#define ERA_NEAR_SLOTS 16384 /* longer ones take their scratch from the heap */

/* What `found` is besides an offset, which is not negative. */
enum { ERA_NOTHING_FITS = -1, ERA_BEYOND_TABLE = -2, ERA_NO_MEMORY = -3 };

/* One price of a curve: S[n] = base + price * n up to n = `next`, where the next piece begins. */
struct era_piece {
    uint64_t base, price;
    int64_t next;
    int64_t unused; /* two pieces to a line of the cache */
};

struct era_window {
    const int64_t *promised; /* from the window's first slot on */
    const int64_t *capacity;
    const char *const *rows; /* per season slot: its curve's row, prefix sums or pieces */
    int64_t season;
    int64_t phase; /* the season slot of the window's first slot */
    int64_t begin;
    int64_t length;
    int64_t units;
    int64_t max_units;
    int shift; /* rows in steps have an index with an entry for each 2^shift units; < 0: dense */
};

struct era_search {
    int64_t slots;
    bool first;    /* take the first start whose total is under `best`, not the least */
    uint64_t best; /* what a total must be under; then the total of the start that was found */
    int64_t found; /* offset of the start, or why there is none */
};

/* The piece in which unit n lies: the one of which the index knows, or a few on. The index stands
 * before the row, last entry first. */
ERA_INLINE const struct era_piece *
era_piece_of(const struct era_window *w, const char *row, int64_t n)
{
    const struct era_piece *piece = (const struct era_piece *)row;

    piece += ((const uint8_t *)row)[~(n >> w->shift)];

    if (n >= piece->next) {
        piece++;
        while (__builtin_expect(n >= piece->next, 0))
            piece++;
    }
    return piece;
}

/* What the units cost that leave `rest` free. */
ERA_INLINE uint64_t
era_cost(const struct era_window *w, const char *row, int64_t rest, bool dense)
{
    if (dense) {
        const uint64_t *sums = (const uint64_t *)row;
        return sums[rest + w->units] - sums[rest];
    }
    const struct era_piece *low = era_piece_of(w, row, rest);
    int64_t all = rest + w->units;
    if (all <= low->next)
        return low->price * (uint64_t)w->units;
    const struct era_piece *high = era_piece_of(w, row, all);
    return high->base + high->price * (uint64_t)all - low->base - low->price * (uint64_t)rest;
}

ERA_INLINE int64_t
era_rest(const struct era_window *w, int64_t t)
{
    return (int64_t)((uint64_t)w->capacity[t] - (uint64_t)w->promised[t] - (uint64_t)w->units);
}

/* Whether a slot has more units free than the table knows, or a negative capacity. */
ERA_INLINE bool
era_is_beyond(const struct era_window *w, int64_t t)
{
    return w->capacity[t] < 0 || w->promised[t] < w->capacity[t] - w->max_units;
}

/* One slot and its cost; out of the loops to `misfit` where the units do not fit. One
 * comparison for both ends. It also catches a difference that wrapped: with a capacity that is
 * not negative, none can wrap into this range; the signs of those taken are collected. */
#define ERA_VISIT                                                     \
    int64_t rest = era_rest(&w, t);                                   \
    if (__builtin_expect((uint64_t)rest > span, 0))                   \
        goto misfit;                                                  \
    signs |= w.capacity[t];                                           \
    uint64_t cost = era_cost(&w, *rows, rest, dense);                 \
    costs[t + s.slots] = cost;

#define ERA_VISIT_AND_COMPARE                                         \
    ERA_VISIT                                                         \
    total += cost - costs[t];                                         \
    if (total < s.best) {                                             \
        s.best = total;                                               \
        s.found = t + 1 - s.slots;                                    \
        if (s.first)                                                  \
            goto done;                                                \
    }

/* Goes from misfit to misfit: between two, every start whose slots lie in the run is possible. */
ERA_INLINE void
era_scan(const struct era_window *window, struct era_search *search, uint64_t *costs, bool dense)
{
    const struct era_window w = *window; /* copies, which no store to costs can change */
    struct era_search s = *search;
    const uint64_t span = (uint64_t)(w.max_units - w.units);
    const char *const *rows = w.rows + w.phase;
    int64_t t = 0, stop = w.season - w.phase;
    int64_t whole = s.slots - 1; /* the slot at which the run is as long as the request */
    int64_t signs = 0;
    uint64_t total = 0; /* of the run's last slots, at most as many as requested */

    costs[whole] = 0; /* costs[t] is what leaves the total at slot t: of slot t - slots */

    while (t < w.length) { /* once per season, so that the inner loops read straight on */
        if (stop > w.length)
            stop = w.length;
        while (t < stop) {
            int64_t end = whole < stop ? whole : stop;
            for (; t < end; t++, rows++) {
                ERA_VISIT
                total += cost;
            }
            while (dense && t + 4 <= stop) { /* four a round hide what the checks cost */
#pragma GCC unroll 4
                for (int k = 0; k < 4; k++, t++, rows++) {
                    ERA_VISIT_AND_COMPARE
                }
            }
            for (; t < stop; t++, rows++) {
                ERA_VISIT_AND_COMPARE
            }
            break;
        misfit:
            if (era_is_beyond(&w, t)) {
                s.found = ERA_BEYOND_TABLE;
                goto done;
            }
            total = 0;
            whole = t + s.slots;
            costs[whole] = 0;
            t++;
            rows++;
        }
        rows = w.rows;
        stop += w.season;
    }
done:
    if (signs < 0)
        s.found = ERA_BEYOND_TABLE;
    *search = s;
}

static __attribute__((noinline)) void
era_scan_dense(const struct era_window *w, struct era_search *s, uint64_t *costs)
{
    era_scan(w, s, costs, true);
}

static __attribute__((noinline)) void
era_scan_steps(const struct era_window *w, struct era_search *s, uint64_t *costs)
{
    era_scan(w, s, costs, false);
}

/* One pass over the window, which leaves the answer in `s`. */
static __attribute__((noinline)) void
era_search(const struct era_window *w, struct era_search *s)
{
    uint64_t near[ERA_NEAR_SLOTS];
    uint64_t *costs = near;

    if (w->length + s->slots > ERA_NEAR_SLOTS) {
        costs = malloc((w->length + s->slots) * sizeof *costs);
        if (costs == NULL) {
            s->found = ERA_NO_MEMORY;
            return;
        }
    }
    if (w->shift < 0)
        era_scan_dense(w, s, costs);
    else
        era_scan_steps(w, s, costs);
    if (costs != near)
        free(costs);
}

/* The cost of each slot, -1 where the units do not fit. */
static int64_t
era_costs(const struct era_window *window, int64_t *out)
{
    const struct era_window w = *window;
    const uint64_t span = (uint64_t)(w.max_units - w.units);
    const char *const *rows = w.rows + w.phase, *const *end = w.rows + w.season;

    for (int64_t t = 0; t < w.length; t++) {
        int64_t rest = era_rest(&w, t);
        if (era_is_beyond(&w, t))
            return ERA_BEYOND_TABLE;
        if ((uint64_t)rest > span)
            out[t] = -1;
        else
            out[t] = (int64_t)era_cost(&w, *rows, rest, w.shift < 0);
        if (++rows == end)
            rows = w.rows;
    }
    return 0;
}

/* The total of each start from the costs of the slots, -1 where one of its slots has none. */
static void
era_slide(const int64_t *costs, int64_t n, int64_t slots, int64_t *out)
{
    int64_t total = 0, misfits = 0;

    for (int64_t t = 0; t < n; t++) {
        if (costs[t] < 0)
            misfits++;
        else
            total += costs[t];
        if (t >= slots - 1) {
            int64_t leaving = costs[t + 1 - slots];
            out[t + 1 - slots] = misfits ? -1 : total;
            if (leaving < 0)
                misfits--;
            else
                total -= leaving;
        }
    }
}

/* --- many requests, each on the book that those before it left ------------------------------ */

struct era_request {
    int64_t units, slots, start, end, value;
};

/* The order of pricing.kernel.Outcome. */
enum {
    ERA_ACCEPTED,
    ERA_WINDOW_TOO_SHORT,
    ERA_BEYOND_HORIZON,
    ERA_TOO_MANY_UNITS,
    ERA_NO_CAPACITY,
    ERA_PRICE_ABOVE_VALUE
};

struct era_decisions {
    int64_t *outcomes, *starts, *totals;
};

/* The window of one request, or why it has none. `book` is all of the book from its first slot. */
ERA_INLINE int
era_window_of(const struct era_window *book, const struct era_request *r, int64_t horizon,
              struct era_window *w)
{
    if (r->end <= r->start || (uint64_t)r->end - (uint64_t)r->start < (uint64_t)r->slots)
        return ERA_WINDOW_TOO_SHORT;
    if (r->start >= horizon || horizon - r->start < r->slots)
        return ERA_BEYOND_HORIZON;
    *w = *book;
    w->begin = r->start;
    w->promised += r->start - book->begin;
    w->capacity += r->start - book->begin;
    w->length = (r->end < horizon ? r->end : horizon) - r->start;
    w->phase = r->start % w->season;
    if (w->phase < 0)
        w->phase += w->season;
    w->units = r->units;
    return ERA_ACCEPTED;
}

static int
era_why_nothing_fits(const struct era_window *w)
{
    for (int64_t t = 0; t < w->length; t++)
        if (w->capacity[t] >= w->units)
            return ERA_NO_CAPACITY;
    return ERA_TOO_MANY_UNITS;
}

/* Decides one, and promises its units in `promised`, which is the book's, if it is accepted. */
ERA_INLINE int64_t
era_decide_one(const struct era_window *book, int64_t *promised, const struct era_request *r,
               int64_t horizon, const struct era_decisions *d, int64_t i, struct era_window *w)
{
    struct era_search s = {r->slots, false, (uint64_t)INT64_MAX + 1, ERA_NOTHING_FITS};

    d->starts[i] = d->totals[i] = -1;
    d->outcomes[i] = era_window_of(book, r, horizon, w);
    if (d->outcomes[i] != ERA_ACCEPTED)
        return 0;
    if (w->units <= w->max_units)
        era_search(w, &s);
    if (s.found < ERA_NOTHING_FITS)
        return s.found;
    if (s.found == ERA_NOTHING_FITS) {
        d->outcomes[i] = era_why_nothing_fits(w);
        return 0;
    }
    d->starts[i] = w->begin + s.found;
    d->totals[i] = (int64_t)s.best;
    if (d->totals[i] > r->value) {
        d->outcomes[i] = ERA_PRICE_ABOVE_VALUE;
        return 0;
    }
    int64_t *first = promised + (d->starts[i] - book->begin);
    for (int64_t k = 0; k < r->slots; k++)
        first[k] += r->units;
    return 0;
}

/* Where it stopped: `n`, or the request at whose window, left in `w`, the book makes no sense
 * (`why` says so) or memory ran out. */
static int64_t
era_decide_all(const struct era_window *book, int64_t *promised, const struct era_request *requests,
               int64_t n, int64_t horizon, const struct era_decisions *d, struct era_window *w,
               int64_t *why)
{
    int64_t i = 0;

    *why = 0;
    while (i < n) {
        *why = era_decide_one(book, promised, &requests[i], horizon, d, i, w);
        if (*why)
            break;
        i++;
    }
    return i;
}

#endif
