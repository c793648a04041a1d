"""NVIDIA's libraries: which of them go into the package for graphics cards, and what takes the place of others.

torch's library for cards is linked to all of them. An erase on one card multiplies matrices (cuBLAS, cuBLASLt) and
convolves (cuDNN); it speaks with no other card, transforms no spectrum and has no sparse matrix. docs/packaging.md
says how each choice was reached and how to undo it.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

FOLDER = "nvidia/"

LOADED_BY_NAME = (
    "libcudnn*.so*",  # cuDNN is loaded in parts; one that is missing ends a convolution, or is taken from the system
    "libnvrtc-builtins.so*",  # by the compiler of kernels
)
"""Libraries that others load while they run, so that no list of linked ones names them."""

UNREACHED = (
    # Recurrence and CTC: of the functions in it torch calls only those
    "nvidia/**/libcudnn_adv.so*",
    # Causal convolutions in one dimension: torch calls none of its functions
    "nvidia/**/libcudnn_ext.so*",
    # Solving equations: torch loads its own part for that, which is linked to NVIDIA's, when one is to be solved
    "torch/lib/libtorch_cuda_linalg.so",
    "nvidia/**/libcusolver*.so*",
    # Needed by those for sparse matrices and equations alone
    "nvidia/**/libnvJitLink.so*",
)
"""Files that are loaded when a function in them is called, and of which the program calls none."""

EMPTIED = (
    "libcufft.so*",
    "libcufile.so*",
    "libcurand.so*",  # torch is linked to it and calls nothing in it
    "libcusparse.so*",
    "libcusparseLt.so*",
    "libnccl.so*",
    "libnvshmem_host.so*",
)
"""Libraries torch is linked to, so that something of that name has to be there. Each is replaced by one whose functions
say that they failed (:mod:`resources.packaging.stand_ins`), which torch reports as an error."""

FROM_DRIVER = ("libcuda.so.1", "libnvidia-ml.so.1")
"""Libraries that come with the graphics driver, on machines that have a card."""


def loaded_by_name(site: Path) -> list[tuple[str, str]]:
    """:data:`LOADED_BY_NAME` below ``site``, where packages are, as PyInstaller's pairs of file and folder."""
    return [
        (str(path), path.parent.relative_to(site).as_posix())
        for path in sorted(site.glob(f"{FOLDER}**/lib*.so*"))
        if any(fnmatchcase(path.name, pattern) for pattern in LOADED_BY_NAME)
    ]


def is_unreached(target: str) -> bool:
    """Whether a file stays out, by where it would lie in the package (forward slashes)."""
    return any(fnmatchcase(target, pattern) for pattern in UNREACHED)


def is_emptied(target: str) -> bool:
    """Whether an empty library takes a file's place."""
    name = target.rpartition("/")[2]
    return target.startswith(FOLDER) and any(fnmatchcase(name, pattern) for pattern in EMPTIED)
