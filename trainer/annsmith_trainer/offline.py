"""One offline round: an update of the policy from the groups that are already in the ledger."""

from __future__ import annotations

import gc
import math
import random
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import torch

from .adapters import load_trained, save_adapter, set_weights, trainable, weights_of
from .checkpoint import AS_ANOTHER_ROUND, RoundFolder
from .errors import TrainerError, is_out_of_memory
from .events import Emit
from .ledger import Selection, require_groups, select_groups
from .models import adapter_version, base_fingerprint, context_limit, device_kind, pick_device
from .models import require_adapter_folder, require_model_folder
from .objective import grpo_objective
from .scoring import Scorer, Scores
from .settings import OfflineSettings
from .tokens import TokenGroup, tokenise


@dataclass
class Tally:
    """Sums over a step's groups."""

    loss: float = 0.0
    kl: float = 0.0
    entropy: float = 0.0
    clipped: int = 0
    tokens: int = 0

    def report(self) -> dict[str, float]:
        tokens = max(1, self.tokens)
        return {
            "loss": self.loss,
            "kl": self.kl,
            "clip_fraction": self.clipped / tokens,
            "entropy": self.entropy / tokens,
        }


class OfflineRound:
    """Scores the logged completions as they were sampled, then takes the steps."""

    def __init__(self, model: Any, pad_id: int, groups: list[TokenGroup], settings: OfflineSettings) -> None:
        self.model = model
        self.scorer = Scorer(model, pad_id)
        self.groups = groups
        self.settings = settings
        self.optimizer = torch.optim.AdamW(trainable(model).values(), lr=settings.learning_rate, weight_decay=0.0)
        # Per group and completion: under the logged adapter, and under the base model.
        self.old: list[list[torch.Tensor]] = []
        self.ref: list[list[torch.Tensor]] = []

    @property
    def steps(self) -> list[list[int]]:
        """Groups of each step, by position; the same for the same seed."""
        made: list[list[int]] = []
        for epoch in range(self.settings.epochs):
            order = list(range(len(self.groups)))
            random.Random(f"{self.settings.seed}/{epoch}").shuffle(order)
            size = self.settings.groups_per_step
            made += [order[i : i + size] for i in range(0, len(order), size)]
        return made

    @torch.no_grad()
    def score(self, emit: Emit) -> None:
        """Log-probabilities under the logged adapter and under the base model (adapter off), both at the temperature
        that the group was sampled at, and the drift between the logged adapter and what the server said when it sampled.

        The drift is of the models' own distributions, before any temperature, as that is what servers report: it
        tells another model apart, and says nothing on whether the temperature is the right one."""
        differences: list[float] = []
        for index, group in enumerate(self.groups):
            old: list[torch.Tensor] = []
            ref: list[torch.Tensor] = []
            for rows in self._slices(group):
                parts = [group.completions[i] for i in rows]
                old += _rows(self.scorer(group.prompt, parts, group.temperature))
                with self.model.disable_adapter():
                    ref += _rows(self.scorer(group.prompt, parts, group.temperature))
                server = [group.server_logprobs[i] for i in rows]
                if any(server):
                    own = _rows(self.scorer(group.prompt, parts, 1.0)) if group.temperature != 1.0 else old[-len(rows) :]
                    for mine, theirs in zip(own, server):
                        differences += [abs(a - b) for a, b in zip(mine.tolist(), theirs)]
            self.old.append(old)
            self.ref.append(ref)
            emit("scored", group=index + 1, groups=len(self.groups))
        self._check_drift(differences, emit)

    def _check_drift(self, differences: list[float], emit: Emit) -> None:
        if not differences:
            emit("drift", tokens=0, mean=None, largest=None)
            return
        mean = sum(differences) / len(differences)
        emit("drift", tokens=len(differences), mean=mean, largest=max(differences))
        if not mean <= self.settings.drift_limit:
            raise TrainerError(
                "drift",
                f"the logged log-probabilities differ from this model's by {mean:.2f} nats per token on average, more "
                f"than --drift-limit {self.settings.drift_limit:g}: the groups were sampled from another model or adapter",
                "Give the model and adapter that sampled them to --model and --adapter, or raise --drift-limit where "
                "the server runs a quantised copy.",
            )

    def _slices(self, group: TokenGroup, size: int | None = None) -> list[list[int]]:
        """Positions of the completions to train on, some at a time. Truncated ones have no end to learn from."""
        kept = [i for i, cut in enumerate(group.truncated) if not cut]
        each = size or self.settings.micro_batch
        return [kept[i : i + each] for i in range(0, len(kept), each)]

    def pass_over(self, index: int, share: float, tally: Tally, backward: bool, size: int | None = None) -> None:
        """One group's objective, `share` of the step's; its gradient is added to what is there."""
        group = self.groups[index]
        position = {i: row for row, i in enumerate(i for s in self._slices(group) for i in s)}
        for rows in self._slices(group, size):
            scores = self.scorer(group.prompt, [group.completions[i] for i in rows], group.temperature)
            device = scores.logprobs.device
            old, ref = (
                torch.nn.utils.rnn.pad_sequence([of[index][position[i]] for i in rows], batch_first=True).to(device)
                for of in (self.old, self.ref)
            )
            objective = grpo_objective(
                scores.logprobs,
                old,
                ref,
                torch.tensor([group.advantages[i] for i in rows], device=device),
                scores.mask,
                self.settings.eps,
                self.settings.beta,
                completions=len(group.completions),
            )
            if backward:
                (objective.loss * share).backward()
            tally.loss += float(objective.loss.detach()) * share
            tally.kl += float(objective.kl) * share
            tally.entropy += float(scores.entropy.sum())
            tally.clipped += objective.clipped
            tally.tokens += objective.tokens

    @torch.no_grad()
    def evaluate(self) -> dict[str, float]:
        """The objective over all groups as the model is now."""
        tally = Tally()
        for index in range(len(self.groups)):
            self.pass_over(index, 1 / len(self.groups), tally, backward=False)
        return tally.report()

    def step(self, groups: list[int]) -> dict[str, float]:
        """One update. @raises TrainerError where the objective is no number; the weights stay as they were."""
        started = time.perf_counter()
        tally = Tally()
        self.optimizer.zero_grad(set_to_none=True)
        for index in groups:
            self.pass_over(index, 1 / len(groups), tally, backward=True)
        norm = float(torch.nn.utils.clip_grad_norm_(trainable(self.model).values(), self.settings.max_grad_norm))
        if not (math.isfinite(norm) and math.isfinite(tally.loss)):
            raise TrainerError(
                "not-finite", f"the loss is {tally.loss} and its gradient {norm}", "Lower --learning-rate."
            )
        self.optimizer.step()
        seconds = time.perf_counter() - started
        return {
            **tally.report(),
            "gradient_norm": norm,
            "tokens": tally.tokens,
            "tokens_per_second": tally.tokens / seconds,
        }

    def what_fits(self) -> str:
        """After memory ran out: the setting that fits, tried on the largest group."""
        largest = max(range(len(self.groups)), key=lambda i: len(self.groups[i].prompt) + max(map(len, self.groups[i].completions)))
        if len(self.old) <= largest:
            # It ran out before anything was scored; the numbers do not matter here, their sizes do.
            self.old = self.ref = [[torch.zeros(len(c)) for c in g.completions] for g in self.groups]
        size = self.settings.micro_batch // 2
        attempts = [(s, False) for s in _halvings(size)] + [(1, True)]
        for size, recompute in attempts:
            try:
                if recompute:
                    recompute_activations(self.model)
                self.pass_over(largest, 1.0, Tally(), backward=True, size=size)
                return f"Use --micro-batch {size}{' --gradient-checkpointing' if recompute else ''}: that was tried and fits."
            except Exception as error:
                if not is_out_of_memory(error):
                    break
            finally:
                self.optimizer.zero_grad(set_to_none=True)
                free_memory()
        return "Use a smaller --max-length (longer groups are left out), or give a smaller model to --model."


