"""Tokens per second of our update and of TRL's own, on the same batch and model: `python -m annsmith_trainer.bench`."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Callable

import torch

from .adapters import trainable, with_adapter
from .errors import TrainerError
from .models import load_base, pick_device
from .objective import grpo_objective
from .scoring import Scorer


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m annsmith_trainer.bench", description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="folder of the base model")
    parser.add_argument("--prompt", type=int, default=256, help="tokens (%(default)s)")
    parser.add_argument("--completion", type=int, default=64, help="tokens, at most (%(default)s)")
    parser.add_argument("--group", type=int, default=8, help="completions (%(default)s)")
    parser.add_argument("--steps", type=int, default=5, help="timed steps of each, alternating (%(default)s)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--json", action="store_true")
    return parser


def batch_of(prompt: int, completion: int, group: int, vocabulary: int) -> tuple[list[int], list[list[int]]]:
    """Random tokens: what they say does not change what they cost. Lengths go from a half to the whole."""
    generator = torch.Generator().manual_seed(1)
    draw = lambda n: torch.randint(10, vocabulary, (n,), generator=generator).tolist()  # noqa: E731
    lengths = [completion - (completion // 2) * i // max(1, group - 1) for i in range(group)]
    return draw(prompt), [draw(n) for n in lengths]


def main(argv: list[str] | None = None) -> int:
    arguments = build_parser().parse_args(argv)
    torch.set_num_threads(arguments.threads)
    try:
        result = compare(arguments)
    except TrainerError as error:
        print(f"{error.message}\n{error.fix}", file=sys.stderr)
        return 1
    if arguments.json:
        print(json.dumps(result))
        return 0
    print(f"{'':24}{'completion tokens/s':>22}{'step, seconds':>16}")
    for name in ("TRL", "annsmith, padded", "annsmith"):
        row = result[name]
        print(f"{name:24}{row['tokens_per_second']:>22.1f}{row['seconds']:>16.2f}")
    print(f"annsmith / TRL: {result['ratio']:.2f}; padded rows, as TRL computes them: {result['padded_ratio']:.2f}")
    print(f"loss on the same batch: TRL {result['TRL']['loss']:.6f}, annsmith {result['annsmith']['loss']:.6f}")
    return 0


def compare(arguments: argparse.Namespace) -> dict[str, Any]:
    """Times forward, backward and optimizer step, alternating, each from the same weights; medians."""
    from datasets import Dataset
    from trl import GRPOTrainer

    from .online import trl_settings

    device, dtype = pick_device(arguments.device)
    base, tokenizer = load_base(arguments.model, device, dtype)
    model = with_adapter(base, None, 16, 32, 1)
    prompt, completions = batch_of(arguments.prompt, arguments.completion, arguments.group, base.config.vocab_size)
    scratch = tempfile.TemporaryDirectory()
    trainer = GRPOTrainer(
        model=model,
        processing_class=tokenizer,
        reward_funcs=lambda **_: [0.0],
        args=trl_settings(
            scratch.name, arguments.group, 0.2, 0.02, use_cpu=device == "cpu", bf16=device != "cpu"
        ),
        train_dataset=Dataset.from_list([{"prompt": "x"}] * arguments.group),
    )
    if "ref" in model.peft_config:
        model.delete_adapter("ref")
    packed, padded = Scorer(model, tokenizer.pad_token_id), Scorer(model, tokenizer.pad_token_id)
    padded._packs = False
    with torch.no_grad():
        scores = packed(prompt, completions)
    advantages = torch.linspace(-1.5, 1.5, arguments.group, device=device)
    longest = scores.mask.shape[1]
    batch = {
        "prompt_ids": torch.tensor([prompt] * arguments.group, device=device),
        "prompt_mask": torch.ones(arguments.group, len(prompt), dtype=torch.long, device=device),
        "completion_ids": torch.tensor(
            [c + [tokenizer.pad_token_id] * (longest - len(c)) for c in completions], device=device
        ),
        "completion_mask": scores.mask.long(),
        "advantages": advantages,
        "old_per_token_logps": scores.logprobs,
        "ref_per_token_logps": scores.logprobs,
        "num_items_in_batch": scores.mask.sum(),
    }
    trainer.current_gradient_accumulation_steps = 1
    trainer.model_wrapped.train()

    def theirs() -> torch.Tensor:
        return trainer._compute_loss(trainer.model_wrapped, batch)

    def ours(scorer: Scorer) -> Callable[[], torch.Tensor]:
        def loss() -> torch.Tensor:
            new = scorer(prompt, completions)
            return grpo_objective(new.logprobs, scores.logprobs, scores.logprobs, advantages, new.mask).loss

        return loss

    parameters = list(trainable(model).values())
    start = [p.detach().clone() for p in parameters]

    def timed(loss_of: Callable[[], torch.Tensor]) -> tuple[float, float]:
        with torch.no_grad():
            for p, s in zip(parameters, start):
                p.copy_(s)
        optimizer = torch.optim.AdamW(parameters, lr=1e-5)
        _wait(device)
        begun = time.perf_counter()
        loss = loss_of()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        _wait(device)
        return time.perf_counter() - begun, float(loss.detach())

    contenders = {"TRL": theirs, "annsmith": ours(packed), "annsmith, padded": ours(padded)}
    times: dict[str, list[float]] = {name: [] for name in contenders}
    losses: dict[str, float] = {}
    for step in range(arguments.steps + 1):
        for name, loss_of in contenders.items():
            seconds, losses[name] = timed(loss_of)
            if step > 0:
                times[name].append(seconds)
    tokens = sum(len(c) for c in completions)
    result: dict[str, Any] = {
        name: {
            "seconds": statistics.median(values),
            "tokens_per_second": tokens / statistics.median(values),
            "loss": losses[name],
        }
        for name, values in times.items()
    }
    scratch.cleanup()
    result["ratio"] = result["annsmith"]["tokens_per_second"] / result["TRL"]["tokens_per_second"]
    result["padded_ratio"] = result["annsmith, padded"]["tokens_per_second"] / result["TRL"]["tokens_per_second"]
    return result


def _wait(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize()


if __name__ == "__main__":
    sys.exit(main())
