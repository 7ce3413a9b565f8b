"""Adapters of a model that is being served: put in wholly, or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from peft import PeftModel
from peft.tuners.tuners_utils import BaseTunerLayer, delete_adapter
from peft.utils.other import AuxiliaryTrainingWrapper


def attach(model: Any, folder: Path, name: str) -> PeftModel:
    """The model with one adapter more, which PEFT knows by `name`. After a failure the model is as it was.

    @raises Exception of PEFT, torch or safetensors where the adapter does not fit or is damaged
    """
    try:
        if isinstance(model, PeftModel):
            model.load_adapter(str(folder), adapter_name=name)
            return model
        return PeftModel.from_pretrained(model, str(folder), adapter_name=name)
    except Exception:
        # PEFT puts the adapter's layers in before it looks at the weights, and leaves them there.
        if isinstance(model, PeftModel):
            delete_adapter(model.base_model.model, name, model.base_model.prefix)
            model.peft_config.pop(name, None)
        else:
            _strip(model)
        raise


def _strip(model: Any) -> None:
    """Puts a bare model's own layers back in the places of those that wrap them."""
    for path, layer in list(model.named_modules()):
        if not isinstance(layer, (BaseTunerLayer, AuxiliaryTrainingWrapper)):
            continue
        parent, _, own = path.rpartition(".")
        plain = layer.get_base_layer() if isinstance(layer, BaseTunerLayer) else layer.original_module
        setattr(model.get_submodule(parent), own, plain)
    # What is left of it would make the next one take this model for one with adapters.
    vars(model).pop("peft_config", None)
