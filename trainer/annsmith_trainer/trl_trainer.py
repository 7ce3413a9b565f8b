"""TRL's trainer with the advantages of DESIGN in its loss."""

from __future__ import annotations

from typing import Any, Protocol

from trl import GRPOTrainer


class Measured(Protocol):
    """A reward function that keeps the advantages of its last batch, one per completion, in the order asked."""

    advantages: list[float]


class MeasuredTrainer(GRPOTrainer):
    """Takes the advantages as they are from the reward function.

    TRL makes its own: it subtracts the group's mean from whatever it is handed. That is 0 only for advantages that were
    not clipped; clipped ones it would push past their limit.
    """

    def __init__(self, measured: Measured, **given: Any) -> None:
        super().__init__(reward_funcs=measured, **given)
        self._measured = measured

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        """A group, sampled and measured. `advantages`: (completions)."""
        batch = super()._generate_and_score_completions(inputs)
        batch["advantages"] = batch["advantages"].new_tensor(self._measured.advantages)
        return batch
