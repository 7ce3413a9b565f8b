from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from annsmith_trainer.objective import grpo_objective, normalise

VECTORS = json.loads((Path(__file__).parents[2] / "test" / "vectors" / "grpo.json").read_text())


def padded(rows: list[list[float]], fill: float = 0.0) -> torch.Tensor:
    longest = max(map(len, rows))
    return torch.tensor([row + [fill] * (longest - len(row)) for row in rows], dtype=torch.float64)


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda c: c["name"])
def test_the_shared_vectors(case: dict[str, Any]) -> None:
    given, expected, within = case["input"], case["expected"], VECTORS["tolerance"]
    normalised = normalise(given["rewards"], given["advantageClip"])
    assert normalised.zero_variance == expected["zeroVariance"]
    assert normalised.advantages == pytest.approx(expected["advantages"], abs=within)
    new, old, ref = (padded([c[k] for c in given["completions"]], fill=7.0) for k in ("new", "old", "ref"))
    mask = padded([[1.0] * len(c["new"]) for c in given["completions"]])
    new.requires_grad_(True)
    made = grpo_objective(
        new, old, ref, torch.tensor(normalised.advantages, dtype=torch.float64), mask, given["eps"], given["beta"]
    )
    made.loss.backward()
    assert float(made.loss) == pytest.approx(expected["loss"], abs=within)
    assert float(made.kl) == pytest.approx(expected["kl"], abs=within)
    assert made.clip_fraction == pytest.approx(expected["clipFraction"], abs=within)
    for row, (terms, gradients) in enumerate(zip(expected["terms"], expected["gradients"])):
        assert made.terms[row, : len(terms)].tolist() == pytest.approx(terms, abs=within)
        assert new.grad is not None
        assert new.grad[row, : len(terms)].tolist() == pytest.approx(gradients, abs=within)
        assert not new.grad[row, len(terms) :].any(), "padding has no gradient"


def test_parts_of_a_batch_add_up_to_the_batch() -> None:
    torch.manual_seed(0)
    new, old, ref = torch.randn(3, 5, 6, dtype=torch.float64)
    advantages, mask = torch.randn(5, dtype=torch.float64), torch.rand(5, 6) < 0.7
    mask[2] = False  # A truncated one: it counts in the mean and adds nothing.
    whole = grpo_objective(new, old, ref, advantages, mask)
    parts = [
        grpo_objective(new[s], old[s], ref[s], advantages[s], mask[s], completions=5) for s in (slice(0, 2), slice(2, 5))
    ]
    assert float(sum(p.loss for p in parts)) == pytest.approx(float(whole.loss), abs=1e-12)
    assert float(sum(p.kl for p in parts)) == pytest.approx(float(whole.kl), abs=1e-12)


@pytest.mark.parametrize("truncated", [False, True])
def test_trls_grpo_loss_on_the_same_batch(tiny: Path, tmp_path: Path, truncated: bool) -> None:
    """TRL's own `_compute_loss`, model included, against ours: the same tokens, advantages, old and reference values."""
    from datasets import Dataset
    from trl import GRPOTrainer

    from annsmith_trainer.adapters import with_adapter
    from annsmith_trainer.models import load_base
    from annsmith_trainer.online import trl_settings
    from annsmith_trainer.scoring import Scorer

    base, tokenizer = load_base(tiny, "cpu", torch.float32)
    model = with_adapter(base, None, 4, 8, 1)
    settings = trl_settings(str(tmp_path), group=4, eps=0.2, beta=0.05, use_cpu=True)
    trainer = GRPOTrainer(
        model=model,
        processing_class=tokenizer,
        reward_funcs=lambda **_: [0.0],
        args=settings,
        train_dataset=Dataset.from_list([{"prompt": "x"}] * 4),
    )
    prompt = [10, 11, 12, 13, 14]
    completions = [[20, 21, 22, 0], [30, 0], [40, 41, 42, 43, 44, 0], [50, 51, 0]]
    advantages = torch.tensor([1.2, -0.3, -1.4, 0.5])
    torch.manual_seed(3)
    with torch.no_grad():
        scores = Scorer(model, 1)(prompt, completions)
    # Far enough that ratios lie on both sides of the clip.
    old = scores.logprobs + 0.4 * torch.randn_like(scores.logprobs)
    ref = scores.logprobs + 0.4 * torch.randn_like(scores.logprobs)
    mask = scores.mask.clone()
    if truncated:
        mask[2] = False
    longest = mask.shape[1]
    ids = torch.tensor([c + [1] * (longest - len(c)) for c in completions])
    batch = {
        "prompt_ids": torch.tensor([prompt] * 4),
        "prompt_mask": torch.ones(4, len(prompt), dtype=torch.long),
        "completion_ids": ids,
        "completion_mask": mask.long(),
        "advantages": advantages,
        "old_per_token_logps": old,
        "ref_per_token_logps": ref,
        "num_items_in_batch": mask.sum(),
    }
    trainer.current_gradient_accumulation_steps = 1
    wrapped = trainer.model_wrapped
    wrapped.train()
    theirs = trainer._compute_loss(wrapped, batch)
    theirs.backward()
    their_gradient = {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    fresh = Scorer(model, 1)(prompt, completions)
    ours = grpo_objective(fresh.logprobs, old, ref, advantages, mask, 0.2, 0.05)
    ours.loss.backward()
    assert 0 < ours.clip_fraction < 1
    assert float(ours.loss) == pytest.approx(float(theirs), abs=1e-5)
    assert their_gradient and any(g.any() for g in their_gradient.values())
    for name, parameter in model.named_parameters():
        if parameter.grad is not None:
            assert torch.allclose(parameter.grad, their_gradient[name], atol=1e-5), name


def test_advantages_that_trl_would_make_differ_by_the_known_factor() -> None:
    """What `online.py` avoids by normalising itself: TRL divides by the sample deviation plus 1e-4."""
    rewards = [0.4, -0.5, -1.0, 0.1]
    ours = torch.tensor(normalise(rewards).advantages)
    tensor = torch.tensor(rewards)
    theirs = (tensor - tensor.mean()) / (tensor.std() + 1e-4)
    assert torch.allclose(theirs / ours, torch.full((4,), (3 / 4) ** 0.5), atol=1e-3)
