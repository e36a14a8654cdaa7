"""The extension module. The C sources of libest are in csrc/; LIBEST_SYSTEM=1 links the installed library."""
import os
import subprocess
from pathlib import Path

from setuptools import Extension, setup


def pkg_config(*arguments):
    run = subprocess.run([os.environ.get("PKG_CONFIG", "pkg-config"), *arguments], capture_output=True, text=True)
    return run.stdout.split()


def version():
    line = next(line for line in Path("pyproject.toml").read_text().splitlines() if line.startswith("version"))
    return line.split('"')[1]


settings = {
    "include_dirs": ["csrc"],
    "define_macros": [("_POSIX_C_SOURCE", "200809L"), ("EST_VERSION", f'"{version()}"')],
    "extra_compile_args": ["-std=c11", "-ffp-contract=off", "-pthread", "-fvisibility=hidden"],
}
if os.environ.get("LIBEST_SYSTEM") == "1":
    found = pkg_config("--variable=libdir", "libest")
    if not found:
        raise SystemExit("LIBEST_SYSTEM=1, but pkg-config does not find libest")
    settings["sources"] = ["csrc/shim.c", "csrc/low_wrap.c"]
    settings["extra_compile_args"] += pkg_config("--cflags", "libest")
    settings["extra_link_args"] = pkg_config("--libs", "libest")
    settings["runtime_library_dirs"] = found
else:
    settings["sources"] = Path("sources.txt").read_text().split()
    settings["include_dirs"] += ["csrc/include", "csrc/libest"]
    settings["extra_compile_args"] += pkg_config("--cflags", "gsl", "nettle", "jansson")
    settings["extra_link_args"] = pkg_config("--libs-only-L", "gsl", "openblas", "nettle") + ["-pthread"]
    # gslcblas, a slow reference BLAS that would win over OpenBLAS, is left out.
    settings["libraries"] = ["gsl", "openblas", "readstat", "csv", "inih", "jansson", "nettle", "m"]

setup(ext_modules=[Extension("libest._low", **settings)])
