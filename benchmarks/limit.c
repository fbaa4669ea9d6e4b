/* The limit: one Basic-Econ decision as a careful C programmer writes it, trusting its input.
 *
 * The same algorithm and prefix sums as the kernel's, without what a library owes its callers:
 * no check of bounds, of overflow, of the arguments, and scratch memory handed in. Its rows are
 * always dense, one prefix sum a unit, however much memory that takes.
 */

#include <stdint.h>
#include <string.h>
#include <time.h>

struct market {
    const int64_t *promised, *capacity; /* per slot of the window */
    const int64_t *const *rows;         /* per season slot: its curve's prefix sums of prices */
    int64_t season, phase, length;
};

struct offer {
    int64_t start, total;
};

__attribute__((noinline)) static struct offer
decide(const struct market *m, int64_t units, int64_t slots, int64_t *restrict costs)
{
    struct offer best = {-1, INT64_MAX};
    int64_t total = 0, possible = 0, t = 0;
    const int64_t *const *rows = m->rows + m->phase;
    int64_t stop = m->season - m->phase;

    memset(costs, 0, slots * sizeof *costs);
    while (t < m->length) {
        if (stop > m->length)
            stop = m->length;
        for (; t < stop; t++) {
            int64_t rest = m->capacity[t] - m->promised[t] - units;
            const int64_t *row = *rows++;
            int64_t cost = 0;
            if (rest < 0)
                possible = t + 1;
            else
                cost = row[rest + units] - row[rest];
            costs[t + slots] = cost;
            total += cost - costs[t];
            if (total < best.total && t + 1 - slots >= possible) {
                best.total = total;
                best.start = t + 1 - slots;
            }
        }
        rows = m->rows;
        stop += m->season;
    }
    return best;
}

/* Nanoseconds for `repeats` decisions; the last one's answer in `answer`. */
int64_t
measure(const struct market *m, int64_t units, int64_t slots, int64_t *costs, int64_t repeats,
        struct offer *answer)
{
    struct timespec from, to;

    clock_gettime(CLOCK_MONOTONIC, &from);
    for (int64_t i = 0; i < repeats; i++)
        *(volatile struct offer *)answer = decide(m, units, slots, costs);
    clock_gettime(CLOCK_MONOTONIC, &to);
    return (to.tv_sec - from.tv_sec) * 1000000000 + to.tv_nsec - from.tv_nsec;
}
