"""Logged groups as token ids of the model that is trained."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from .ledger import Completion, Group


@dataclass(frozen=True)
class TokenGroup:
    """A group as the model sees it."""

    id: str
    prompt: list[int]
    completions: list[list[int]]
    advantages: list[float]
    # Nothing of these is trained on: they broke off.
    truncated: list[bool]
    # What the server said of each token when it sampled; empty where unknown, or where the ids are not its own.
    server_logprobs: list[list[float]]
    temperature: float
    mean_reward: float


@dataclass
class Tokenised:
    groups: list[TokenGroup] = field(default_factory=list)
    # Completions whose ids were made from their text, as none were logged that this tokenizer agrees with.
    retokenised: int = 0
    skipped: Counter[str] = field(default_factory=Counter)


def tokenise(groups: list[Group], tokenizer: Any, max_length: int) -> Tokenised:
    """Groups whose prompt and longest completion fit into `max_length` tokens; those that do not, and those of
    truncated completions alone, are counted."""
    made = Tokenised()
    for group in groups:
        if all(c.truncated for c in group.completions):
            made.skipped["truncated"] += 1
            continue
        prompt = tokenizer.apply_chat_template(group.messages, add_generation_prompt=True, return_dict=True)["input_ids"]
        completions: list[list[int]] = []
        server: list[list[float]] = []
        fresh = 0
        for completion in group.completions:
            ids, own = completion_ids(completion, tokenizer)
            completions.append(ids)
            server.append(completion.logprobs if own else [])
            fresh += not own
        if len(prompt) + max(len(c) for c in completions) > max_length:
            made.skipped["too-long"] += 1
            continue
        made.retokenised += fresh
        made.groups.append(
            TokenGroup(
                id=group.id,
                prompt=list(prompt),
                completions=completions,
                advantages=group.advantages,
                truncated=[c.truncated for c in group.completions],
                server_logprobs=server,
                temperature=group.temperature,
                mean_reward=group.mean_reward,
            )
        )
    return made


def completion_ids(completion: Completion, tokenizer: Any) -> tuple[list[int], bool]:
    """A completion's token ids, and whether they are those that were sampled; others get the end that text lacks."""
    eos = tokenizer.eos_token_id
    ids = completion.token_ids
    own = (
        len(ids) > 0
        and max(ids) < len(tokenizer)
        and tokenizer.decode(ids, skip_special_tokens=True) == completion.text
    )
    if own:
        return ids, True
    ids = tokenizer.encode(completion.text, add_special_tokens=False)
    # Stopping is a choice of the model like any other token.
    return (ids if completion.truncated else [*ids, eos]), False
