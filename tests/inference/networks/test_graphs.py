"""Recorded passes: what they are keyed by, compared with and given up for, with recordings made on the processor."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor

from inference.errors import Cancelled
from inference.models.devices import place
from inference.networks import build_unet
from inference.networks.config import COSINE_SCHEDULE, RELEASED_SCHEDULE, PixelHackerConfig
from inference.networks.fast.evaluation import EvaluationUNet
from inference.networks.fast.graphs import MOST, GraphedUNet, Record, Recording
from inference.sampling.loop import denoise, plan_timesteps
from inference.sampling.schedules import ddim
from tests.inference.networks.test_evaluation import BRANCHES, TIME, sample, small

TEACHER = PixelHackerConfig(widths=(16, 32), heads=4, groups=8, grid=8, embedding_width=12, context_width=8)


class Repeated:
    """A recording on the processor: it does again what was done, from and into the same tensors."""

    def __init__(self, forward: Callable[[], Tensor], spoil: float = 0.0) -> None:
        self.forward, self.spoil, self.replays = forward, spoil, 0
        self.output = forward().clone()

    def replay(self) -> None:
        self.replays += 1
        self.output.copy_(self.forward() + self.spoil)


class Recorder:
    def __init__(self, spoil: float = 0.0) -> None:
        self.made: list[Repeated] = []
        self.spoil = spoil

    def __call__(self, forward: Callable[[], Tensor]) -> tuple[Recording, Tensor]:
        self.made.append(Repeated(forward, self.spoil))
        return self.made[-1], self.made[-1].output


def graphed(record: Record) -> GraphedUNet:
    return GraphedUNet(place(small(), torch.device("cpu"), "fp32"), record)  # type: ignore[arg-type]


@pytest.fixture
def expected() -> Iterator[Callable[[Tensor, int, Tensor], Tensor]]:
    plain = EvaluationUNet(small()).pack()
    with torch.inference_mode():
        yield lambda x, time, ids: plain(x, torch.tensor([time]), ids).sample


def test_a_pass_is_recorded_once_and_replayed_with_other_input(
    expected: Callable[[Tensor, int, Tensor], Tensor],
) -> None:
    record = Recorder()
    unet = graphed(record)
    outputs = []
    for number, time in enumerate((900, 400, 0)):
        x = sample(1, 16, 16) * (number + 1)
        outputs.append(unet(x, torch.tensor([time]), BRANCHES).sample)
        assert torch.allclose(outputs[-1], expected(x, time, BRANCHES), atol=1e-5)
    assert [made.replays for made in record.made] == [3]  # the first to be compared
    assert len({output.data_ptr() for output in outputs}) == 3, "a result is not written over by the next"


def test_grids_branches_and_categories_have_recordings_of_their_own(
    expected: Callable[[Tensor, int, Tensor], Tensor],
) -> None:
    record = Recorder()
    unet = graphed(record)
    calls = [(16, BRANCHES), (16, BRANCHES[:1]), (16, BRANCHES.flip(0)), (8, BRANCHES)]
    for _ in range(2):
        for side, ids in calls:
            x = sample(1, side, side)
            assert torch.allclose(unet(x, TIME, ids).sample, expected(x, int(TIME), ids), atol=1e-5)
    assert [made.replays for made in record.made] == [2] * len(calls)
    unet(sample(1, 8, 16), TIME, BRANCHES)  # one more than are kept
    unet(sample(1, 16, 16), TIME, BRANCHES)
    assert len(record.made) == MOST + 2, "the one used longest ago has gone"


def test_a_replay_that_differs_is_not_used(expected: Callable[[Tensor, int, Tensor], Tensor]) -> None:
    record = Recorder(spoil=0.1)
    notes: list[str] = []
    unet = graphed(record)
    unet.on_note = notes.append
    for _ in range(3):
        output = unet(sample(1, 16, 16), TIME, BRANCHES).sample
        assert torch.allclose(output, expected(sample(1, 16, 16), int(TIME), BRANCHES), atol=1e-5)
    assert unet.given_up and len(record.made) == 1 and record.made[0].replays == 1
    assert len(notes) == 1 and "gave another result" in notes[0]


@pytest.mark.parametrize("error", [RuntimeError("CUDA error: operation not permitted"), MemoryError()])
def test_what_can_not_be_recorded_runs_as_it_is(
    error: Exception, expected: Callable[[Tensor, int, Tensor], Tensor]
) -> None:
    def record(forward: Callable[[], Tensor]) -> tuple[Recording, Tensor]:
        raise error

    notes: list[str] = []
    unet = graphed(record)
    unet.on_note = notes.append
    for _ in range(2):
        output = unet(sample(1, 16, 16), TIME, BRANCHES).sample
        assert torch.allclose(output, expected(sample(1, 16, 16), int(TIME), BRANCHES), atol=1e-5)
    assert len(notes) == 1 and "could not be recorded" in notes[0]


def test_values_that_are_not_finite_are_neither_compared_nor_hidden() -> None:
    record = Recorder()
    unet = graphed(record)
    x = sample(1, 16, 16)
    x[0, 0, 0, 0] = torch.nan
    assert not torch.isfinite(unet(x, TIME, BRANCHES).sample).all()
    assert not unet.given_up
    assert torch.isfinite(unet(sample(1, 16, 16), TIME, BRANCHES).sample).all()
    assert len(record.made) == 2


def test_released_recordings_are_made_again() -> None:
    record = Recorder()
    unet = graphed(record)
    for _ in range(2):
        unet(sample(1, 16, 16), TIME, BRANCHES)
        unet.release()
    assert len(record.made) == 2


@pytest.mark.parametrize("replays", [0, 1])
def test_it_is_cancelled_before_every_pass_and_within_the_first(replays: int) -> None:
    unet = graphed(Recorder())
    for _ in range(replays):
        unet(sample(1, 16, 16), TIME, BRANCHES)
    calls = 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls == (1 if replays else 5):
            raise Cancelled

    unet.between = check
    with pytest.raises(Cancelled):
        unet(sample(1, 16, 16), TIME, BRANCHES)
    unet.between = lambda: None
    assert torch.isfinite(unet(sample(1, 16, 16), TIME, BRANCHES).sample).all()


def test_the_teacher_is_recorded_too() -> None:
    torch.manual_seed(0)
    teacher = build_unet(TEACHER).eval().requires_grad_(False)
    x, ids = torch.randn(1, TEACHER.in_channels, 8, 8), BRANCHES % TEACHER.categories
    plain = teacher(x, TIME, ids).sample
    record = Recorder()
    unet = GraphedUNet(teacher, record)
    for _ in range(2):
        assert torch.allclose(unet(x, TIME, ids).sample, plain, atol=1e-5)
    assert record.made[0].replays == 2


class Unreadable:
    """A network on a device without memory: whatever would read a value back raises."""

    def __init__(self, unet: torch.nn.Module) -> None:
        self.unet = place(unet, torch.device("meta"), "fp16")
        self.config = self.unet.config

    def __call__(self, sample: Tensor, timesteps: Tensor, input_ids: Tensor) -> object:
        return self.unet(sample, timesteps, input_ids)


@pytest.mark.parametrize("schedule", [RELEASED_SCHEDULE, COSINE_SCHEDULE])
@pytest.mark.parametrize("started", [False, True])
def test_nothing_is_read_back_from_the_device_within_a_step(schedule: dict[str, object], started: bool) -> None:
    """On a graphics card each reading would wait for all that is queued there."""
    unet = Unreadable(small())
    channels = small().config.latent_channels
    latents = torch.empty(1, channels, 16, 16, device="meta")
    scheduler = ddim(schedule)
    with pytest.raises((RuntimeError, NotImplementedError)):
        float(latents.sum())
    seen: list[int] = []
    final = denoise(
        unet,  # type: ignore[arg-type]
        scheduler,
        plan_timesteps(scheduler, 4, 1.0),
        start=latents if started else None,
        noise=latents,
        condition=torch.cat([latents[:, :1], latents], 1),
        guidance=2.0,
        guidance_until=0.5,
        on_step=lambda step: seen.append(step.index),
    )
    assert final.device.type == "meta" and seen == [0, 1, 2, 3]


def test_the_teacher_reads_nothing_back_either() -> None:
    teacher = place(build_unet(TEACHER).eval(), torch.device("meta"), "bf16")
    x = torch.empty(1, TEACHER.in_channels, 8, 8, device="meta")
    assert teacher(x, TIME, BRANCHES % TEACHER.categories).sample.device.type == "meta"
