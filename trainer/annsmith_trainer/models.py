"""Language models and adapters from local folders. Nothing is ever fetched over the network."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from .errors import TrainerError, in_short

# Said before transformers is imported: a path that is no model must be an error here, not a download.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def require_torch() -> Any:
    """PyTorch, or what to do without it. @raises TrainerError"""
    try:
        import torch

        return torch
    except (ImportError, OSError, ValueError) as error:
        raise TrainerError(
            "no-torch", f"PyTorch cannot be imported: {error}", "Run `npm run setup:trainer` to install the trainer."
        ) from None


def require_model_folder(path: Path) -> None:
    """@raises TrainerError where a path is no model that transformers can load."""
    if not path.exists():
        raise TrainerError("no-model", f"{path}: there is no such folder", "Give the folder of a model to --model.")
    if path.is_file():
        hint = (
            "Convert it first: python -m annsmith_trainer convert FILE.gguf FOLDER"
            if path.suffix == ".gguf"
            else "Give the folder that holds config.json and the weights."
        )
        raise TrainerError("no-model", f"{path}: a file, not the folder of a model", hint)
    if not (path / "config.json").is_file():
        adapter = (path / "adapter_config.json").is_file()
        raise TrainerError(
            "no-model",
            f"{path}: no config.json in it" + (", it is an adapter" if adapter else ""),
            "Give the base model's folder to --model" + (" and this one to --adapter." if adapter else "."),
        )


def pick_device(device: str) -> tuple[str, Any]:
    """The device and the number format for it: bf16 on a GPU, fp32 on the CPU."""
    torch = require_torch()
    name = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise TrainerError("no-gpu", "--device cuda: PyTorch finds no GPU", "Use --device cpu, or run setup with --cuda.")
    return name, (torch.bfloat16 if name.startswith("cuda") else torch.float32)


def device_kind(device: str) -> str:
    """`cpu` or `cuda`: what decides the number format, whichever of several GPUs it is."""
    return device.partition(":")[0]


def context_limit(model: Any) -> int | None:
    """Tokens that a model takes, prompt and completion together; None where it does not say."""
    return getattr(model.config, "max_position_embeddings", None) or None


def load_base(path: Path, device: str, dtype: Any) -> tuple[Any, Any]:
    """A causal language model and its tokenizer. @raises TrainerError"""
    require_torch()
    require_model_folder(path)
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    try:
        tokenizer = AutoTokenizer.from_pretrained(str(path))
        model = AutoModelForCausalLM.from_pretrained(str(path), dtype=dtype, attn_implementation="sdpa")
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "memory" in str(error):
            raise
        raise TrainerError(
            "no-model",
            f"{path}: cannot be loaded as a causal language model: {in_short(error)}",
            "Check the model's folder.",
        ) from None
    if tokenizer.chat_template is None:
        raise TrainerError(
            "no-chat-template",
            f"{path}: the tokenizer has no chat template, so its prompts cannot be rebuilt",
            "Use an instruction-tuned model, or put chat_template.jinja into the folder.",
        )
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return model.to(device), tokenizer


def require_adapter_folder(path: Path) -> dict[str, Any]:
    """An adapter's settings. @raises TrainerError"""
    config = path / "adapter_config.json"
    if not config.is_file() or not (path / "adapter_model.safetensors").is_file():
        raise TrainerError(
            "no-adapter",
            f"{path}: no LoRA adapter (adapter_config.json and adapter_model.safetensors)",
            "Give the folder that an earlier round wrote, or leave --adapter out for the base model.",
        )
    try:
        settings = json.loads(config.read_text())
    except ValueError:
        raise TrainerError("no-adapter", f"{config}: not readable as JSON", "Take the adapter from a backup.") from None
    if not isinstance(settings, dict) or settings.get("peft_type") != "LORA":
        raise TrainerError(
            "no-adapter", f"{config}: peft_type is not LORA", "Give the folder of a LoRA adapter; no other kind is trained."
        )
    return settings


def adapter_version(folder: Path) -> str:
    """Names an adapter by its weights: the same weights have the same version on every machine."""
    return f"lora-{hashlib.sha256((folder / 'adapter_model.safetensors').read_bytes()).hexdigest()[:12]}"


def base_fingerprint(path: Path) -> str:
    """Tells base models apart without reading gigabytes: their settings and the names and sizes of their weights."""
    digest = hashlib.sha256((path / "config.json").read_bytes())
    for file in sorted(path.glob("*.safetensors")):
        digest.update(f"{file.name}:{file.stat().st_size}".encode())
    return digest.hexdigest()[:16]


def convert_gguf(file: Path, folder: Path) -> None:
    """Turns a GGUF file into a model folder: weights dequantised to 32-bit floats, tokenizer and chat template kept."""
    torch = require_torch()
    if not file.is_file() or file.read_bytes()[:4] != b"GGUF":
        raise TrainerError("no-model", f"{file}: not a GGUF file", "Give a file that ends in .gguf.")
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    source = str(file.resolve().parent)
    tokenizer = AutoTokenizer.from_pretrained(source, gguf_file=file.name)
    model = AutoModelForCausalLM.from_pretrained(source, gguf_file=file.name, dtype=torch.float32)
    # The weights are plain floats now, but transformers still takes them for quantised ones, which it does not save.
    model.config.__dict__.pop("quantization_config", None)
    model.hf_quantizer = None
    model.is_quantized = False
    part = folder.with_name(folder.name + ".part")
    model.save_pretrained(str(part))
    tokenizer.save_pretrained(str(part))
    os.replace(part, folder)
