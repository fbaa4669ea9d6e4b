import numpy as np
import numpy.typing as npt

def replay(
    sums: npt.NDArray[np.int64],
    row_of: npt.NDArray[np.int64],
    *,
    arrival: npt.NDArray[np.int64],
    units: npt.NDArray[np.int64],
    slots: npt.NDArray[np.int64],
    start: npt.NDArray[np.int64],
    end: npt.NDArray[np.int64],
    value: npt.NDArray[np.int64],
) -> npt.NDArray[np.int64]: ...
