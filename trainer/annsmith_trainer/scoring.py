"""Log-probabilities of completions under a model: one pass for a prompt and several of its completions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

# Logits kept at a time, in numbers; above it the head is computed in pieces, and again for the gradient.
MOST_LOGITS = 1 << 28


@dataclass(frozen=True)
class Scores:
    """Of the completions' tokens, padded at the end: (completions, tokens) each."""

    logprobs: Tensor
    mask: Tensor
    # Nats, no gradient.
    entropy: Tensor


class Scorer:
    """Scores completions of one prompt.

    The prompt is computed once for all of them: prompt and completions stand in one row, each completion sees the
    prompt and itself, and its positions go on from the prompt's end. Only the completions' tokens go through the head.
    That is exact for models with plain causal attention. Whether a model is one is read from its settings and tried on
    its first use; one that is not is scored completion by completion through its own forward pass.
    """

    def __init__(self, model: Any, pad_id: int) -> None:
        self.model = model
        self.pad_id = pad_id
        self.device = next(model.parameters()).device
        self._packs: bool | None = None

    @property
    def packs(self) -> bool:
        """Whether the model may be scored in one row."""
        if self._packs is None:
            self._packs = self._agrees()
        return self._packs

    def __call__(self, prompt: list[int], completions: list[list[int]], temperature: float = 1.0) -> Scores:
        lengths = [len(c) for c in completions]
        if self.packs:
            hidden = self._packed(prompt, completions)
            head = self._base().get_output_embeddings()
            ids = torch.tensor([t for c in completions for t in c], device=self.device)
            flat, entropy = _through_head(head, hidden, ids, temperature)
        else:
            flat, entropy = self._padded(prompt, completions, temperature)
        mask = torch.zeros(len(completions), max(lengths), dtype=torch.bool, device=self.device)
        for row, length in enumerate(lengths):
            mask[row, :length] = True
        zeros = torch.zeros(mask.shape, dtype=flat.dtype, device=self.device)
        return Scores(zeros.masked_scatter(mask, flat), mask, zeros.masked_scatter(mask, entropy))

    def _base(self) -> Any:
        return self.model.get_base_model() if hasattr(self.model, "get_base_model") else self.model

    def _packed(self, prompt: list[int], completions: list[list[int]]) -> Tensor:
        """Hidden states that predict the completions' tokens, one after the other: (tokens, width)."""
        start = len(prompt)
        # A completion's last token predicts nothing that is scored.
        parts = [c[:-1] for c in completions]
        ids = prompt + [t for part in parts for t in part]
        positions = list(range(start)) + [start + i for part in parts for i in range(len(part))]
        owner = [-1] * start + [k for k, part in enumerate(parts) for _ in part]
        device = self.device
        of, at = torch.tensor(owner, device=device), torch.arange(len(ids), device=device)
        sees = (at[None, :] <= at[:, None]) & ((of[None, :] == -1) | (of[None, :] == of[:, None]))
        dtype = self._base().dtype
        bias = torch.zeros(sees.shape, dtype=dtype, device=device).masked_fill(~sees, torch.finfo(dtype).min)
        output = self._base().get_decoder()(
            input_ids=torch.tensor([ids], device=device),
            attention_mask=bias[None, None],
            position_ids=torch.tensor([positions], device=device),
            use_cache=False,
        )
        rows: list[int] = []
        offset = start
        for part in parts:
            # The prompt's last token predicts the first of each completion.
            rows += [start - 1, *range(offset, offset + len(part))]
            offset += len(part)
        return output.last_hidden_state[0, torch.tensor(rows, device=device)]

    def _padded(self, prompt: list[int], completions: list[list[int]], temperature: float) -> tuple[Tensor, Tensor]:
        longest = max(len(c) for c in completions)
        rows = [prompt + c + [self.pad_id] * (longest - len(c)) for c in completions]
        seen = [[1] * (len(prompt) + len(c)) + [0] * (longest - len(c)) for c in completions]
        logits = self.model(
            input_ids=torch.tensor(rows, device=self.device),
            attention_mask=torch.tensor(seen, device=self.device),
            use_cache=False,
        ).logits[:, len(prompt) - 1 : -1]
        kept = torch.cat([logits[row, : len(c)] for row, c in enumerate(completions)])
        return _of_logits(kept, torch.tensor([t for c in completions for t in c], device=self.device), temperature)

    @torch.no_grad()
    def _agrees(self) -> bool:
        """Scores a short prompt both ways, where every layer sees everything before it."""
        if not _sees_everything(self._base().config):
            return False
        prompt, completions = [3, 5, 7, 4], [[6, 8, 9], [2, 9]]
        try:
            ids = torch.tensor([t for c in completions for t in c], device=self.device)
            packed, _ = _through_head(
                self._base().get_output_embeddings(), self._packed(prompt, completions), ids, 1.0
            )
            plain, _ = self._padded(prompt, completions, 1.0)
        except Exception as error:  # A model may refuse the mask in any way; memory is another matter.
            if "memory" in str(error):
                raise
            return False
        close = 1e-3 if plain.dtype == torch.float32 and self._base().dtype == torch.float32 else 0.1
        return bool((packed - plain).abs().max() < close)


def _sees_everything(config: Any) -> bool:
    """Whether no layer has a window (or is no attention at all), which shows on prompts longer than a short trial's
    only: the mask of a packed row would take the window's place."""
    config = getattr(config, "text_config", None) or config
    layers = getattr(config, "layer_types", None)
    if layers:
        return all(kind == "full_attention" for kind in layers)
    return not getattr(config, "sliding_window", None)


def _of_logits(logits: Tensor, ids: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    scaled = logits.float() / temperature
    normaliser = scaled.logsumexp(-1)
    logprobs = scaled.gather(-1, ids.unsqueeze(-1)).squeeze(-1) - normaliser
    with torch.no_grad():
        # H = log Z - E[logit], without a second array of log-probabilities.
        shares = (scaled.detach() - normaliser.detach().unsqueeze(-1)).exp_()
        entropy = normaliser.detach() - (shares.mul_(scaled.detach())).sum(-1)
    return logprobs, entropy


def _through_head(head: Any, hidden: Tensor, ids: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    rows = max(1, MOST_LOGITS // head.weight.shape[0])
    if hidden.shape[0] <= rows:
        return _of_logits(head(hidden), ids, temperature)

    def piece(h: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        return _of_logits(head(h), t, temperature)

    made = [
        checkpoint(piece, h, t, use_reentrant=False) if torch.is_grad_enabled() else piece(h, t)
        for h, t in zip(hidden.split(rows), ids.split(rows))
    ]
    return torch.cat([m[0] for m in made]), torch.cat([m[1] for m in made])
