"""Builds the Cython pricing kernel; everything else about the package stands in pyproject.toml."""

from Cython.Build import cythonize
from setuptools import Extension, setup

# No -march=native: what is built on one machine must run on another.
KERNEL = Extension(
    "pricing.kernel._scan",
    ["pricing/kernel/_scan.pyx"],
    extra_compile_args=["-O3"],
)

setup(ext_modules=cythonize([KERNEL]))
