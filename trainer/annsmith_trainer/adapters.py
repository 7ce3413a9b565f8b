"""LoRA adapters: made, loaded, and saved with where they come from."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import torch

from .checkpoint import publish_folder
from .errors import TrainerError, in_short, is_out_of_memory
from .models import adapter_version, load_base, require_adapter_folder
from .settings import RoundSettings

# Beside the weights: what the adapter was made of. vLLM and PEFT ignore it.
LINEAGE = "annsmith.json"


def load_trained(settings: RoundSettings, device: str, dtype: torch.dtype) -> tuple[Any, Any]:
    """The base model with the adapter that a round trains, and its tokenizer. @raises TrainerError"""
    try:
        base, tokenizer = load_base(settings.model, device, dtype)
        return with_adapter(base, settings.adapter, settings.rank, settings.alpha, settings.seed), tokenizer
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        raise TrainerError(
            "out-of-memory", "there is not enough memory for the model alone", "Give a smaller one to --model."
        ) from None


def with_adapter(model: Any, adapter: Path | None, rank: int, alpha: int, seed: int) -> Any:
    """The model with an adapter to train: an earlier round's, or a new one that changes nothing yet. Nothing of it drops
    out, whatever mode it is in. @raises TrainerError where the adapter is of another model, or damaged"""
    from peft import LoraConfig, PeftModel, get_peft_model

    if adapter is not None:
        require_adapter_folder(adapter)
        try:
            made = PeftModel.from_pretrained(model, str(adapter), is_trainable=True)
        except Exception as error:  # PEFT and safetensors have a class for each thing that may be wrong with it.
            if is_out_of_memory(error):
                raise
            raise TrainerError(
                "other-model",
                f"{adapter}: does not fit the base model, or is damaged: {in_short(error)}",
                "Give the base model that the adapter was trained on to --model, or take the adapter from a backup.",
            ) from None
    else:
        torch.manual_seed(seed)
        made = get_peft_model(
            model,
            LoraConfig(r=rank, lora_alpha=alpha, lora_dropout=0.0, target_modules="all-linear", task_type="CAUSAL_LM"),
        )
    disable_dropout(made)
    return made


def disable_dropout(model: torch.nn.Module) -> None:
    """Log-probabilities with dropout are of a random model: the first ratio would not be 1, and a round that goes on
    would not end as the whole one. Training mode alone does not say: adapters come in it, checkpointing switches it on."""
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
        # Attention has its rate as a number, which it hands to the kernel.
        for name, value in vars(module).items():
            if name.endswith("dropout") and isinstance(value, float):
                setattr(module, name, 0.0)


def trainable(model: Any) -> dict[str, torch.Tensor]:
    """The adapter's own weights, by name."""
    return {name: p for name, p in model.named_parameters() if p.requires_grad}


def weights_of(model: Any) -> dict[str, torch.Tensor]:
    return {name: p.detach().cpu().clone() for name, p in trainable(model).items()}


@torch.no_grad()
def set_weights(model: Any, weights: dict[str, torch.Tensor]) -> None:
    own = trainable(model)
    if own.keys() != weights.keys():
        raise ValueError("the saved weights are of another adapter")
    for name, parameter in own.items():
        parameter.copy_(weights[name])


def load_weights(model: Any, folder: Path) -> None:
    """Gives the model's adapter the weights of one that was saved."""
    from peft import load_peft_weights, set_peft_model_state_dict

    set_peft_model_state_dict(model, load_peft_weights(str(folder), device="cpu"))


def save_adapter(model: Any, out: Path, lineage: dict[str, Any]) -> str:
    """Writes the adapter with its lineage, whole or not at all; returns its version."""
    part = out.with_name(out.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    model.save_pretrained(str(part))
    version = adapter_version(part)
    (part / LINEAGE).write_text(json.dumps({"version": version, **lineage}, indent=2) + "\n")
    publish_folder(part, out)
    return version
