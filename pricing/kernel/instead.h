/* What would do instead of what was asked: the loops behind `longest` and `most_units`.
 *
 * As in scan.h: plain C that trusts its input, unsigned where to wrap is allowed.
 */

#ifndef ERA_INSTEAD_H
#define ERA_INSTEAD_H

#include "scan.h"

struct era_run {
    int64_t length; /* or ERA_BEYOND_TABLE, ERA_NO_MEMORY */
    int64_t start;  /* offset of the cheapest run of that length */
    uint64_t total;
};

struct era_most {
    int64_t units; /* or ERA_BEYOND_TABLE, ERA_NO_MEMORY */
    int64_t start; /* offset of the cheapest start for them; at first, one that is likely to give many */
    uint64_t total;
};

/* The cheapest starts of a block for some units, and for one unit more; UINT64_MAX: none fits. */
struct era_pair {
    int64_t start, start_more;
    uint64_t total, total_more;
};

/* The sum of the prices at which fewer than n units are left free. */
ERA_INLINE uint64_t
era_sum(const struct era_window *w, const char *row, int64_t n, bool dense)
{
    if (dense)
        return ((const uint64_t *)row)[n];
    const struct era_piece *piece = era_piece_of(w, row, n);
    return piece->base + piece->price * (uint64_t)n;
}

/* The longest run, of at most `most` slots, that costs at most `value`. The window only ever
 * grows: costs are not negative, so no run that ends before the final length was first reached
 * can have had it. */
ERA_INLINE void
era_grow(const struct era_window *window, int64_t most, uint64_t value, uint64_t *costs,
         struct era_run *run, bool dense)
{
    const struct era_window w = *window; /* a copy, which no store to costs can change */
    const char *const *rows = w.rows + w.phase, *const *end = w.rows + w.season;
    int64_t start = 0, left = 0, length = 0, possible = 0;
    uint64_t total = 0, best = 0;

    for (int64_t t = 0; t < w.length; t++) {
        if (era_is_beyond(&w, t)) {
            run->length = ERA_BEYOND_TABLE;
            return;
        }
        int64_t rest = era_rest(&w, t);
        uint64_t cost = 0;
        if (rest >= 0)
            cost = era_cost(&w, *rows, rest, dense);
        else
            possible = t + 1;
        if (++rows == end)
            rows = w.rows;
        costs[t] = cost;
        total += cost;
        /* Slots left..t are one more than `length`. */
        if (length < most && left >= possible && total <= value) {
            length++;
            best = total;
            start = left;
            continue;
        }
        total -= costs[left++];
        if (total < best && left >= possible && length) {
            best = total;
            start = left;
        }
    }
    run->length = length;
    run->start = start;
    run->total = best;
}

static void
era_longest(const struct era_window *w, int64_t most, uint64_t value, struct era_run *run)
{
    uint64_t near[ERA_NEAR_SLOTS];
    uint64_t *costs = near;

    if (w->length > ERA_NEAR_SLOTS && (costs = malloc(w->length * sizeof *costs)) == NULL) {
        run->length = ERA_NO_MEMORY;
        return;
    }
    if (w->shift < 0)
        era_grow(w, most, value, costs, run, true);
    else
        era_grow(w, most, value, costs, run, false);
    if (costs != near)
        free(costs);
}

/* The cheapest of the starts [begin, stop) for `units` and for one more. False where a slot lies
 * beyond the table. */
ERA_INLINE bool
era_least_pair(const struct era_window *window, int64_t units, int64_t slots, int64_t begin,
               int64_t stop, uint64_t *scratch, struct era_pair *pair, bool dense)
{
    const struct era_window w = *window;
    const char *const *rows = w.rows + (w.phase + begin) % w.season, *const *end = w.rows + w.season;
    int64_t n = stop - begin + slots - 1, possible = begin, possible_more = begin;
    uint64_t *costs = scratch, *costs_more = scratch + n;
    uint64_t total = 0, total_more = 0;
    struct era_pair least = {ERA_NOTHING_FITS, ERA_NOTHING_FITS, UINT64_MAX, UINT64_MAX};

    for (int64_t k = 0; k < n; k++) {
        int64_t t = begin + k;
        if (era_is_beyond(&w, t))
            return false;
        int64_t left = w.capacity[t] - w.promised[t];
        uint64_t cost = 0, more = 0;
        if (left >= units) {
            uint64_t whole = era_sum(&w, *rows, left, dense);
            cost = whole - era_sum(&w, *rows, left - units, dense);
            if (left > units)
                more = whole - era_sum(&w, *rows, left - units - 1, dense);
            else
                possible_more = t + 1;
        } else {
            possible = possible_more = t + 1;
        }
        if (++rows == end)
            rows = w.rows;
        costs[k] = cost;
        costs_more[k] = more;
        total += cost;
        total_more += more;
        if (k < slots - 1)
            continue;
        int64_t first = t + 1 - slots;
        if (total < least.total && first >= possible) {
            least.total = total;
            least.start = first;
        }
        if (total_more < least.total_more && first >= possible_more) {
            least.total_more = total_more;
            least.start_more = first;
        }
        total -= costs[k + 1 - slots];
        total_more -= costs_more[k + 1 - slots];
    }
    *pair = least;
    return true;
}

