"""What a round can be told."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .errors import TrainerError


@dataclass(frozen=True)
class OfflineSettings:
    """One offline round."""

    ledger: Path
    # The base model's folder, and the adapter that the logged groups were sampled with; None for the base alone.
    model: Path
    adapter: Path | None
    # As the ledger's groups name them.
    policy: str
    version: str
    # Where the new adapter goes; must not exist yet.
    out: Path
    seed: int = 1
    epochs: int = 1
    groups_per_step: int = 1
    # Completions of one group that go through the model at a time.
    micro_batch: int = 8
    learning_rate: float = 5e-5
    eps: float = 0.2
    beta: float = 0.02
    advantage_limit: float | None = None
    rank: int = 16
    alpha: int = 32
    max_grad_norm: float = 1.0
    # Tokens of a prompt and a completion together; None: what the model takes.
    max_length: int | None = None
    # Nats per token that the server's log-probabilities may differ from ours on average.
    drift_limit: float = 0.5
    gradient_checkpointing: bool = False
    device: str = "auto"
    threads: int | None = None
    fresh: bool = False

    def check(self) -> None:
        """@raises TrainerError that names the first setting out of range."""
        least = {"epochs": 1, "groups_per_step": 1, "micro_batch": 1, "rank": 1, "alpha": 1}
        for name, value in least.items():
            if getattr(self, name) < value:
                raise _out_of_range(name, f"at least {value}")
        for name in ("learning_rate", "max_grad_norm", "drift_limit", "eps"):
            if not getattr(self, name) > 0:
                raise _out_of_range(name, "above 0")
        if self.beta < 0:
            raise _out_of_range("beta", "at least 0")
        if self.out.exists():
            raise TrainerError("out-exists", f"{self.out}: exists already", "Name a new folder with --out.")

    def trained_by(self) -> dict[str, Any]:
        """What the result depends on, apart from where things are."""
        kept = asdict(self)
        for name in ("ledger", "model", "adapter", "out", "device", "threads", "fresh", "drift_limit"):
            del kept[name]
        return kept


def _out_of_range(name: str, wanted: str) -> TrainerError:
    option = "--" + name.replace("_", "-")
    return TrainerError("setting", f"{option}: must be {wanted}", f"Give another value to {option}.")
