"""Previews leave a device without stopping it: in order, not too far behind, not for more than their share."""

from __future__ import annotations

import pytest
import torch

from inference.sampling.previews import MOST_AHEAD, SHARE, Picture, Previews

CARD, PROCESSOR = torch.device("meta"), torch.device("cpu")  # a device that is not a processor


class Clock:
    """Time as it is told, on the processor and on a device that takes ``each`` ms for a step."""

    def __init__(self, each: float) -> None:
        self.now, self.each, self.marks = 0.0, each, 0
        self.reached = 0  # how many marks the device is past
        self.most_waiting = 0

    def __call__(self) -> float:
        return self.now

    def mark(self) -> Mark:
        self.marks += 1
        self.most_waiting = max(self.most_waiting, self.marks - self.reached)
        return Mark(self, self.marks)


class Mark:
    def __init__(self, clock: Clock, number: int) -> None:
        self.clock, self.number = clock, number

    def done(self) -> bool:
        return self.clock.reached >= self.number

    def wait(self) -> None:
        self.clock.reached = max(self.clock.reached, self.number)

    def milliseconds_since(self, before: Mark) -> float:
        return (self.number - before.number) * self.clock.each


def previews(clock: Clock) -> Previews:
    return Previews(CARD, mark=clock.mark, copied=lambda tensor: tensor.clone(), clock=clock)


def run(steps: int, clock: Clock, cost: float) -> list[tuple[int, bool]]:
    """Steps of ``clock.each`` ms, drawn in ``cost`` seconds; what was handed on: its number, and whether drawn."""
    seen: list[tuple[int, bool]] = []

    def deliver(index: int, made: Picture | None, finite: bool) -> None:
        assert finite and (made is None or made[0, 0, 0] == index)
        seen.append((index, made is not None))
        clock.now += cost if made is not None else 0

    out = previews(clock)
    for index in range(steps):
        picture = torch.full((2, 2, 3), float(index)) if out.due() else None
        out.put(index, picture, torch.tensor(True), deliver)
        clock.now += clock.each / 1000
    out.finish(deliver)
    return seen


def test_a_processor_draws_every_step_at_once() -> None:
    seen = []
    out = Previews(PROCESSOR)
    for index in range(5):
        assert out.due()
        out.put(index, torch.zeros(1, 1, 3), torch.tensor(True), lambda i, made, finite: seen.append((i, made, finite)))
        assert [step[0] for step in seen] == list(range(index + 1))
    assert all(made is not None and finite for _, made, finite in seen)


@pytest.mark.parametrize("each", [2.0, 40.0])
def test_steps_are_handed_on_in_order_and_none_is_lost(each: float) -> None:
    seen = run(20, Clock(each), cost=0.001)
    assert [index for index, _ in seen] == list(range(20))
    assert seen[0][1], "the first is drawn"


def test_a_quick_card_is_kept_busy_and_a_slow_one_not_overrun() -> None:
    quick, slow = Clock(2.0), Clock(40.0)
    for clock in (quick, slow):
        run(20, clock, cost=0.0)
    assert quick.most_waiting == MOST_AHEAD + 1
    assert slow.most_waiting == 2


def test_previews_take_no_more_than_their_share() -> None:
    clock = Clock(5.0)
    drawn = sum(made for _, made in run(400, clock, cost=0.01))
    assert drawn >= 2 and drawn * 0.01 <= SHARE * clock.now + 0.02
    clock = Clock(1000.0)  # where steps take long every one is seen
    assert all(made for _, made in run(20, clock, cost=0.01))


def test_what_is_not_finite_is_told_and_stops() -> None:
    clock = Clock(5.0)
    out = previews(clock)

    def deliver(index: int, made: Picture | None, finite: bool) -> None:
        if not finite:
            raise ValueError(index)

    out.put(0, torch.zeros(1, 1, 3), torch.tensor(False), deliver)
    with pytest.raises(ValueError, match="0"):
        out.put(1, None, torch.tensor(True), deliver)
