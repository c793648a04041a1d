"""Initial weights, where PyTorch's own defaults would cost a training thousands of samples."""

from __future__ import annotations

from torch import nn

from inference.networks import InteractiveLambda, MoebiusUNet, ResidualBlock, TransformerBlock

SEEN = 2.5  # standard deviations: the first ReLU cuts what lies further below the mean of its input
QUIET = 0.1


def start_quietly(model: nn.Module) -> nn.Module:
    """``model`` with first weights that let the whole input through and say little: its shapes stay as they are.

    A Moebius network's first layer sees each input channel through a BatchNorm and a ReLU of its own: with the usual
    bias of 0 half of all values are lost there before channels meet. Its last layer is a BatchNorm too, whose output
    has unit variance whatever is asked for. And every position has a random pattern added by the layer for the
    category, which must be unlearned. Other networks are left alone.
    """
    if not isinstance(model, MoebiusUNet):
        return model
    network = model.diff_model
    nn.init.constant_(network.conv_in.bn1.bias, SEEN)
    nn.init.constant_(network.conv_out.bn1.bias, 1.0)
    nn.init.constant_(network.conv_out.bn2.weight, QUIET)
    for module in network.modules():
        if isinstance(module, InteractiveLambda):
            nn.init.zeros_(module.rel_pos_emb)
        elif isinstance(module, ResidualBlock):
            nn.init.constant_(module.conv2.bn2.weight, QUIET)
        elif isinstance(module, TransformerBlock):
            module.proj_out.weight.data.mul_(QUIET)
            assert module.proj_out.bias is not None
            nn.init.zeros_(module.proj_out.bias)
    return model
