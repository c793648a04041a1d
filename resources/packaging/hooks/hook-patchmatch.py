"""PyInstaller's way with PyPatchMatch: its library is looked for beside the module and loaded by hand."""

from PyInstaller.utils.hooks import collect_dynamic_libs

binaries = collect_dynamic_libs("patchmatch")
