"""A task that a small model can learn in minutes: to answer with a SEARCH/REPLACE block."""

from __future__ import annotations

from pathlib import Path

from annsmith_trainer.serve import LocalModel
from conftest import LedgerWriter

MARKERS = ["<<<<<<< SEARCH\n", "\n=======\n", "\n>>>>>>> REPLACE"]

PROMPTS = [
    f"Rewrite this C++ line as a search and replace block.\n\n<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE\n\n"
    f"Now do it for: {line}"
    for old, new, line in [
        ("i++;", "++i;", "count++;"),
        ("int x;", "int x = 0;", "int n;"),
    ]
]


def block_reward(text: str) -> float:
    """-1 for an answer that does not begin with a block, up to 1 for a whole one; parts count."""
    text = text.lstrip()
    first = MARKERS[0]
    matched = next((i for i, (a, b) in enumerate(zip(text, first)) if a != b), min(len(text), len(first)))
    score = matched / len(first)
    if matched == len(first):
        score += "\n=======\n" in text
        score += text.rstrip().endswith(">>>>>>> REPLACE") and "\n=======\n" in text
    return score * 2 / 3 - 1


def sample_group(
    model: LocalModel, name: str, ledger: LedgerWriter, prompt: str, group: int, seed: int, tokens: int, version: str
) -> list[float]:
    """Samples a group as the engine would, and logs it with its rewards."""
    messages = [{"role": "user", "content": prompt}]
    answers, _ = model.sample(name, messages, group, 1.0, seed, tokens)
    rewards = [block_reward(a.text) for a in answers]
    ledger.group(
        [a.text for a in answers],
        list(rewards),
        policy=("local:smol", version),
        prompt=prompt,
        token_ids=[a.token_ids for a in answers],
        logprobs=[a.logprobs for a in answers],
        # The task is judged by the first tokens alone, so that is where its completions end.
        answer=[{"finish": "stop"} for _ in answers],
    )
    return rewards
