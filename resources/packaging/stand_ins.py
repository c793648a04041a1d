"""Empty libraries in place of those that others are linked to and never call.

OpenCV's wheel is one library, linked to FFmpeg and OpenBLAS, and these to others: 75 MB that nothing the program calls
ever reaches (:data:`resources.packaging.contents.OPENCV_FUNCTIONS`). The linker wants them there all the same, so each
is replaced by one of the same name that holds the same symbols and ends the program where one is called.

In NVIDIA's libraries, which torch is linked to (:mod:`resources.packaging.cuda_libraries`), a call answers instead that
it failed: they all tell failures from success, which is 0, and torch makes exceptions of them.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

TOOLS = ("cc", "readelf")
TEXTS = re.compile(r"Get(Last)?Error(String|Name)?$")  # functions that return a text, not whether they succeeded
MISSING = "this library is not in the package"


@dataclass(frozen=True)
class Symbol:
    """An entry of a library's dynamic symbol table."""

    name: str
    version: str
    is_data: bool
    size: int
    defined: bool


def possible() -> bool:
    """Whether a C compiler and readelf are there to make them with."""
    return all(shutil.which(tool) for tool in TOOLS)


def symbols(library: Path) -> list[Symbol]:
    """A library's dynamic symbols; raises ``subprocess.CalledProcessError`` where it is none."""
    listing = _output("readelf", "--dyn-syms", "--wide", str(library))
    found = []
    for line in listing.splitlines():
        # 12: 0000000000001120  90 FUNC  GLOBAL DEFAULT  14 avcodec_open2@@LIBAVCODEC_62
        parts = line.split()
        if len(parts) >= 8 and re.fullmatch(r"\d+:", parts[0]) and parts[4] in ("GLOBAL", "WEAK"):
            name, _, version = parts[7].partition("@")
            size = int(parts[2], 0)
            found.append(Symbol(name, version.lstrip("@"), parts[3] == "OBJECT", size, parts[6] != "UND"))
    return found


def needed(library: Path) -> list[str]:
    """Names of the libraries a library is linked to."""
    return re.findall(r"\(NEEDED\).*\[(.+?)\]", _output("readelf", "--dynamic", "--wide", str(library)))


def make(users: Iterable[Path], library: Path, folder: Path, fails: bool = False) -> Path:
    """Make an empty ``library`` in ``folder`` that has what ``users`` want of it; returns the file.

    A call ends the program, or returns a failure where ``fails``. C++'s own functions, which some libraries have copies
    of, stay with C++'s library. Raises ``subprocess.CalledProcessError`` where the compiler fails.
    """
    wanted = {s.name for user in users for s in symbols(user) if not s.defined and not s.name.startswith("_Z")}
    held = [symbol for symbol in symbols(library) if symbol.defined and symbol.name in wanted]
    lines = [_definition(symbol, fails) for symbol in sorted(set(held), key=lambda symbol: symbol.name)]
    folder.mkdir(parents=True, exist_ok=True)
    source, target = folder / f"{library.name}.c", folder / library.name
    source.write_text("\n".join(lines) + "\n", encoding="ascii")
    options = ["-shared", "-fPIC", "-O1", "-w", "-ffreestanding", "-nostdlib", f"-Wl,-soname,{library.name}"]
    by_version: dict[str, list[str]] = defaultdict(list)
    for symbol in held:
        by_version[symbol.version].append(symbol.name)
    if named := {version: names for version, names in by_version.items() if version}:
        script = folder / f"{library.name}.map"
        script.write_text("".join(f"{v} {{ global: {'; '.join(n)}; }};\n" for v, n in named.items()), encoding="ascii")
        options.append(f"-Wl,--version-script,{script}")
    subprocess.run(["cc", *options, "-o", str(target), str(source)], check=True)
    return target


def _definition(symbol: Symbol, fails: bool) -> str:
    if symbol.is_data:
        return f"char {symbol.name}[{max(symbol.size, 1)}];"
    if fails and TEXTS.search(symbol.name) and "Async" not in symbol.name:
        return f'const char *{symbol.name}(void) {{ return "{MISSING}"; }}'
    return f"int {symbol.name}(void) {{ return 1; }}" if fails else f"void {symbol.name}(void) {{ __builtin_trap(); }}"


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
