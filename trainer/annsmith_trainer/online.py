"""Online rounds: TRL samples and updates, Annsmith measures."""

from __future__ import annotations

import asyncio
import hashlib
import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import torch

from .adapters import load_trained, load_weights, save_adapter
from .checkpoint import AS_ANOTHER_ROUND, RoundFolder
from .errors import TrainerError, is_out_of_memory
from .events import Emit
from .models import adapter_version, base_fingerprint, context_limit, device_kind, pick_device
from .objective import normalise
from .prompts import Prompt, read_prompts, require_fit
from .rewards import Reward, RewardClient
from .settings import OnlineSettings


def trl_settings(folder: str, group: int, eps: float, beta: float, **more: Any) -> Any:
    """TRL's settings for the objective of DESIGN: what differs from TRL's defaults is said line by line."""
    from trl import GRPOConfig

    given: dict[str, Any] = {
        # Mean over a completion's tokens, then over completions; the default, dapo, divides by all tokens.
        "loss_type": "grpo",
        # The default, 0, has no KL at all.
        "beta": beta,
        # The default multiplies the KL by the ratio, which changes its gradient even on policy.
        "use_bias_correction_kl": False,
        "epsilon": eps,
        "epsilon_high": eps,
        "importance_sampling_level": "token",
        # The reward function makes the advantages; TRL's own use the sample deviation plus 1e-4.
        "scale_rewards": "none",
        "mask_truncated_completions": True,
        "num_iterations": 1,
        "num_generations": group,
        # Prompts in their order: what a shuffle has drawn is not in TRL's checkpoints, and rounds that go on after a kill
        # would ask one prompt twice and another never.
        "shuffle_dataset": False,
        "per_device_train_batch_size": group,
        # Samples from the model's own distribution, which the ratio is against.
        "temperature": 1.0,
        "top_p": 1.0,
        "top_k": 0,
        "repetition_penalty": 1.0,
        "disable_dropout": True,
        "lr_scheduler_type": "constant",
        "weight_decay": 0.0,
        "max_grad_norm": 1.0,
        "gradient_checkpointing": False,
        "bf16": False,
        "report_to": [],
        "logging_steps": 1,
        "save_strategy": "no",
        "disable_tqdm": True,
        "output_dir": folder,
    }
    return GRPOConfig(**{**given, **more})


class MeasuredRewards:
    """TRL's asynchronous reward function: completions of each prompt go to the server together, prompts in parallel.

    It answers with advantages, normalised per group over the population as DESIGN has it, and keeps them for the loss:
    what TRL makes of the answer is centred anew, and so no more what it was where `limit` has clipped it.
    """

    # TRL names its metrics after it.
    __name__ = "annsmith"

    def __init__(self, client: RewardClient, policy: str, parent: str, limit: float | None, emit: Emit) -> None:
        self._client = client
        self._policy = policy
        self._parent = parent
        self._limit = limit
        self._emit = emit
        self.failure: TrainerError | None = None
        # Of the last batch: one per completion, in TRL's order.
        self.advantages: list[float] = []

    async def __call__(
        self, prompts: list[Any], completions: list[Any], completion_ids: list[list[int]], **fields: Any
    ) -> list[float]:
        groups: dict[str, list[int]] = {}
        for i, prompt in enumerate(prompts):
            groups.setdefault(json.dumps(prompt, sort_keys=True), []).append(i)
        modules = fields["module"]
        # Each update is a version of its own, as far as the server's ledger goes.
        version = f"{self._parent}+{fields['trainer_state'].global_step}"

        async def one(rows: list[int]) -> list[Reward]:
            texts = [_text(completions[i]) for i in rows]
            ids = [completion_ids[i] for i in rows]
            return await self._client.score_async(modules[rows[0]], texts, (self._policy, version), ids)

        try:
            answers = await asyncio.gather(*(one(rows) for rows in groups.values()))
        except TrainerError as error:
            self.failure = error
            raise
        advantages = [0.0] * len(prompts)
        for rows, rewards in zip(groups.values(), answers):
            values = [r.reward for r in rewards]
            known = [v for v in values if v is not None]
            if len(known) < len(values):
                self._emit("group", module=modules[rows[0]], skipped="unrewarded")
                continue
            normalised = normalise(known, self._limit)
            self._emit(
                "group",
                module=modules[rows[0]],
                mean_reward=normalised.mean,
                best_reward=max(known),
                accepted=sum(r.verdict == "accepted" for r in rewards) / len(rewards),
                **({"skipped": "zero-variance"} if normalised.zero_variance else {}),
            )
            for i, advantage in zip(rows, normalised.advantages):
                advantages[i] = advantage
        self.advantages = advantages
        return advantages


