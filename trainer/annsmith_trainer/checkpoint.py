"""Steps of a round on disk, each whole or absent, so that a killed round goes on from its last one."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import torch

from .errors import TrainerError


# To whoever is told to change a setting of a round that has taken steps.
AS_ANOTHER_ROUND = "As steps were taken with other settings, add --fresh, which begins the round anew."


class RoundFolder:
    """What a round keeps beside its result until it is done: `OUT.round/`."""

    def __init__(self, out: Path) -> None:
        self.path = out.with_name(out.name + ".round")

    def groups_of(self, plan: dict[str, Any]) -> list[str] | None:
        """The groups that an unfinished round of this plan is made of; None where there is no such round."""
        old = self._plan() or {}
        groups = old.pop("groups", None)
        return groups if old == plan else None

    def open(self, plan: dict[str, Any], fresh: bool) -> None:
        """Starts the folder, or takes it up where it is of the same plan. One of another plan that has taken no step yet
        has nothing to lose and is begun anew: settings are changed when memory runs out in a first step.

        @raises TrainerError where it is of another plan and has taken steps
        """
        old = self._plan()
        if fresh or (old is not None and old != plan):
            if not fresh and self.has_steps():
                raise TrainerError(
                    "other-round",
                    f"{self.path}: holds an unfinished round that differs in {', '.join(_differences(old, plan))}",
                    "Repeat that round's settings to finish it, name another --out, or drop it with --fresh.",
                )
            self.remove()
        self.path.mkdir(parents=True, exist_ok=True)
        write_whole(self.path / "plan.json", json.dumps(plan, sort_keys=True, indent=1).encode())

    def _plan(self) -> dict[str, Any] | None:
        file = self.path / "plan.json"
        return json.loads(file.read_text()) if file.is_file() else None

    def has_steps(self) -> bool:
        """Ours, or TRL's."""
        return any(self.path.glob("step-*.pt")) or any(self.path.glob("checkpoint-*"))

    def save(self, name: str, state: Any) -> None:
        """Writes a state under a name; a kill at any moment leaves the one before or this one."""
        part = self.path / f"{name}.part"
        with open(part, "wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, self.path / name)
        sync_folder(self.path)

    def load(self, name: str) -> Any | None:
        file = self.path / name
        return torch.load(file, map_location="cpu", weights_only=True) if file.is_file() else None

    def save_step(self, step: int, state: Any) -> None:
        self.save(f"step-{step:06d}.pt", state)
        for file in self.steps()[:-2]:
            file.unlink()

    def last_step(self) -> Any | None:
        """The state of the last whole step; an unreadable one (a damaged disk) falls back on the one before."""
        for file in reversed(self.steps()):
            try:
                return self.load(file.name)
            except (RuntimeError, EOFError, OSError, ValueError, KeyError):
                continue
        return None

    def steps(self) -> list[Path]:
        return sorted(self.path.glob("step-*.pt"))

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


def _differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Names what two plans differ in; of the settings, which."""
    changed = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
    if "settings" in changed:
        names = ", ".join(_differences(old.get("settings", {}), new.get("settings", {})))
        changed[changed.index("settings")] = f"settings ({names})"
    if "device" in changed:
        # Mostly `auto`, so that nothing on the command line is another than it was.
        then, now = old.get("device"), new["device"]
        known = f"--device {then} then, {now} now" if then else "an earlier version began it and did not say on which"
        changed[changed.index("device")] = f"device ({known})"
    return changed


def write_whole(file: Path, data: bytes) -> None:
    """Replaces a file's content in one step, on disk when it returns."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(file.name + ".part")
    with open(part, "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    os.replace(part, file)
    sync_folder(file.parent)


def publish_folder(part: Path, out: Path) -> None:
    """Gives a finished folder its name, with its files on disk."""
    for file in part.rglob("*"):
        if file.is_file():
            with open(file, "rb") as opened:
                os.fsync(opened.fileno())
    os.replace(part, out)
    sync_folder(out.parent)


def sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