/* The most units that one start gives for at most `value`: Newton's method from above. Each unit
 * costs at least as much as the one before it, so a unit given up saves at most the last one's
 * price, and no step goes too far. */
ERA_INLINE int64_t
era_most_at(const struct era_window *w, int64_t start, int64_t slots, int64_t most, uint64_t value,
            bool dense)
{
    int64_t units = most;

    for (int64_t t = start; t < start + slots; t++) {
        if (era_is_beyond(w, t))
            return 0; /* for the passes to refuse */
        if (w->capacity[t] - w->promised[t] < units)
            units = w->capacity[t] - w->promised[t];
    }
    while (units > 0) {
        const char *const *rows = w->rows + (w->phase + start) % w->season;
        uint64_t total = 0, last = 0;
        for (int64_t t = start; t < start + slots; t++) {
            int64_t left = w->capacity[t] - w->promised[t];
            uint64_t below = era_sum(w, *rows, left - units, dense);
            total += era_sum(w, *rows, left, dense) - below;
            last += era_sum(w, *rows, left - units + 1, dense) - below;
            if (++rows == w->rows + w->season)
                rows = w->rows;
        }
        if (total <= value)
            return units;
        units -= (int64_t)((total - value + last - 1) / last);
    }
    return 0;
}

/* Blocks of starts are asked in an order without trend whether one unit more than the most so far
 * would do in them. Mostly none would, which takes one pass in all. Where one would, its cheapest
 * start is taken to the most that it gives, and the block is asked again. */
ERA_INLINE void
era_raise(const struct era_window *w, int64_t slots, int64_t most, uint64_t value, uint64_t *scratch,
          struct era_most *found, bool dense)
{
    int64_t starts = w->length - slots + 1;
    /* Each block also reads the `slots` after its last start: four times that keeps it small. */
    int64_t size = (starts + 16) / 17 > 4 * slots ? (starts + 16) / 17 : 4 * slots;
    int64_t blocks = (starts + size - 1) / size;
    int64_t stride = blocks == 17 ? 7 : 1; /* coprime, so that every block has its turn */
    struct era_pair pair;

    found->units = era_most_at(w, found->start, slots, most, value, dense);
    found->start = ERA_NOTHING_FITS;
    found->total = UINT64_MAX;
    for (int64_t k = 0; k < blocks; k++) {
        int64_t begin = k * stride % blocks * size;
        int64_t stop = begin + size < starts ? begin + size : starts;
        for (;;) {
            if (!era_least_pair(w, found->units, slots, begin, stop, scratch, &pair, dense)) {
                found->units = ERA_BEYOND_TABLE;
                return;
            }
            if (found->units == most || pair.total_more > value)
                break;
            int64_t raised = era_most_at(w, pair.start_more, slots, most, value, dense);
            /* One more is known to do; so the loop ends whatever the table is. */
            found->units = raised > found->units ? raised : found->units + 1;
            found->start = ERA_NOTHING_FITS;
            found->total = UINT64_MAX;
        }
        if (pair.total < found->total || (pair.total == found->total && pair.start < found->start)) {
            found->total = pair.total;
            found->start = pair.start;
        }
    }
}

static void
era_most_units(const struct era_window *w, int64_t slots, int64_t most, uint64_t value,
               struct era_most *found)
{
    uint64_t near[ERA_NEAR_SLOTS];
    uint64_t *scratch = near;

    if (w->length > ERA_NEAR_SLOTS / 2 && (scratch = malloc(2 * w->length * sizeof *scratch)) == NULL) {
        found->units = ERA_NO_MEMORY;
        return;
    }
    if (w->shift < 0)
        era_raise(w, slots, most, value, scratch, found, true);
    else
        era_raise(w, slots, most, value, scratch, found, false);
    if (scratch != near)
        free(scratch);
}

#endif
