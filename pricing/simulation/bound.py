"""What nobody can exceed: the best fractional schedule, all requests known beforehand (solved with HiGHS).

Jobs may be served in part, cut into pieces and run on fewer units for longer, so no real schedule gets there.
"""

import highspy
import numpy as np

from pricing.simulation.workload import Workload


def lp_bound(workload: Workload) -> int:
    """The value that the linear program serves, in micro-credits, rounded up. Raises RuntimeError if unsolved.

    y[j, t] is the part of request j's units that it has in slot t: maximise Σ value_j / slots_j · y[j, t] with
    Σ_j units_j · y[j, t] ≤ units for each slot and Σ_t y[j, t] ≤ slots_j for each request, 0 ≤ y ≤ 1.
    """
    sold_to = workload.sold_to
    rows = np.flatnonzero((sold_to.units <= workload.units) & (sold_to.end - sold_to.start >= sold_to.slots))
    if not len(rows):
        return 0
    first = int(sold_to.start[rows].min())
    lengths = (sold_to.end - sold_to.start)[rows]
    job = np.repeat(np.arange(len(rows)), lengths)
    begin = np.concatenate(([0], np.cumsum(lengths)[:-1]))
    slot = np.arange(len(job)) - begin[job] + sold_to.start[rows][job] - first
    slots, count = int(slot.max()) + 1, len(job)
    scale = float(sold_to.value[rows].max())

    program = highspy.HighsLp()
    program.num_col_, program.num_row_ = count, slots + len(rows)
    program.col_cost_ = -(sold_to.value[rows] / scale / sold_to.slots[rows])[job]
    program.col_lower_, program.col_upper_ = np.zeros(count), np.ones(count)
    program.row_lower_ = np.full(program.num_row_, -highspy.kHighsInf)
    program.row_upper_ = np.concatenate((np.full(slots, float(workload.units)), sold_to.slots[rows].astype(float)))
    program.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    program.a_matrix_.start_ = np.arange(0, 2 * count + 1, 2)
    program.a_matrix_.index_ = np.stack((slot, slots + job), axis=1).ravel()
    program.a_matrix_.value_ = np.stack((sold_to.units[rows][job].astype(float), np.ones(count)), axis=1).ravel()

    solver = highspy.Highs()  # type: ignore[no-untyped-call]  # highspy leaves it without one
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("solver", "ipm")
    solver.setOptionValue("run_crossover", "off")
    solver.setOptionValue("threads", 1)
    solver.passModel(program)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise RuntimeError(f"HiGHS: {solver.modelStatusToString(solver.getModelStatus())}")
    return int(np.ceil(-solver.getInfo().objective_function_value * scale))
