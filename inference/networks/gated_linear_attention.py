"""Gated linear attention (Yang et al., arXiv 2312.06635) in plain PyTorch, in chunks.

The recurrence ``S_t = diag(exp(g_t)) S_{t-1} + k_t^T v_t``, ``o_t = d_k^-0.5 q_t S_t`` takes one step per token.
Here whole chunks are matrix products, and only their last states follow one another. Within a chunk the decay from
token j to token i is ``exp(G_i - G_j)`` of cumulated logarithms ``G``. It is split at a token between the two, so
that both factors are at most one: halves of a chunk, then halves of halves, down to blocks of eight tokens.
"""

from __future__ import annotations

from contextlib import nullcontext

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CHUNK = 64  # tokens
BLOCK = 8  # tokens whose decays are split at their middle, whichever side of it they are on
# Of one token, as a logarithm: what is left is beyond float32's precision, and eight of them stay within its range.
STRONGEST_DECAY = -20.0


def gated_linear_attention(q: Tensor, k: Tensor, v: Tensor, log_decay: Tensor, chunk: int = CHUNK) -> Tensor:
    """``q, k, log_decay (B, H, N, K)``, ``v (B, H, N, V)`` -> ``(B, H, N, V)``.

    ``log_decay`` is at most 0. ``chunk``: 8 times a power of two. In float32 at least, whatever the inputs are.
    """
    dtype, tokens, depth = q.dtype, q.shape[2], q.shape[3]
    missing = -tokens % chunk
    exact = nullcontext() if q.device.type == "meta" else torch.autocast(q.device.type, enabled=False)
    with exact:
        q, k, v, log_decay = (
            F.pad(x.float() if x.dtype != torch.float64 else x, (0, 0, 0, missing)).unflatten(2, (-1, chunk))
            for x in (q * depth**-0.5, k, v, log_decay)
        )  # (B, H, M, chunk, K or V)
        total = log_decay.clamp_min(STRONGEST_DECAY).cumsum(3)
        end = total[..., -1:, :]
        added = (k * (end - total).exp()).transpose(3, 4) @ v  # (B, H, M, K, V): what each chunk adds to the state
        kept = end.exp().transpose(3, 4)  # (B, H, M, K, 1)
        state = torch.zeros_like(added[:, :, 0])
        states = []
        for keep, add in zip(kept.unbind(2), added.unbind(2), strict=True):
            states.append(state)
            state = torch.addcmul(add, keep, state)
        o = (q * total.exp()) @ torch.stack(states, 2) + _within(q, k, v, total)
        return o.flatten(2, 3)[:, :, :tokens].to(dtype)


def _within(q: Tensor, k: Tensor, v: Tensor, total: Tensor) -> Tensor:
    """What tokens of a chunk take from the same chunk: all ``(B, H, M, chunk, K or V)``."""
    size = q.shape[3]
    half = size // 2
    split = total[..., half - 1 : half, :]
    if size <= BLOCK:
        weights = (q * (total - split).exp()) @ (k * (split - total).exp()).transpose(3, 4)
        return weights.tril() @ v
    later, earlier = slice(half, size), slice(0, half)
    weights = (q[..., later, :] * (total[..., later, :] - split).exp()) @ (
        k[..., earlier, :] * (split - total[..., earlier, :]).exp()
    ).transpose(3, 4)
    across = weights @ v[..., earlier, :]
    halves = (x.unflatten(3, (2, half)).flatten(2, 3) for x in (q, k, v, total))
    first, second = _within(*halves).unflatten(2, (-1, 2)).unbind(3)
    return torch.cat([first, second + across], dim=3)


class _GatedNorm(nn.Module):
    """RMS norm of every head, times the swish of a gate."""

    def __init__(self, width: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: Tensor, gate: Tensor) -> Tensor:
        return F.rms_norm(x, self.weight.shape, self.weight, self.eps) * F.silu(gate)


class GatedLinearAttention(nn.Module):
    """The layer around the recurrence: key width C/2, value width C, decays of low rank, gated output."""

    LOW_RANK = 16
    TEMPERATURE = 16.0  # the logarithm of a decay is logsigmoid(x) over this

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        keys = width // 2
        self.q_proj = nn.Linear(width, keys, bias=False)
        self.k_proj = nn.Linear(width, keys, bias=False)
        self.v_proj = nn.Linear(width, width, bias=False)
        self.g_proj = nn.Linear(width, width, bias=False)
        self.gk_proj = nn.Sequential(nn.Linear(width, self.LOW_RANK, bias=False), nn.Linear(self.LOW_RANK, keys))
        self.o_proj = nn.Linear(width, width, bias=False)
        self.g_norm_swish_gate = _GatedNorm(width // heads)

    def forward(self, tokens: Tensor) -> Tensor:
        """``(B, N, C)`` in raster order -> ``(B, N, C)``."""
        log_decay = F.logsigmoid(self.gk_proj(tokens)) / self.TEMPERATURE
        q, k, v, decay = (
            x.unflatten(2, (self.heads, -1)).transpose(1, 2)
            for x in (self.q_proj(tokens), self.k_proj(tokens), self.v_proj(tokens), log_decay)
        )
        o = gated_linear_attention(q, k, v, decay).transpose(1, 2)
        gate = self.g_proj(tokens).unflatten(2, (self.heads, -1))
        y: Tensor = self.o_proj(self.g_norm_swish_gate(o, gate).flatten(2))
        return y
