"""A U-Net whose forward pass is recorded on a graphics card once, and replayed: no launching of single kernels.

An eager pass of these networks is some hundred short kernels, whose launching takes a modern card longer than their
arithmetic. A CUDA graph launches all of them at once (torch.cuda.CUDAGraph). One is recorded for every shape of the
input and set of categories, at first use, compared with the eager pass, and given up where the two differ.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from inference.errors import Cancelled, out_of_memory
from inference.networks.fast.folded import FoldedInteractive, nothing
from inference.networks.unet import UNetOutput

MOST = 4  # graphs kept at a time, those used last: each holds the memory of its pass
WARM_UP = 2  # passes before recording: libraries prepare themselves in the first
TOLERANCE = {torch.float32: 1e-4, torch.bfloat16: 5e-2, torch.float16: 2e-2}  # of the largest value, replayed or eager


class Recording(Protocol):
    """A pass that can be repeated: it reads and writes the tensors it was recorded with."""

    def replay(self) -> None: ...


Record = Callable[[Callable[[], Tensor]], tuple[Recording, Tensor]]
"""Records what a function does, after warming it up; returns the recording and where it leaves its result."""


class CudaRecorder:
    """Records on the current CUDA device; recordings share a pool of memory, as none is replayed within another."""

    def __init__(self) -> None:
        self._pool: Any = None

    def __call__(self, forward: Callable[[], Tensor]) -> tuple[Recording, Tensor]:
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(WARM_UP):
                forward()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        # Other threads of the program may use the card meanwhile: only this one's calls are looked at.
        with torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"):
            output = forward()
        self._pool = self._pool or graph.pool()
        return graph, output


@dataclass
class _Graph:
    recording: Recording
    sample: Tensor
    timestep: Tensor
    output: Tensor
    kept: list[Any]  # what the recording reads besides, and nobody else may hold any more

    def __call__(self, sample: Tensor, timestep: float) -> Tensor:
        self.sample.copy_(sample)
        self.timestep.fill_(timestep)  # a number in the call itself: nothing is copied from the processor
        self.recording.replay()
        return self.output.clone()  # small, and the next replay writes into the same


class GraphedUNet:
    """``unet``, placed on a device, called through recordings of it; the same calls and the same results.

    Its attribute ``between`` is called before every pass, and within the eager ones; ``on_note`` is told in a sentence
    where recording was given up. Block outputs are left out.
    """

    def __init__(self, unet: nn.Module, record: Record | None = None) -> None:
        self.unet: Any = unet
        self.config: Any = self.unet.config
        self.between: Callable[[], None] = nothing
        self.on_note: Callable[[str], None] = lambda sentence: None
        self._record: Record = record or CudaRecorder()
        self._graphs: OrderedDict[object, _Graph] = OrderedDict()
        self.given_up = False

    def __call__(self, sample: Tensor, timesteps: Tensor, input_ids: Tensor) -> UNetOutput:
        """As of the network; ``timesteps (1,)`` and ``input_ids`` best on the processor, where reading them is free."""
        self.between()
        with torch.inference_mode():
            if self.given_up:
                return self._eager(sample, timesteps, input_ids)
            key = tuple(sample.shape), sample.dtype, tuple(map(tuple, input_ids.tolist()))
            graph = self._graphs.get(key)
            if graph is None:
                return self._first(key, sample, timesteps, input_ids)
            self._graphs.move_to_end(key)
            return UNetOutput(graph(sample, float(timesteps)), ())

    def release(self) -> None:
        """Give the memory of all recordings back; they are made again when needed."""
        self._graphs.clear()

    def _eager(self, sample: Tensor, timesteps: Tensor, input_ids: Tensor) -> UNetOutput:
        inner = hasattr(self.unet, "between")
        if inner:
            self.unet.between = self.between
        try:
            output: UNetOutput = self.unet(sample, timesteps, input_ids)
        finally:
            if inner:
                self.unet.between = nothing
        return output

    def _first(self, key: object, sample: Tensor, timesteps: Tensor, input_ids: Tensor) -> UNetOutput:
        """The eager pass, and a recording that is kept if a replay agrees with it."""
        expected = self._eager(sample, timesteps, input_ids)
        self.between()
        while len(self._graphs) >= MOST:
            self._graphs.popitem(last=False)
        try:
            graph = self._recorded(sample, timesteps, input_ids)
            replayed = graph(sample, float(timesteps))
        except Cancelled:
            raise
        except Exception as error:  # drivers and libraries refuse with many kinds
            if out_of_memory(error):
                self.release()
            self._give_up(f"could not be recorded ({type(error).__name__})")
            return expected
        if not bool(torch.isfinite(expected.sample).all()):
            return expected  # said by whoever looks at it; nothing can be compared
        difference = (replayed.float() - expected.sample.float()).abs().max()
        if float(difference / expected.sample.float().abs().max().clamp_min(1e-6)) > self._tolerance():
            self._give_up("gave another result when it was recorded")
            return expected
        self._graphs[key] = graph
        return expected

    def _recorded(self, sample: Tensor, timesteps: Tensor, input_ids: Tensor) -> _Graph:
        own = sample.clone()
        timestep = torch.full((1,), float(timesteps), device=sample.device)
        ids = input_ids.clone()  # stays where reading it needs no waiting; constants of it were made in the first pass
        if not any(isinstance(part, FoldedInteractive) for part in self.unet.modules()):
            ids = ids.to(sample.device)
        recording, output = self._record(lambda: self.unet(own, timestep, ids).sample)
        kept = [part.constants for part in self.unet.modules() if isinstance(part, FoldedInteractive)]
        return _Graph(recording, own, timestep, output, [ids, *kept])

    def _tolerance(self) -> float:
        kinds = {value.dtype for value in self.unet.state_dict().values() if value.is_floating_point()}
        return max(TOLERANCE.get(kind, 1e-4) for kind in kinds)

    def _give_up(self, why: str) -> None:
        self.given_up = True
        self.release()
        self.on_note(f"The model's steps run one operation at a time here, which is slower: a step {why}.")