def run_offline(settings: OfflineSettings, emit: Emit) -> dict[str, Any]:
    """Runs a round, or finishes one that was killed. The ledger and every other adapter stay as they are."""
    settings.check()
    require_model_folder(settings.model)
    if settings.adapter is not None:
        require_adapter_folder(settings.adapter)
    selection = select_groups(settings.ledger, settings.policy, settings.version, settings.advantage_limit)
    device, dtype = pick_device(settings.device)
    folder, plan = RoundFolder(settings.out), _plan(settings, device)
    if not settings.fresh and (planned := folder.groups_of(plan)) is not None:
        # Runs go on and write to the ledger while a round lies unfinished.
        _keep_planned(selection, planned, settings, folder)
    require_groups(selection, settings.ledger, settings.policy, settings.version)
    if settings.threads:
        torch.set_num_threads(settings.threads)
    torch.manual_seed(settings.seed)
    started = time.perf_counter()
    model, tokenizer = load_trained(settings, device, dtype)
    if settings.gradient_checkpointing:
        recompute_activations(model)
    limit = context_limit(model) or 1 << 30
    tokenised = tokenise(selection.groups, tokenizer, min(limit, settings.max_length or limit))
    selection.skipped.update(tokenised.skipped)
    if not tokenised.groups:
        raise TrainerError(
            "too-long",
            f"no group has a whole completion that fits ({selection.describe_skips()})",
            "Raise --max-length, or the model's maxTokens where completions were truncated.",
        )
    work = OfflineRound(model, tokenizer.pad_token_id, tokenised.groups, settings)
    if selection.unknown_temperature:
        emit(
            "warning",
            code="unknown-temperature",
            message=f"the ledger does not say at what temperature {selection.unknown_temperature} of the groups were "
            "sampled (the server did not take the parameter): they are trained as if it had been 1",
        )
    emit(
        "start",
        groups=len(work.groups),
        completions=sum(len(g.completions) for g in work.groups),
        skipped=dict(selection.skipped),
        truncated=selection.truncated,
        repaired=selection.repaired,
        retokenised=tokenised.retokenised,
        mean_reward=sum(g.mean_reward for g in work.groups) / len(work.groups),
        steps=len(work.steps),
        device=device,
        packed=work.scorer.packs,
    )
    try:
        result = _train(work, selection, settings, folder, plan, emit)
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        result = None
    if result is None:
        # Out of the handler, whose traceback keeps the failed step's tensors alive.
        free_memory()
        raise TrainerError(
            "out-of-memory",
            f"memory ran out with --micro-batch {settings.micro_batch} on {device}",
            work.what_fits() + (f" {AS_ANOTHER_ROUND}" if folder.has_steps() else ""),
        )
    emit("done", seconds=time.perf_counter() - started, **result)
    return result


