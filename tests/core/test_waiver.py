"""Waivers: the table of attacks of docs/adr/0006, and what they have in common."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_wasm.core.event import PullRequest
from ci_wasm.core.waiver import (
    WRITERS,
    Allowance,
    BranchTip,
    Labeling,
    NotWaived,
    Waiver,
    decide_waiver,
    may_be_set,
)

LABEL = "ci-wasm:allow-growth"
HEAD, NEXT = "a" * 40, "b" * 40
ROLES = {"mona": "write", "boss": "admin", "tri": "read", "stranger": "read", "gone": "none"}


def at(minute: int) -> str:
    return f"2026-11-24T10:{minute:02}:00Z"


def label(by: str = "mona", minute: int = 10, name: str = LABEL) -> Labeling:
    return Labeling(name, is_set=True, by=by, is_person=not by.endswith("[bot]"), at=at(minute))


def unlabel(minute: int, by: str = "mona") -> Labeling:
    return Labeling(LABEL, is_set=False, by=by, is_person=True, at=at(minute))


def request(
    action: str = "synchronize",
    *,
    head: str = HEAD,
    name: str = "",
    sender: str = "mona",
    updated: int = 10,
    labels: tuple[str, ...] = (LABEL,),
) -> PullRequest:
    return PullRequest(
        action, 12, "Title", head, "change", "octo-org/crates", "c" * 40, "main", "octo-org/crates",
        "https://x", False, 7, labels, name, sender, at(updated),
    )  # fmt: skip


def pushed(commit: str = HEAD, minute: int = 5) -> BranchTip:
    return BranchTip(commit, at(minute))


LABELED = request("labeled", name=LABEL)


@pytest.mark.parametrize(
    ("events", "event", "tip"),
    [
        pytest.param([label()], LABELED, None, id="the label's own event, without a push log"),
        pytest.param([label(name=LABEL.upper())], LABELED, None, id="GitHub's labels ignore case"),
        pytest.param([label("boss")], request("labeled", name=LABEL, sender="boss"), None, id="an admin"),
        pytest.param([label()], request(), pushed(), id="any event after the push that the label followed"),
        pytest.param([label()], request("labeled", name="bug"), pushed(), id="another label's event"),
        pytest.param([label()], request("unlabeled", name="bug"), pushed(), id="another label is taken off"),
        pytest.param([label()], request("edited", updated=40), pushed(), id="the title is edited later"),
        pytest.param([label()], request("opened", labels=()), pushed(), id="the old run is started again"),
        pytest.param(
            [label(), unlabel(20), label(minute=30)],
            request(),
            pushed(minute=25),
            id="set again after a push",
        ),
        pytest.param(
            [label(minute=11)], LABELED, pushed(), id="the payload's time lags behind, the push log decides"
        ),
    ],
)
def test_a_person_with_write_access_waives_one_commit(
    events: list[Labeling], event: PullRequest, tip: BranchTip | None
) -> None:
    last = events[-1]

    decided = decide_waiver(Allowance.GROWTH, LABEL, events, event, ROLES.__getitem__, lambda: tip)

    assert decided == Waiver(Allowance.GROWTH, last.label, last.by, last.at, HEAD)


@pytest.mark.parametrize(
    ("events", "event", "tip", "words"),
    [
        # Who.
        pytest.param(
            [label("stranger")],
            request("labeled", name=LABEL, sender="stranger"),
            pushed(),
            "`stranger` set it, who has no write access",
            id="a fork's author",
        ),
        pytest.param(
            [label("tri")],
            request("labeled", name=LABEL, sender="tri"),
            pushed(),
            "`tri` set it, who has no write access",
            id="the triage role may set labels, and no more",
        ),
        pytest.param(
            [label("gone")], request(), pushed(), "no write access", id="somebody who has left since"
        ),
        pytest.param(
            [label("labeler[bot]")],
            request("labeled", name=LABEL, sender="labeler[bot]"),
            pushed(),
            "`labeler[bot]` set it, and an exception is a person's to make",
            id="a bot, which labels by what the author wrote",
        ),
        # When.
        pytest.param(
            [label(minute=4)],
            request(),
            pushed(minute=5),
            "it was set at 2026-11-24 10:04 UTC, and `aaaaaaa` came at 2026-11-24 10:05 UTC",
            id="set before the push",
        ),
        pytest.param(
            [label(minute=5)],
            request(),
            pushed(minute=5),
            "it was set at",
            id="set in the second of the push",
        ),
        pytest.param(
            [label(minute=10)],
            request(),
            pushed(minute=20),
            "came at 2026-11-24 10:20",
            id="a force push back to the commit that was waived once",
        ),
        pytest.param(
            [label(minute=30)],
            request("synchronize", labels=()),
            pushed(NEXT, minute=20),
            "is not what GitHub's log of pushes has last",
            id="an old commit's run is started again, the label is the next commit's",
        ),
        pytest.param(
            [label(), unlabel(15), label(minute=30)],
            LABELED,
            pushed(NEXT, minute=20),
            "is not what GitHub's log of pushes has last",
            id="the label's run on an old commit is started again",
        ),
        pytest.param(
            [label("boss")],
            request("labeled", name=LABEL, sender="stranger"),
            None,
            "is not what GitHub's log",
            id="an event that does not fit the list of events",
        ),
        pytest.param(
            [label()],
            request("labeled", name="bug"),
            None,
            "is not what GitHub's log of pushes has last",
            id="no push log, and the event is another label's",
        ),
        pytest.param(
            [label(minute=10)],
            request("labeled", name="bug", updated=50),
            pushed(minute=20),
            "came at 2026-11-24 10:20",
            id="an unrelated label after the push",
        ),
    ],
)
def test_everything_else_waives_nothing_and_says_why(
    events: list[Labeling], event: PullRequest, tip: BranchTip | None, words: str
) -> None:
    decided = decide_waiver(Allowance.GROWTH, LABEL, events, event, ROLES.__getitem__, lambda: tip)

    assert isinstance(decided, NotWaived)
    assert f"The label `{LABEL}` waives nothing" in decided.reason
    assert words in decided.reason


@pytest.mark.parametrize(
    "events",
    [
        pytest.param([], id="never set"),
        pytest.param([label(name="bug")], id="another label"),
        pytest.param([label(), unlabel(20)], id="taken off again"),
        pytest.param([label(), unlabel(20, "stranger")], id="taken off by whoever"),
        pytest.param([label(name="ci-wasm:allow-growths")], id="a name that is nearly the same"),
        pytest.param([label(name="old-name")], id="set under the name that the label had then"),
    ],
)
def test_a_label_that_is_not_there_is_no_news_and_nobody_is_asked(events: list[Labeling]) -> None:
    def never(*_: object) -> str:
        pytest.fail("a request was made")

    assert decide_waiver(Allowance.GROWTH, LABEL, events, LABELED, never, never) is None  # type: ignore[arg-type]


def test_the_push_log_is_not_asked_where_the_event_tells() -> None:
    decided = decide_waiver(
        Allowance.GROWTH, LABEL, [label()], LABELED, ROLES.__getitem__, lambda: pytest.fail("asked")
    )

    assert isinstance(decided, Waiver)


@pytest.mark.parametrize(
    ("labels", "named", "is_rerun", "expected"),
    [
        ((), "", False, False),
        (("bug",), "bug", False, False),
        ((LABEL,), "", False, True),
        (("CI-WASM:Allow-Growth",), "", False, True),
        # GitHub's list may not have it yet.
        ((), LABEL, False, True),
        # The payload of an earlier attempt knows nothing of what was set since.
        ((), "", True, True),
    ],
)
def test_github_is_asked_only_where_the_label_may_be_set(
    labels: tuple[str, ...], named: str, is_rerun: bool, expected: bool
) -> None:
    event = request("labeled", labels=labels, name=named)

    assert may_be_set(LABEL, event, is_rerun=is_rerun) is expected


@given(
    st.lists(
        st.builds(
            Labeling,
            st.sampled_from([LABEL, "bug"]),
            st.booleans(),
            st.sampled_from(sorted(ROLES)),
            st.booleans(),
            st.integers(0, 59).map(at),
        ),
        max_size=5,
    ),
    st.builds(
        request,
        st.sampled_from(["labeled", "unlabeled", "synchronize"]),
        name=st.sampled_from([LABEL, "bug", ""]),
        sender=st.sampled_from(sorted(ROLES)),
        updated=st.integers(0, 59),
    ),
    st.none() | st.builds(pushed, st.sampled_from([HEAD, NEXT]), st.integers(0, 59)),
)
def test_there_is_no_waiver_without_a_person_write_access_and_proof(
    events: list[Labeling], event: PullRequest, tip: BranchTip | None
) -> None:
    decided = decide_waiver(Allowance.GROWTH, LABEL, events, event, ROLES.__getitem__, lambda: tip)

    if not isinstance(decided, Waiver):
        return
    standing = [each for each in events if each.label == LABEL][-1]
    assert (standing.is_set, standing.is_person, ROLES[standing.by] in WRITERS) == (True, True, True)
    by_event = (event.action, event.label, event.sender) == ("labeled", LABEL, standing.by)
    by_log = tip is not None and tip.commit == event.head_sha and standing.at > tip.at
    assert by_event or by_log
    assert (decided.by, decided.at, decided.commit) == (standing.by, standing.at, HEAD)
