"""PyInstaller's way with torch: its libraries, and of its modules only those that are imported.

The hook that comes with PyInstaller takes everything along, sources included, for programs that compile.
"""

from pathlib import Path

from PyInstaller.utils.hooks import (
    PY_DYLIB_PATTERNS,
    collect_data_files,
    collect_dynamic_libs,
    get_module_file_attribute,
)

from resources.packaging.contents import SOURCES
from resources.packaging.cuda_libraries import loaded_by_name

sources = [name.partition(".")[2].replace(".", "/") + ".py" for name in SOURCES if name.startswith("torch.")]
# torch asks for its shared memory manager when it is imported
datas = collect_data_files("torch", include_py_files=True, includes=["bin/torch_shm_manager*", *sources])
binaries = collect_dynamic_libs("torch", search_patterns=[*PY_DYLIB_PATTERNS, "*.so.*"])

# With a torch for cards NVIDIA's libraries come as packages of their own; the linked ones PyInstaller finds itself
binaries += loaded_by_name(Path(get_module_file_attribute("torch")).parents[1])

# These look for their libraries beside the one they were loaded from: no links to it from elsewhere
bindepend_symlink_suppression = ["**/torch/lib/*.so*", "**/nvidia/**/*.so*"]
