"""LoRA adapters: made, loaded, and saved with where they come from."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import torch

from .checkpoint import publish_folder
from .errors import TrainerError
from .models import adapter_version, require_adapter_folder

# Beside the weights: what the adapter was made of. vLLM and PEFT ignore it.
LINEAGE = "annsmith.json"


def with_adapter(model: Any, adapter: Path | None, rank: int, alpha: int, seed: int) -> Any:
    """The model with an adapter to train: an earlier round's, or a new one that changes nothing yet."""
    from peft import LoraConfig, PeftModel, get_peft_model

    if adapter is not None:
        require_adapter_folder(adapter)
        try:
            return PeftModel.from_pretrained(model, str(adapter), is_trainable=True)
        except (RuntimeError, ValueError, KeyError) as error:
            raise TrainerError(
                "other-model",
                f"{adapter}: does not fit the base model: {str(error).strip().splitlines()[0]}",
                "Give the base model that the adapter was trained on.",
            ) from None
    torch.manual_seed(seed)
    settings = LoraConfig(r=rank, lora_alpha=alpha, lora_dropout=0.0, target_modules="all-linear", task_type="CAUSAL_LM")
    return get_peft_model(model, settings)


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


def save_adapter(model: Any, out: Path, lineage: dict[str, Any]) -> str:
    """Writes the adapter with its lineage, whole or not at all; returns its version."""
    part = out.with_name(out.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    model.save_pretrained(str(part))
    version = adapter_version(part)
    (part / LINEAGE).write_text(json.dumps({"version": version, **lineage}, indent=2) + "\n")
    publish_folder(part, out)
    return version
