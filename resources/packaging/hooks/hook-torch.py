"""PyInstaller's way with torch: its libraries, and of its modules only those that are imported.

The hook that comes with PyInstaller takes everything along, sources included, for programs that compile.
"""

from importlib import metadata

from _pyinstaller_hooks_contrib.utils import nvidia_cuda
from packaging.requirements import Requirement
from PyInstaller.utils.hooks import PY_DYLIB_PATTERNS, collect_data_files, collect_dynamic_libs

from resources.packaging.contents import SOURCES

sources = [name.partition(".")[2].replace(".", "/") + ".py" for name in SOURCES if name.startswith("torch.")]
# torch asks for its shared memory manager when it is imported
datas = collect_data_files("torch", include_py_files=True, includes=["bin/torch_shm_manager*", *sources])
binaries = collect_dynamic_libs("torch", search_patterns=[*PY_DYLIB_PATTERNS, "*.so.*"])

# With a graphics card's torch its libraries come as packages of their own, which nothing imports
requirements = [Requirement(line) for line in metadata.requires("torch") or []]
names = [r.name for r in requirements if r.marker is None or r.marker.evaluate()]
hiddenimports = nvidia_cuda.infer_hiddenimports_from_requirements(names)

# torch looks for its libraries beside the one it was loaded from: no links to it from elsewhere
bindepend_symlink_suppression = ["**/torch/lib/*.so*"]