def _plan(settings: OfflineSettings, device: str) -> dict[str, Any]:
    """What a round must have in common with an unfinished one to go on with it, apart from its groups."""
    return {
        "settings": settings.trained_by(),
        # A GPU computes in bf16, and would go on from log-probabilities of fp32.
        "device": device_kind(device),
        "base": base_fingerprint(settings.model),
        "adapter": adapter_version(settings.adapter) if settings.adapter else "base",
    }


def _keep_planned(selection: Selection, planned: list[str], settings: OfflineSettings, folder: RoundFolder) -> None:
    """@raises TrainerError where a group of an unfinished round that has taken steps is not there any more"""
    missing = selection.narrow(planned)
    if missing and folder.has_steps():
        shown = ", ".join(missing[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
        raise TrainerError(
            "other-round",
            f"{folder.path}: holds an unfinished round on {len(planned)} groups, of which {settings.ledger} has no "
            f"usable {shown}",
            "Give the ledger that it was begun with, name another --out, or drop it with --fresh.",
        )


def _train(
    work: OfflineRound,
    selection: Selection,
    settings: OfflineSettings,
    folder: RoundFolder,
    plan: dict[str, Any],
    emit: Emit,
) -> dict[str, Any]:
    parent = plan["adapter"]
    ids = [g.id for g in work.groups]
    times = sorted(g.at for g in selection.groups if g.id in set(ids))
    folder.open({**plan, "groups": ids}, settings.fresh)
    scored = folder.load("scored.pt")
    if scored is None:
        work.score(emit)
        scored = {"old": work.old, "ref": work.ref, "before": work.evaluate()}
        folder.save("scored.pt", scored)
    work.old, work.ref = scored["old"], scored["ref"]
    done = 0
    history: list[dict[str, float]] = []
    if (state := folder.last_step()) is not None:
        done, history = state["step"], state["history"]
        set_weights(work.model, state["weights"])
        work.optimizer.load_state_dict(state["optimizer"])
        emit("resumed", step=done, steps=len(work.steps))
    for number, groups in enumerate(work.steps[done:], done + 1):
        metrics = work.step(groups)
        history.append(metrics)
        emit("step", step=number, steps=len(work.steps), **metrics)
        folder.save_step(
            number,
            {
                "step": number,
                "history": history,
                "weights": weights_of(work.model),
                "optimizer": work.optimizer.state_dict(),
            },
        )
        emit("checkpoint", step=number)
    after = work.evaluate()
    metrics = {
        "groups": len(work.groups),
        "completions": sum(len(g.completions) for g in work.groups),
        "steps": len(work.steps),
        "mean_reward": sum(g.mean_reward for g in work.groups) / len(work.groups),
        "before": scored["before"],
        "after": after,
        "mean_tokens_per_second": sum(h["tokens_per_second"] for h in history) / max(1, len(history)),
    }
    version = save_adapter(
        work.model,
        settings.out,
        {
            "made": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "parent": parent,
            "base": {"name": settings.model.resolve().name, "fingerprint": plan["base"]},
            "policy": {"id": settings.policy, "version": settings.version},
            "ledger": {"groups": ids, "from": times[0], "to": times[-1]},
            "settings": settings.trained_by(),
            "metrics": metrics,
        },
    )
    emit("saved", path=str(settings.out), version=version, parent=parent)
    folder.remove()
    return {"version": version, "parent": parent, "path": str(settings.out), **metrics}


def recompute_activations(model: Any) -> None:
    """Trades time for memory: activations are computed again for the gradient."""
    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    model.enable_input_require_grads()
    model.train()


def free_memory() -> None:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _halvings(size: int) -> list[int]:
    made: list[int] = []
    while size >= 1:
        made.append(size)
        size //= 2
    return made


def _rows(scores: Scores) -> list[torch.Tensor]:
    """Log-probabilities per completion, without padding, off the device."""
    return [row[keep].float().cpu() for row, keep in zip(scores.logprobs, scores.mask)]
