"""What a round can be told."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

from .errors import TrainerError


@dataclass(frozen=True, kw_only=True)
class RoundSettings:
    """Of every round."""

    # Where things are and how long is waited: the result does not depend on them.
    not_of_the_result: ClassVar[tuple[str, ...]] = ("model", "adapter", "out", "device", "threads", "fresh")

    # The base model's folder, and the adapter that samples; None for the base alone.
    model: Path
    adapter: Path | None
    # Where the new adapter goes; must not exist yet.
    out: Path
    seed: int = 1
    # Completions of one group that go through the model at a time.
    micro_batch: int = 8
    learning_rate: float = 5e-5
    eps: float = 0.2
    beta: float = 0.02
    advantage_limit: float | None = None
    rank: int = 16
    alpha: int = 32
    device: str = "auto"
    threads: int | None = None
    fresh: bool = False

    def check(self) -> None:
        """@raises TrainerError that names the first setting out of range."""
        self._at_least(micro_batch=1, rank=1, alpha=1)
        self._above_zero("learning_rate", "eps")
        if self.beta < 0:
            raise _out_of_range("beta", "at least 0")
        if self.out.exists():
            raise TrainerError("out-exists", f"{self.out}: exists already", "Name a new folder with --out.")

    def trained_by(self) -> dict[str, Any]:
        """What the result depends on."""
        return {name: value for name, value in asdict(self).items() if name not in self.not_of_the_result}

    def _at_least(self, **least: int) -> None:
        for name, value in least.items():
            if getattr(self, name) < value:
                raise _out_of_range(name, f"at least {value}")

    def _above_zero(self, *names: str) -> None:
        for name in names:
            if not getattr(self, name) > 0:
                raise _out_of_range(name, "above 0")


@dataclass(frozen=True, kw_only=True)
class OfflineSettings(RoundSettings):
    """One offline round."""

    not_of_the_result = (*RoundSettings.not_of_the_result, "ledger", "drift_limit")

    ledger: Path
    # As the ledger's groups name them.
    policy: str
    version: str
    epochs: int = 1
    groups_per_step: int = 1
    max_grad_norm: float = 1.0
    # Tokens of a prompt and a completion together; None: what the model takes.
    max_length: int | None = None
    # Nats per token that the server's log-probabilities may differ from ours on average.
    drift_limit: float = 0.5
    gradient_checkpointing: bool = False

    def check(self) -> None:
        super().check()
        self._at_least(epochs=1, groups_per_step=1)
        self._above_zero("max_grad_norm", "drift_limit")


@dataclass(frozen=True, kw_only=True)
class OnlineSettings(RoundSettings):
    """Some online rounds, each one update."""

    not_of_the_result = (*RoundSettings.not_of_the_result, "prompts", "rewards", "patience")

    # JSON Lines: module and messages of each.
    prompts: Path
    # Address of the reward server.
    rewards: str
    rounds: int = 1
    group: int = 8
    max_tokens: int = 1024
    temperature: float = 1.0
    # Seconds that one group may take to measure.
    patience: float = 3600.0

    def check(self) -> None:
        super().check()
        self._at_least(rounds=1, group=2, max_tokens=1)
        self._above_zero("temperature", "patience")
        if self.group % min(self.micro_batch, self.group) != 0:
            raise TrainerError("setting", "--micro-batch must divide --group", "Give another --micro-batch.")


def _out_of_range(name: str, wanted: str) -> TrainerError:
    option = "--" + name.replace("_", "-")
    return TrainerError("setting", f"{option}: must be {wanted}", f"Give another value to {option}.")
