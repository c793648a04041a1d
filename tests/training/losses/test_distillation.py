"""The adaptive loss against values worked out by hand, and against the definition written out."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from inference.networks.build import build_unet
from inference.networks.config import UNetConfig
from training.losses.distillation import Shares, Weights, adaptive_weights, combine, feature_weight, output_weight


class TwoNumbers(nn.Module):
    """features = F x, output = O features: every gradient is a product one can write down."""

    def __init__(self) -> None:
        super().__init__()
        self.feat = nn.Parameter(torch.tensor([[2.0]]))
        self.out = nn.Parameter(torch.tensor([[3.0]]))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        features = self.feat * x
        return features, self.out * features


def losses(model: TwoNumbers) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """x = 1, F = 2, O = 3: features 2 against 1, output 6 against noise 4, teacher 5, truth 5.5."""
    features, output = model(torch.ones(1, 1))
    return (
        (features - 1).square().mean(),  # 1
        (output - 4).square().mean(),  # 4
        (output - 5).square().mean(),  # 1
        (output - 5.5).abs().mean(),  # 0.5
    )


def test_weights_and_loss_worked_out_by_hand() -> None:
    model = TwoNumbers()
    weights = adaptive_weights(*losses(model), model.feat, model.out)
    # dL_c/dF = 2 (2 - 1) = 2; dL_task/dF = 2 (6 - 4) O = 12; dL_task/dO = 2 (6 - 4) F x = 8
    # dL_f/dO = 2 (6 - 5) 2 = 4; dL_p/dO = 1 * 2 = 2
    assert weights.task.item() == pytest.approx(2 / (12 + 1e-4))
    assert weights.fine.item() == pytest.approx(8 / (4 + 1e-6))
    assert weights.perceptual.item() == pytest.approx(8 / (2 + 1e-6))
    assert not any(w.requires_grad for w in (weights.task, weights.fine, weights.perceptual))
    total = combine(*losses(model), weights, Shares(0.01, 0.5, 0.5))
    expected = 0.01 * 1 + (2 / 12.0001) * (0.5 * 4 + 0.01 * (8 / 4.000001) * 1 + 0.5 * (8 / 2.000001) * 0.5)
    assert total.item() == pytest.approx(expected)


def test_the_weights_are_constants_to_the_gradient() -> None:
    model = TwoNumbers()
    weights = adaptive_weights(*losses(model), model.feat, model.out)
    combine(*losses(model), weights, Shares(0.01, 0.5, 0.5)).backward()
    # dL/dO = w_task (b dL_task + a w_f dL_f + c w_p dL_p) with the figures above
    w_task, w_f, w_p = 2 / 12.0001, 8 / 4.000001, 8 / 2.000001
    assert model.out.grad is not None and model.feat.grad is not None
    assert model.out.grad.item() == pytest.approx(w_task * (0.5 * 8 + 0.01 * w_f * 4 + 0.5 * w_p * 2))
    # dL/dF: every output's gradient with O = 3 in the place of F = 2
    assert model.feat.grad.item() == pytest.approx(0.01 * 2 + w_task * 1.5 * (0.5 * 8 + 0.01 * w_f * 4 + 0.5 * w_p * 2))


def test_weights_are_clamped_and_never_divide_by_nothing() -> None:
    model = TwoNumbers()
    features, output = model(torch.ones(1, 1))
    coarse, nothing = (1e9 * features).square().mean(), (output - output.detach()).square().mean()
    weights = adaptive_weights(coarse, nothing, nothing, nothing, model.feat, model.out)
    assert weights.task.item() == 1e4
    assert weights.fine.item() == weights.perceptual.item() == 0  # nothing over epsilon
    weights = adaptive_weights(coarse, output.square().mean() * 1e9, nothing, nothing, model.feat, model.out)
    assert weights.fine.item() == weights.perceptual.item() == 1e6


def test_without_a_perceptual_term() -> None:
    model = TwoNumbers()
    coarse, task, fine, _ = losses(model)
    weights = adaptive_weights(coarse, task, fine, None, model.feat, model.out)
    assert weights.perceptual.item() == 0
    expected = 0.01 + weights.task.item() * (0.5 * 4 + 0.01 * weights.fine.item())
    assert combine(coarse, task, fine, None, weights, Shares()).item() == pytest.approx(expected)


def test_gradients_are_averaged_before_their_norm_is_taken() -> None:
    """Two halves of a batch whose gradients point apart: the norm of the mean is not the mean of norms."""
    model, x, noise = TwoNumbers(), torch.tensor([[1.0], [2.0]]), torch.tensor([[4.0], [13.0]])

    def parts(rows: slice) -> tuple[Tensor, Tensor, Tensor, None]:
        features, output = model(x[rows])
        return (features - 1).square().mean(), (output - noise[rows]).square().mean(), output.square().mean(), None

    whole = adaptive_weights(*parts(slice(None)), model.feat, model.out)
    seen: list[Tensor] = []

    def noting(gradient: Tensor) -> Tensor:
        seen.append(gradient)
        return gradient

    for rows in (slice(0, 1), slice(1, 2)):
        adaptive_weights(*parts(rows), model.feat, model.out, average=noting)
    means = iter([(a + b) / 2 for a, b in zip(seen[:4], seen[4:], strict=True)])
    shared = adaptive_weights(*parts(slice(0, 1)), model.feat, model.out, average=lambda g: next(means))
    assert shared.task.item() == pytest.approx(whole.task.item())
    assert shared.fine.item() == pytest.approx(whole.fine.item())
    alone = adaptive_weights(*parts(slice(0, 1)), model.feat, model.out)
    assert alone.task.item() != pytest.approx(whole.task.item(), rel=0.1)


def test_scaling_for_half_precision_changes_nothing() -> None:
    model = TwoNumbers()
    plain = adaptive_weights(*losses(model), model.feat, model.out)
    scaled = adaptive_weights(*losses(model), model.feat, model.out, scale=65536.0)
    assert scaled == Weights(plain.task, plain.fine, plain.perceptual)


def test_the_weights_of_a_u_net_against_finite_differences(tiny_unet_config: UNetConfig) -> None:
    """Norms of gradients of a real network, in double precision, by central differences of every entry."""
    torch.manual_seed(0)
    model = build_unet(tiny_unet_config).double().train()
    w_feat, w_out = feature_weight(model), output_weight(model)
    assert w_feat is model.get_parameter("diff_model.down_blocks.1.attentions.0.proj_out.weight")
    assert w_out is model.get_parameter("diff_model.conv_out.conv_pw.weight")
    generator = torch.Generator().manual_seed(1)
    sample = torch.randn(2, 9, 8, 8, generator=generator).double()
    noise, taught = (torch.randn(2, 4, 8, 8, generator=generator).double() for _ in range(2))
    imitated = torch.randn(2, 32, 4, 4, generator=generator).double()

    def four() -> tuple[Tensor, Tensor, Tensor, Tensor]:
        # Time as the network takes it is single precision; the rest of it is not
        output = model(sample, torch.tensor([300, 700]), torch.arange(10).repeat(2, 1))
        own, features = output.sample, output.block_outputs[1]
        perceptual = (own - 0.5 * noise).abs().mean()
        return (
            (features - imitated).square().mean(),
            (own - noise).square().mean(),
            (own - taught).square().mean(),
            perceptual,
        )

    weights = adaptive_weights(*four(), w_feat, w_out)

    differences = torch.zeros(4, w_out.numel())
    step, flat = 1e-5, w_out.data.view(-1)
    with torch.no_grad():
        for index in range(len(flat)):
            kept, values = flat[index].item(), []
            for side in (step, -step):
                flat[index] = kept + side
                values.append(torch.stack(four()))
            flat[index] = kept
            differences[:, index] = (values[0] - values[1]) / (2 * step)
    _, task_out, fine_out, perceptual_out = differences.norm(dim=1).tolist()
    assert weights.fine.item() == pytest.approx(task_out / (fine_out + 1e-6), rel=1e-3)
    assert weights.perceptual.item() == pytest.approx(task_out / (perceptual_out + 1e-6), rel=1e-2)
    # W_feat has 1024 entries: its gradients by autograd, apart from each other
    coarse, task = (torch.autograd.grad(four()[which], w_feat)[0].norm().item() for which in (0, 1))
    assert weights.task.item() == pytest.approx(coarse / (task + 1e-4), rel=1e-5)
