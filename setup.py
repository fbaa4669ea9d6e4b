"""Builds the Cython pricing kernel; everything else about the package stands in pyproject.toml."""

import numpy as np
from Cython.Build import cythonize
from setuptools import Extension, setup

# No -march=native: what is built on one machine must run on another.
OPTIONS = {
    "depends": ["pricing/kernel/scan.h", "pricing/kernel/instead.h"],
    "include_dirs": [np.get_include(), "pricing/kernel"],
    "define_macros": [("NPY_NO_DEPRECATED_API", "NPY_1_7_API_VERSION")],
    # Python is built with -fwrapv, which costs the loops a tenth: theirs wrap in unsigned numbers only.
    "extra_compile_args": ["-O3", "-fno-wrapv"],
}
KERNEL = [
    Extension(f"pricing.kernel.{name}", [f"pricing/kernel/{name}.pyx"], **OPTIONS) for name in ("_replay", "_scan")
]

setup(ext_modules=cythonize(KERNEL))
