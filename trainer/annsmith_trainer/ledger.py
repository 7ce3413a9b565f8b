"""Which logged groups a model can be trained on; the same rules as `src/engine/grpo/selection.ts`."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .errors import TrainerError
from .objective import normalise

# Of the records that this program reads; `src/protocol/ledger.ts`.
LEDGER_VERSION = 2


@dataclass(frozen=True)
class Completion:
    """One answer of a model, and what it was worth."""

    candidate_id: str
    # What was sampled from the prompt: of an answer that was asked again the first one, which is the one rewarded.
    text: str
    # Of the server that sampled; empty where it gave none.
    token_ids: list[int]
    logprobs: list[float]
    # Shaped.
    reward: float
    # It broke off: it has no end to learn from.
    truncated: bool
    repaired: bool


@dataclass(frozen=True)
class Group:
    """A whole group of one policy and version."""

    run_id: str
    group_id: str
    module: str
    at: str
    # role and content each, as they were sent.
    messages: list[dict[str, str]]
    # 1.0 where it is unknown.
    temperature: float
    # False where the record says none, or null: the server did not take the parameter and sampled at one of its own.
    temperature_known: bool
    completions: list[Completion]
    advantages: list[float]
    mean_reward: float

    @property
    def id(self) -> str:
        return f"{self.run_id}/{self.group_id}"


@dataclass
class Selection:
    """Groups to train on, in the order of the ledger, and what was left out, by reason."""

    groups: list[Group] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)

    @property
    def repaired(self) -> int:
        return sum(c.repaired for g in self.groups for c in g.completions)

    @property
    def truncated(self) -> int:
        return sum(c.truncated for g in self.groups for c in g.completions)

    @property
    def unknown_temperature(self) -> int:
        """Groups that are taken to be sampled at 1.0 for want of anything better."""
        return sum(not g.temperature_known for g in self.groups)

    def narrow(self, ids: list[str]) -> list[str]:
        """Keeps the groups with these ids, in their order, and counts the others. Where some are not there it keeps
        everything, and returns those."""
        have = {group.id: group for group in self.groups}
        missing = [id for id in ids if id not in have]
        if not missing:
            if others := len(self.groups) - len(ids):
                self.skipped["not-in-this-round"] += others
            self.groups = [have[id] for id in ids]
        return missing

    def describe_skips(self) -> str:
        return ", ".join(f"{count} {reason}" for reason, count in sorted(self.skipped.items())) or "nothing skipped"


def read_records(path: Path) -> tuple[list[dict[str, Any]], Counter[str]]:
    """The ledger's records, and its lines that are torn or of another version, counted. A ledger is never written."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise TrainerError(
            "ledger-missing", f"{path}: there is no ledger", "Run `annsmith optimize` with this model first."
        ) from None
    except OSError as error:
        raise TrainerError("ledger-unreadable", f"{path}: {error.strerror}", "Check the path given to --ledger.") from None
    records: list[dict[str, Any]] = []
    problems: Counter[str] = Counter()
    for line in data.split(b"\n"):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            problems["unreadable-line"] += 1
            continue
        if not isinstance(record, dict):
            problems["unreadable-line"] += 1
        elif record.get("v") != LEDGER_VERSION:
            problems["other-ledger-version"] += 1
        else:
            records.append(record)
    return records, problems


def select_groups(path: Path, policy: str, version: str, advantage_limit: float | None = None) -> Selection:
    """The groups of one policy and version that can be trained on."""
    records, problems = read_records(path)
    selection = Selection(skipped=problems)
    completions: dict[str, list[dict[str, Any]]] = {}
    judgements: dict[str, dict[str, Any]] = {}
    groups: list[dict[str, Any]] = []
    for record in records:
        try:
            kind = record["type"]
            if kind == "completion":
                completions.setdefault(f"{record['runId']}/{record['groupId']}", []).append(record)
            elif kind == "judgement":
                judgements[f"{record['runId']}/{record['candidateId']}"] = record
            elif kind == "group":
                groups.append(record)
        except KeyError:
            selection.skipped["unreadable-line"] += 1
    for record in groups:
        group = _read_group(record, completions, judgements, policy, version, advantage_limit)
        if isinstance(group, str):
            selection.skipped[group] += 1
        else:
            selection.groups.append(group)
    return selection


