"""The GRPO objective, the same numbers as `src/engine/grpo/objective.ts`; `test/vectors/grpo.json` holds both to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

import torch
from torch import Tensor

# Rewards come from logarithms; below this standard deviation they differ by rounding alone.
FLAT = 1e-9


@dataclass(frozen=True)
class Normalised:
    """Rewards of one group as advantages."""

    # (r - mean) / population standard deviation, in the order given; all 0 where the rewards are equal.
    advantages: list[float]
    mean: float
    zero_variance: bool


def normalise(rewards: Sequence[float], limit: float | None = None) -> Normalised:
    """Advantages of one group; `limit` clips them to [-limit, limit] (CUDA-L1 uses 1.5)."""
    if not rewards:
        raise ValueError("a group has at least one reward")
    mean = sum(rewards) / len(rewards)
    std = (sum((r - mean) ** 2 for r in rewards) / len(rewards)) ** 0.5
    if std < FLAT:
        return Normalised([0.0] * len(rewards), mean, True)
    most = float("inf") if limit is None else limit
    return Normalised([max(-most, min(most, (r - mean) / std)) for r in rewards], mean, False)


@dataclass(frozen=True)
class Objective:
    """What a batch of completions gives. All tensors but `loss` are detached."""

    # Scalar: minus the sum over completions of the mean over their tokens of the terms, over `completions`.
    loss: Tensor
    # (completions, tokens): min(rho A, clip(rho) A) - beta KL; 0 where masked.
    terms: Tensor
    # Mean over completions of the mean over their tokens, likewise.
    kl: Tensor
    # Tokens whose term is the clipped one and differs from the other, and tokens in all.
    clipped: int
    tokens: int

    @property
    def clip_fraction(self) -> float:
        return self.clipped / self.tokens if self.tokens else 0.0


def grpo_objective(
    new: Tensor,
    old: Tensor,
    ref: Tensor,
    advantages: Tensor,
    mask: Tensor,
    eps: float = 0.2,
    beta: float = 0.02,
    completions: int | None = None,
) -> Objective:
    """The clipped objective with its KL penalty.

    `new`, `old`, `ref`: (completions, tokens), natural logarithms of the sampled tokens' probabilities under the policy
    in training, the one that sampled, and the reference. `advantages`: (completions). `mask`: 1 where there is a token
    to train on. A completion without any counts in the mean and adds nothing, as a truncated one does in TRL.
    `completions`: what to divide by where this is a part of a larger batch (gradient accumulation).
    """
    weights = mask.to(new.dtype)
    # Padding may hold anything, and infinity times 0 is no number.
    new, old, ref = (torch.where(mask.bool(), x, torch.zeros_like(x)) for x in (new, old, ref))
    ratio = torch.exp(new - old)
    advantage = advantages.to(new.dtype).unsqueeze(1)
    plain = ratio * advantage
    bounded = torch.clamp(ratio, 1 - eps, 1 + eps) * advantage
    towards_ref = ref - new
    divergence = torch.exp(towards_ref) - towards_ref - 1
    terms = (torch.minimum(plain, bounded) - beta * divergence) * weights
    share = weights.sum(1).clamp(min=1.0) * (completions or new.shape[0])
    return Objective(
        loss=-(terms.sum(1) / share).sum(),
        terms=terms.detach(),
        kl=((divergence * weights).sum(1) / share).sum().detach(),
        clipped=int(((bounded < plain) & mask.bool()).sum()),
        tokens=int(mask.sum()),
    )
