"""Online rounds: TRL samples and updates, Annsmith measures."""

from __future__ import annotations

import asyncio
import hashlib
import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import torch

from .adapters import save_adapter, with_adapter
from .checkpoint import RoundFolder
from .errors import TrainerError, is_out_of_memory
from .events import Emit
from .models import adapter_version, base_fingerprint, load_base, pick_device
from .objective import normalise
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
        # The reward function hands over advantages already; TRL's own use the sample deviation plus 1e-4.
        "scale_rewards": "none",
        "mask_truncated_completions": True,
        "num_iterations": 1,
        "num_generations": group,
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

    It answers with advantages, normalised per group over the population as DESIGN has it; TRL is told not to scale.
    TRL subtracts the group's mean once more, which is 0 already.
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
                skipped="zero-variance" if normalised.zero_variance else None,
            )
            for i, advantage in zip(rows, normalised.advantages):
                advantages[i] = advantage
        return advantages


def read_prompts(path: Path) -> list[dict[str, Any]]:
    """@raises TrainerError that names the first line that is no prompt."""
    try:
        lines = path.read_text().splitlines()
    except OSError as error:
        raise TrainerError("prompts", f"{path}: {error.strerror}", "Check the path given to --prompts.") from None
    made: list[dict[str, Any]] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
            messages = [{"role": str(m["role"]), "content": str(m["content"])} for m in value["messages"]]
            if not messages:
                raise ValueError
            made.append({"prompt": messages, "module": str(value["module"])})
        except (ValueError, KeyError, TypeError, AttributeError):
            raise TrainerError(
                "prompts",
                f"{path}:{number}: not a prompt (an object with module and messages)",
                "Write one object a line; the messages are those of `annsmith prompt --module M --json`.",
            ) from None
    if not made:
        raise TrainerError("prompts", f"{path}: no prompts in it", "Write some with `annsmith prompt --module M --json`.")
    return made


def run_online(settings: OnlineSettings, emit: Emit) -> dict[str, Any]:
    """Runs rounds, or goes on after the last whole one of a run that was killed."""
    prompts = read_prompts(settings.prompts)
    settings.check()
    client = RewardClient(settings.rewards, patience=settings.patience)
    if settings.threads:
        torch.set_num_threads(settings.threads)
    device, dtype = pick_device(settings.device)
    base, tokenizer = load_base(settings.model, device, dtype)
    model = with_adapter(base, settings.adapter, settings.rank, settings.alpha, settings.seed)
    from datasets import Dataset
    from transformers import PrinterCallback
    from trl import GRPOTrainer

    fingerprint, prompt_digest = base_fingerprint(settings.model), hashlib.sha256(settings.prompts.read_bytes()).hexdigest()
    parent = adapter_version(settings.adapter) if settings.adapter else "base"
    folder = RoundFolder(settings.out)
    # TRL itself takes up whatever lies there.
    folder.open(
        {"settings": settings.trained_by(), "base": fingerprint, "adapter": parent, "prompts": prompt_digest},
        settings.fresh,
    )
    micro = min(settings.micro_batch, settings.group)
    arguments = trl_settings(
        str(folder.path),
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
    policy = f"local:{settings.model.resolve().name}"
    measured = MeasuredRewards(client, policy, parent, settings.advantage_limit, emit)
    try:
        trainer = GRPOTrainer(
            model=model,
            processing_class=tokenizer,
            reward_funcs=measured,
            args=arguments,
            train_dataset=Dataset.from_list(prompts),
        )
        # TRL takes a copy of the adapter it starts from for the reference; DESIGN's reference is the base model, which is
        # what TRL falls back on without that copy.
        if "ref" in model.peft_config:
            model.delete_adapter("ref")
        trainer.remove_callback(PrinterCallback)
        trainer.add_callback(_progress(emit))
        last = _last_checkpoint(folder.path)
        emit("start", prompts=len(prompts), rounds=settings.rounds, group=settings.group, device=device)
        if last is not None:
            emit("resumed", step=int(last.name.split("-")[1]), steps=settings.rounds)
        trainer.train(resume_from_checkpoint=str(last) if last else None)
    except Exception as error:
        if measured.failure is not None:
            raise measured.failure from None
        if is_out_of_memory(error):
            raise TrainerError(
                "out-of-memory",
                f"memory ran out with --micro-batch {micro} and --max-tokens {settings.max_tokens}",
                f"Use --micro-batch {max(1, micro // 2)}, or fewer --max-tokens.",
            ) from None
        raise
    version = save_adapter(
        trainer.accelerator.unwrap_model(trainer.model),
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
    found = [p for p in folder.glob("checkpoint-*") if (p / "trainer_state.json").is_file()]
    return max(found, key=lambda p: int(p.name.split("-")[1]), default=None)


def _text(completion: Any) -> str:
    """TRL hands over messages for conversational prompts, and text for others."""
    return completion if isinstance(completion, str) else str(completion[0]["content"])
