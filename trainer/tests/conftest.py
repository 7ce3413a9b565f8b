"""A tiny model with random weights and a ledger, made on the spot; the real model is in `test_real_model.py`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

torch.set_num_threads(1)

CHAT = (
    "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def make_tiny_model(folder: Path, seed: int = 0, hidden: int = 32) -> Path:
    """A two-layer Llama over bytes."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    special = ["<|end|>", "<|pad|>", "<|user|>", "<|assistant|>", "<|system|>"]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    raw = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate([*special, *alphabet])}, merges=[]))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    raw.add_special_tokens(special)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, eos_token="<|end|>", pad_token="<|pad|>")
    tokenizer.chat_template = CHAT
    torch.manual_seed(seed)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=hidden,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=512,
            eos_token_id=0,
            pad_token_id=1,
            bos_token_id=None,
        )
    )
    model.save_pretrained(str(folder))
    tokenizer.save_pretrained(str(folder))
    return folder


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


AT = "2026-11-01T10:00:00.000Z"


class LedgerWriter:
    """Writes ledgers as the engine does: one JSON object per line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: list[str] = []
        self.count = 0

    def record(self, **fields: Any) -> None:
        self.lines.append(json.dumps({"v": 2, "at": AT, "runId": "r1", **fields}))

    def group(
        self,
        texts: list[str],
        rewards: list[float | None],
        policy: tuple[str, str] = ("local:tiny", "1"),
        expected: int | None = None,
        prompt: str = "make it fast",
        sampling: dict[str, Any] | None = None,
        **each: Any,
    ) -> str:
        """A judged group. `each`: lists of further fields per completion (token_ids, logprobs, answer)."""
        self.count += 1
        name = f"g{self.count}"
        self.record(
            type="group",
            groupId=name,
            module="search",
            round=1,
            baseHash="0",
            policy={"id": policy[0], "version": policy[1]},
            sampling={"temperature": 1.0} if sampling is None else sampling,
            prompt={"messages": [{"role": "user", "content": prompt}]},
            completions=len(texts) if expected is None else expected,
        )
        for i, (text, reward) in enumerate(zip(texts, rewards)):
            one = f"{name}c{i}"
            self.record(
                type="completion",
                groupId=name,
                candidateId=one,
                text=text,
                tokenIds=each.get("token_ids", [[]] * len(texts))[i],
                logprobs=each.get("logprobs", [[]] * len(texts))[i],
                notes=[],
                patch=None,
                patchHash=None,
                **({"answer": each["answer"][i]} if "answer" in each and each["answer"][i] else {}),
            )
            self.record(
                type="judgement",
                groupId=name,
                candidateId=one,
                verdict={"kind": "accepted"},
                reward=None if reward is None else {"raw": reward, "shaped": reward},
                gain=None,
                trials=[],
                checks=[],
                lockdown=None,
                timings={},
            )
        return name

    def write(self, tail: str = "") -> Path:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text("\n".join(self.lines) + "\n" + tail)
        return self.path


@pytest.fixture
def ledger(tmp_path: Path) -> LedgerWriter:
    return LedgerWriter(tmp_path / ".annsmith" / "ledger.jsonl")


class Events(list[tuple[str, dict[str, Any]]]):
    """Takes events instead of standard output."""

    def __call__(self, event: str, **fields: Any) -> None:
        self.append((event, fields))

    def of(self, event: str) -> list[dict[str, Any]]:
        return [fields for name, fields in self if name == event]


@pytest.fixture
def events() -> Events:
    return Events()