def require_groups(selection: Selection, path: Path, policy: str, version: str) -> None:
    """Says why there is nothing to train on, where there is nothing. @raises TrainerError"""
    if selection.groups:
        return
    flat = selection.skipped["zero-variance"]
    if flat:
        raise TrainerError(
            "no-variance",
            f"{path}: all {flat} complete groups of {policy} ({version}) have equal rewards throughout, "
            f"so there is nothing to learn from ({selection.describe_skips()})",
            "Run more rounds, or with larger groups (--group), until a group's candidates differ.",
        )
    raise TrainerError(
        "no-groups",
        f"{path}: no complete group of {policy}, version {version} ({selection.describe_skips()})",
        "Run `annsmith optimize --policy ...` with this model and version first, or name those that the ledger has.",
    )


def _read_group(
    record: dict[str, Any],
    completions: dict[str, list[dict[str, Any]]],
    judgements: dict[str, dict[str, Any]],
    policy: str,
    version: str,
    advantage_limit: float | None,
) -> Group | str:
    """A group, or why it cannot be trained on."""
    try:
        run, group_id = record["runId"], record["groupId"]
        if record["policy"]["id"] != policy:
            return "other-policy"
        if record["policy"]["version"] != version:
            return "other-version"
        messages = record["prompt"].get("messages")
        if not isinstance(messages, list) or not messages:
            return "missing-prompt"
        messages = [{"role": str(m["role"]), "content": str(m["content"])} for m in messages]
        logged = completions.get(f"{run}/{group_id}", [])
        if not logged or len(logged) != record["completions"]:
            return "incomplete"
        read: list[Completion] = []
        for each in logged:
            judgement = judgements.get(f"{run}/{each['candidateId']}")
            if judgement is None:
                return "incomplete"
            if judgement["reward"] is None:
                return "unrewarded"
            read.append(_read_completion(each, float(judgement["reward"]["shaped"])))
        if any(c.text == "" and not c.token_ids for c in read):
            return "missing-text"
        told = (record.get("sampling") or {}).get("temperature")
        temperature = 1.0 if told is None else float(told)
        if not temperature > 0:
            # The likeliest token every time: there is no distribution to train.
            return "greedy"
        normalised = normalise([c.reward for c in read], advantage_limit)
        if normalised.zero_variance:
            return "zero-variance"
        return Group(
            run_id=run,
            group_id=group_id,
            module=str(record["module"]),
            at=str(record["at"]),
            messages=messages,
            temperature=temperature,
            temperature_known=told is not None,
            completions=read,
            advantages=normalised.advantages,
            mean_reward=normalised.mean,
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return "unreadable-line"


def _read_completion(record: dict[str, Any], reward: float) -> Completion:
    answer = record.get("answer") or {}
    repaired = answer.get("repaired")
    token_ids = [int(i) for i in record["tokenIds"]]
    logprobs = [float(x) for x in record["logprobs"]]
    paired = len(token_ids) > 0 and len(logprobs) == len(token_ids)
    return Completion(
        candidate_id=str(record["candidateId"]),
        # The tokens of an answer that was asked again are those of its first text too.
        text=str(record["text"] if repaired is None else repaired["text"]),
        token_ids=token_ids,
        logprobs=logprobs if paired else [],
        reward=reward,
        # Of the text that is trained on. A first answer may have broken off too, and be asked again for that very reason;
        # records of before do not say how it ended.
        truncated=(answer if repaired is None else repaired).get("finish", "stop") != "stop",
        repaired=repaired is not None,
    )
