"""What is not needed is not imported: it is most of the time a command takes to begin."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from inference.errors import Cancelled
from inference.models import loading
from inference.runtime import without

SCRIPT = """
import sys
import numpy as np
from inference import ErasePipeline
pipeline = ErasePipeline.load(sys.argv[1], device="cpu")
mask = np.zeros((64, 64), np.uint8)
mask[20:40, 20:40] = 255
pipeline.erase(np.arange(64 * 64 * 3, dtype=np.uint32).reshape(64, 64, 3).astype(np.uint8), mask)
print(*sorted(name for name in sys.modules if name in sys.argv[2:]))
"""


@pytest.mark.parametrize(
    ("model", "unwanted"),
    [
        ("patch-fill", ["torch", "diffusers", "safetensors", "huggingface_hub", "scipy"]),
        ("moebius-nano", ["torch._dynamo", "torch._inductor", "sympy", "scipy", "transformers"]),
    ],
)
def test_an_erase_imports_what_it_needs_only(model: str, unwanted: list[str]) -> None:
    command = [sys.executable, "-c", SCRIPT, model, *unwanted]
    ran = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []


AUTOENCODERS = """
from pathlib import Path
from inference.errors import ModelError
from inference.models import kl_autoencoder, tiny_autoencoder
for make in (lambda: kl_autoencoder(Path("vae.safetensors"), {}, 4), lambda: tiny_autoencoder(Path("tiny"), {})):
    try:
        make()
    except ModelError as error:
        print(error)
"""


def test_the_large_autoencoders_are_found_in_a_process_that_has_imported_nothing_else() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", AUTOENCODERS], cwd=Path(__file__).parents[2], capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert len(ran.stdout.splitlines()) == 2, "each says which entries are missing"


def test_what_is_kept_out_can_be_imported_afterwards() -> None:
    sys.modules.pop("graphlib", None)
    with without("graphlib", "json"):
        with pytest.raises(ImportError):
            __import__("graphlib")
        assert __import__("json").loads("1") == 1, "what is there already stays"
    assert __import__("graphlib").TopologicalSorter


@pytest.mark.parametrize("small", [True, False])
def test_a_small_model_is_loaded_on_one_thread_and_computes_on_all(
    tiny_folder: Path, monkeypatch: pytest.MonkeyPatch, small: bool
) -> None:
    seen: list[int] = []

    def stop() -> None:
        raise Cancelled

    monkeypatch.setattr(loading, "SMALL", loading.SMALL if small else 1)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        loading.load_model(tiny_folder, torch.device("cpu"), lambda: seen.append(torch.get_num_threads()))
        assert set(seen) == {1 if small else 2}
        with pytest.raises(Cancelled):
            loading.load_model(tiny_folder, torch.device("cpu"), stop)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