def run_online(settings: OnlineSettings, emit: Emit) -> dict[str, Any]:
    """Runs rounds, or goes on after the last whole one of a run that was killed."""
    prompts = read_prompts(settings.prompts)
    settings.check()
    client = RewardClient(settings.rewards, patience=settings.patience)
    if settings.threads:
        torch.set_num_threads(settings.threads)
    device, dtype = pick_device(settings.device)
    model, tokenizer = load_trained(settings, device, dtype)
    require_fit(prompts, settings.prompts, tokenizer, context_limit(model), settings.max_tokens)
    fingerprint, prompt_digest = base_fingerprint(settings.model), hashlib.sha256(settings.prompts.read_bytes()).hexdigest()
    parent = adapter_version(settings.adapter) if settings.adapter else "base"
    folder = RoundFolder(settings.out)
    # TRL itself takes up whatever lies there.
    folder.open(
        {
            "settings": settings.trained_by(),
            "device": device_kind(device),
            "base": fingerprint,
            "adapter": parent,
            "prompts": prompt_digest,
        },
        settings.fresh,
    )
    emit("start", prompts=len(prompts), rounds=settings.rounds, group=settings.group, device=device)
    last = _last_checkpoint(folder.path)
    done = 0 if last is None else _step_of(last)
    if last is not None:
        emit("resumed", step=done, steps=settings.rounds)
    if last is not None and done >= settings.rounds:
        # Killed before its adapter was published. The trainer looks at the number of steps after a step alone, and would
        # take another one.
        load_weights(model, last)
    else:
        policy = f"local:{settings.model.resolve().name}"
        measured = MeasuredRewards(client, policy, parent, settings.advantage_limit, emit)
        _train(settings, model, tokenizer, prompts, measured, device, folder.path, last, emit)
    version = save_adapter(
        model,
        settings.out,
        {
            "made": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "parent": parent,
            "base": {"name": settings.model.resolve().name, "fingerprint": fingerprint},
            "online": {"rounds": settings.rounds, "group": settings.group, "prompts": prompt_digest},
        },
    )
    emit("saved", path=str(settings.out), version=version, parent=parent)
    folder.remove()
    result = {"version": version, "parent": parent, "path": str(settings.out)}
    emit("done", **result)
    return result


def _train(
    settings: OnlineSettings,
    model: Any,
    tokenizer: Any,
    prompts: list[Prompt],
    measured: MeasuredRewards,
    device: str,
    folder: Path,
    last: Path | None,
    emit: Emit,
) -> None:
    """The rounds after the checkpoint `last`, or all of them; `model`'s adapter is what is trained. @raises TrainerError"""
    from datasets import Dataset
    from transformers import PrinterCallback

    from .trl_trainer import MeasuredTrainer

    micro = min(settings.micro_batch, settings.group)
    arguments = trl_settings(
        str(folder),
        settings.group,
        settings.eps,
        settings.beta,
        max_steps=settings.rounds,
        per_device_train_batch_size=micro,
        gradient_accumulation_steps=settings.group // micro,
        max_completion_length=settings.max_tokens,
        temperature=settings.temperature,
        learning_rate=settings.learning_rate,
        seed=settings.seed,
        bf16=device.startswith("cuda"),
        use_cpu=device == "cpu",
        save_strategy="steps",
        save_steps=1,
        save_total_limit=2,
    )
    try:
        trainer = MeasuredTrainer(
            measured,
            model=model,
            processing_class=tokenizer,
            args=arguments,
            train_dataset=Dataset.from_list([{"prompt": p.messages, "module": p.module} for p in prompts]),
        )
        # TRL takes a copy of the adapter it starts from for the reference; DESIGN's reference is the base model, which is
        # what TRL falls back on without that copy.
        if "ref" in model.peft_config:
            model.delete_adapter("ref")
        trainer.remove_callback(PrinterCallback)
        trainer.add_callback(_progress(emit))
        trainer.train(resume_from_checkpoint=str(last) if last else None)
    except Exception as error:
        if measured.failure is not None:
            raise measured.failure from None
        if is_out_of_memory(error):
            raise _out_of_memory(settings, micro, begun=any(folder.glob("checkpoint-*"))) from None
        raise


def _out_of_memory(settings: OnlineSettings, micro: int, begun: bool) -> TrainerError:
    """`micro`: completions at a time; `begun`: a step is on disk, which belongs to the settings that it was taken with."""
    # It must divide the group.
    less = next((size for size in range(micro - 1, 0, -1) if settings.group % size == 0), None)
    update = f"Use --micro-batch {less} where it was in the update. " if less else ""
    sampling = "A whole group is sampled at once: fewer --max-tokens or a smaller --group take less."
    return TrainerError(
        "out-of-memory",
        f"memory ran out with --micro-batch {micro}, --group {settings.group} and --max-tokens {settings.max_tokens}",
        update + sampling + (f" {AS_ANOTHER_ROUND}" if begun else ""),
    )


def _progress(emit: Emit) -> Any:
    from transformers import TrainerCallback

    class Progress(TrainerCallback):
        """TRL's metrics as our events."""

        def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
            if not logs or "loss" not in logs:
                return
            clip = logs.get("clip_ratio/region_mean", 0.0)
            emit(
                "step",
                step=state.global_step,
                steps=state.max_steps,
                loss=float(logs["loss"]),
                kl=float(logs.get("kl", 0.0)),
                clip_fraction=float(clip),
                entropy=float(logs.get("entropy", 0.0)),
                gradient_norm=float(logs.get("grad_norm", 0.0)),
            )

    return Progress()


def _last_checkpoint(folder: Path) -> Path | None:
    """The last that was written whole: its trainer state is the last file that TRL writes."""
    return max(filter(_is_whole, folder.glob("checkpoint-*")), key=_step_of, default=None)


def _is_whole(checkpoint: Path) -> bool:
    try:
        json.loads((checkpoint / "trainer_state.json").read_text())
        return True
    except (OSError, ValueError):
        return False


def _step_of(checkpoint: Path) -> int:
    return int(checkpoint.name.split("-")[1])


def _text(completion: Any) -> str:
    """TRL hands over messages for conversational prompts, and text for others."""
    return completion if isinstance(completion, str) else str(completion[0]["content"])
