from __future__ import annotations

import json
from pathlib import Path

import pytest

from annsmith_trainer.errors import TrainerError
from annsmith_trainer.ledger import require_groups, select_groups
from annsmith_trainer.tokens import completion_ids
from conftest import LedgerWriter


def test_selects_whole_groups_of_the_policy_and_counts_the_rest(ledger: LedgerWriter) -> None:
    ledger.group(["a", "b"], [1.0, -1.0])
    ledger.group(["a", "b"], [1.0, -1.0], policy=("openai:other", "1"))
    ledger.group(["a", "b"], [1.0, -1.0], policy=("local:tiny", "2"))
    ledger.group(["a", "b"], [1.0, -1.0], expected=3)
    ledger.group(["a", "b"], [1.0, None])
    ledger.group(["a", "b"], [0.3, 0.3])
    ledger.group(["", "b"], [1.0, -1.0])
    ledger.record(v=1, type="group", groupId="old")
    ledger.record(v=3, type="group", groupId="new")
    ledger.record(type="group", groupId="broken")
    path = ledger.write(tail='{"v":2,"type":"judgement","runId":"r1","candi')
    before = path.read_bytes()
    selection = select_groups(path, "local:tiny", "1")
    assert [g.id for g in selection.groups] == ["r1/g1"]
    assert dict(selection.skipped) == {
        "other-policy": 1,
        "other-version": 1,
        "incomplete": 1,
        "unrewarded": 1,
        "zero-variance": 1,
        "missing-text": 1,
        "other-ledger-version": 2,
        "unreadable-line": 2,
    }
    assert path.read_bytes() == before


def test_a_group_that_was_cut_off_before_its_last_judgement_is_incomplete(ledger: LedgerWriter) -> None:
    ledger.group(["a", "b"], [1.0, -1.0])
    ledger.lines.pop()
    assert dict(select_groups(ledger.write(), "local:tiny", "1").skipped) == {"incomplete": 1}


def test_advantages_are_of_the_shaped_rewards_with_the_population_deviation(ledger: LedgerWriter) -> None:
    ledger.group(["a", "b", "c"], [2.0, -1.0, -1.0])
    path = ledger.write()
    group = select_groups(path, "local:tiny", "1").groups[0]
    assert group.advantages == pytest.approx([2**0.5, -(0.5**0.5), -(0.5**0.5)])
    assert select_groups(path, "local:tiny", "1", 1.0).groups[0].advantages[0] == 1.0


def test_a_repaired_completion_trains_its_first_answer(ledger: LedgerWriter) -> None:
    repaired = {"text": "first try", "reason": "does-not-parse", "why": "no block"}
    ledger.group(
        ["second try", "b"],
        [-1.0, 1.0],
        token_ids=[[1, 2], [3]],
        logprobs=[[-0.5, -0.5], [-0.1]],
        answer=[{"finish": "length", "repaired": repaired}, None],
    )
    selection = select_groups(ledger.write(), "local:tiny", "1")
    first, second = selection.groups[0].completions
    assert (first.text, first.token_ids, first.logprobs, first.truncated) == ("first try", [1, 2], [-0.5, -0.5], False)
    assert second.token_ids == [3] and selection.repaired == 1


def test_the_temperature_is_the_logged_one_and_1_where_none_is(ledger: LedgerWriter) -> None:
    for sampling in ({"temperature": 0.7}, {"temperature": None}, {}, {"temperature": 0}, {"temperature": "hot"}):
        ledger.group(["a", "b"], [1.0, -1.0], sampling=sampling)
    selection = select_groups(ledger.write(), "local:tiny", "1")
    assert [(g.temperature, g.temperature_known) for g in selection.groups] == [(0.7, True), (1.0, False), (1.0, False)]
    assert selection.unknown_temperature == 2
    assert dict(selection.skipped) == {"greedy": 1, "unreadable-line": 1}


@pytest.mark.parametrize("finish", ["length", "cut", "filtered"])
def test_what_did_not_stop_by_itself_is_truncated(ledger: LedgerWriter, finish: str) -> None:
    ledger.group(["a", "b"], [1.0, -1.0], answer=[{"finish": finish}, {"finish": "stop"}])
    selection = select_groups(ledger.write(), "local:tiny", "1")
    assert [c.truncated for c in selection.groups[0].completions] == [True, False]


@pytest.mark.parametrize("finish", ["length", "cut", "filtered"])
def test_a_first_answer_that_broke_off_is_truncated_and_gets_no_end(
    tiny: Path, ledger: LedgerWriter, finish: str
) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(tiny))
    asked_again = {"text": "ab", "reason": "does-not-parse", "why": "no block"}
    # However the second answer ended: it is the first one that is trained on.
    answer = [
        {"finish": "stop", "repaired": {**asked_again, "finish": finish}},
        {"finish": finish, "repaired": {**asked_again, "finish": "stop"}},
        {"finish": finish, "repaired": asked_again},
    ]
    ledger.group(["second", "second", "second"], [1.0, -1.0, -1.0], answer=answer)
    read = select_groups(ledger.write(), "local:tiny", "1").groups[0].completions
    assert [c.truncated for c in read] == [True, False, False]
    text = tokenizer.encode("ab", add_special_tokens=False)
    assert [completion_ids(c, tokenizer)[0] for c in read] == [text, [*text, 0], [*text, 0]]


def test_logged_ids_are_used_where_the_tokenizer_agrees_with_them(tiny: Path, ledger: LedgerWriter) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(tiny))
    own = tokenizer.encode("ab", add_special_tokens=False)
    ledger.group(["ab", "ab", "ab"], [1.0, 0.0, 0.5], token_ids=[[*own, 0], [7, 7, 7], []])
    read = select_groups(ledger.write(), "local:tiny", "1").groups[0].completions
    assert [completion_ids(c, tokenizer) for c in read] == [
        ([*own, 0], True),
        ([*own, 0], False),
        ([*own, 0], False),
    ]


def test_says_why_there_is_nothing_to_train_on(ledger: LedgerWriter, tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match="there is no ledger") as missing:
        select_groups(tmp_path / "none.jsonl", "p", "1")
    assert missing.value.code == "ledger-missing"
    path = ledger.write()
    with pytest.raises(TrainerError) as none:
        require_groups(select_groups(path, "local:tiny", "1"), path, "local:tiny", "1")
    assert none.value.code == "no-groups"
    ledger.group(["a", "b"], [0.3, 0.3])
    path = ledger.write()
    with pytest.raises(TrainerError, match="all 1 complete groups .* equal rewards") as flat:
        require_groups(select_groups(path, "local:tiny", "1"), path, "local:tiny", "1")
    assert flat.value.code == "no-variance"


def test_a_line_that_is_json_but_no_record_is_counted(ledger: LedgerWriter) -> None:
    path = ledger.write(tail=json.dumps([1, 2]) + "\n" + json.dumps("text") + "\n")
    assert dict(select_groups(path, "local:tiny", "1").skipped) == {"unreadable-line": 2}
