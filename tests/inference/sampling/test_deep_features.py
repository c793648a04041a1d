"""Deep features used again at neighbouring steps: what is computed when, and how far that is from the whole."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from inference.erase import chosen_settings
from inference.errors import InputError
from inference.models import EraseSettings
from inference.networks import RELEASED_SCHEDULE
from inference.networks.fast import DeepFeatures, EvaluationUNet
from inference.networks.unet import MoebiusUNet
from inference.sampling import ddim, denoise, plan_timesteps
from tests.inference.networks.test_evaluation import BRANCHES, TIME, sample, small


@pytest.mark.parametrize("ids", [BRANCHES, BRANCHES[1:]])
def test_a_shallow_pass_after_a_whole_one_of_the_same_input_gives_the_same(ids: Tensor) -> None:
    form, x, deep = EvaluationUNet(small()), sample(1, 16, 24), DeepFeatures()
    with torch.inference_mode():
        plain = form(x, TIME, ids)
        whole = form(x, TIME, ids, deep)
        assert torch.equal(whole.sample, plain.sample)
        assert deep.kept is not None and len(deep.kept) == len(ids)
        blocks: list[object] = []
        for part in (*form.down_blocks, form.up_blocks[0]):
            part.attentions[0].register_forward_hook(lambda *a: blocks.append(a))
        assert torch.equal(form(x, TIME, ids, deep).sample, plain.sample)
        assert not blocks, "no other layer runs"
        other = form(sample(1, 16, 24, seed=1), TIME, ids, deep).sample
        assert not torch.allclose(other, plain.sample, atol=1e-3), "the new sample enters"


class Watched(EvaluationUNet):
    """Notes of every pass whether it was whole, and of how many branches."""

    def __init__(self, source: MoebiusUNet) -> None:
        super().__init__(source)
        self.passes: list[tuple[bool, int]] = []

    def forward(self, *inputs: Any) -> Any:
        self.passes.append((len(inputs) < 4 or inputs[3].kept is None, len(inputs[2])))
        return super().forward(*inputs)


def run(unet: Any, **options: Any) -> Tensor:
    scheduler = ddim(RELEASED_SCHEDULE)
    noise, known = (sample(1, 16, 16, seed)[:, :4] for seed in (1, 2))
    hole = torch.ones(1, 1, 16, 16)
    timesteps = plan_timesteps(scheduler, 7, 1.0)
    given = {"start": None, "noise": noise, "condition": torch.cat([hole, known], 1), "guidance": 2.0, **options}
    return denoise(unet, scheduler, timesteps, **given)


def test_the_loop_computes_deep_features_where_they_are_due_and_where_branches_end() -> None:
    unet = Watched(small())
    run(unet, deep_every=3)
    assert unet.passes == [(index % 3 == 0, 2) for index in range(7)]
    unet.passes.clear()
    run(unet, deep_every=3, guidance_until=2 / 7)
    assert [whole for whole, _ in unet.passes] == [True, False, True, True, False, False, True]
    assert [count for _, count in unet.passes] == [2, 2, 1, 1, 1, 1, 1]
    unet.passes.clear()
    whole = run(unet)
    assert all(pass_[0] for pass_ in unet.passes)
    assert torch.equal(run(unet, deep_every=1), whole)
    assert not torch.equal(run(unet, deep_every=2), whole)


def test_a_network_that_keeps_none_computes_every_step_whole() -> None:
    class Other:
        def __init__(self) -> None:
            self.unet = small()
            self.config = self.unet.config

        def __call__(self, sample: Tensor, timesteps: Tensor, ids: Tensor) -> Any:
            return self.unet(sample, timesteps, ids)

    assert torch.equal(run(Other(), deep_every=2), run(Other()))


def test_how_many_steps_they_may_serve() -> None:
    assert chosen_settings(EraseSettings()).deep_every == 1
    assert chosen_settings(EraseSettings(), deep_every=2).deep_every == 2
    for wrong in (0, 11):
        with pytest.raises(InputError, match=f"serve 1 to 10 steps, not {wrong}"):
            chosen_settings(EraseSettings(), deep_every=wrong)
