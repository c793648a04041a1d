"""How long ``moebius erase`` takes from its start to its end, and how much of that is loading.

    python -m benchmarks.starts [--models patch-fill moebius-nano] [--repeats 5] [--against FOLDER]

``--against``: another checkout, run in turns with this one. Prints one JSON object a model: medians of the seconds of
the whole command, of the processor's time it used (what other work on the machine changes less), and of its loading,
during which a command may do other things. The program's modules are compiled before, as where it is installed.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]


def run(root: Path, model: str, out: Path) -> tuple[float, float, float]:
    """Seconds, processor seconds, and seconds of loading, of one command; ``out``: a folder, kept between runs."""
    sample = ROOT / "resources" / "samples" / "rocket"
    command = [sys.executable, "-m", "app", "erase", f"{sample}.jpg", f"{sample}-mask.png", "-o", str(out / "a.png")]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONPYCACHEPREFIX": str(out)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    ran = subprocess.run(
        [*command, "--model", model, "--json"], cwd=root, env=environment, capture_output=True, text=True, check=True
    )
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, used, float(json.loads(ran.stdout)["load_seconds"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=["patch-fill", "moebius-nano"])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--against", type=Path)
    options = parser.parse_args()
    roots = {"this": ROOT, **({"other": options.against.resolve()} if options.against is not None else {})}
    for model in options.models:
        found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in roots}
        with TemporaryDirectory() as folder:
            for repeat in range(options.repeats + 1):
                for name, root in roots.items():
                    figures = run(root, model, Path(folder))
                    if repeat:  # the first warms the disk's cache, and compiles
                        found[name].append(figures)
        names = ("seconds", "processor_seconds", "load_seconds")
        medians = {
            name: {
                n: round(statistics.median(column), 3) for n, column in zip(names, zip(*all_, strict=True), strict=True)
            }
            for name, all_ in found.items()
        }
        print(json.dumps({"benchmark": "starts", "model": model, "repeats": options.repeats, **medians}), flush=True)


if __name__ == "__main__":
    main()
