"""Mails are read as a person sees them, and what is alike never stands in two splits."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gulliver.inference.types import Draft
from gulliver.tasks import judge, load_task
from gulliver.tasks.mails import read_mail
from gulliver.tasks.spam import apart, families, label, letters, topic, without_duplicates

HEADERS = "From: a@b.org\nX-Spam-Status: Yes\nSubject: =?utf-8?q?Caf=C3=A9?= time\n"


@pytest.mark.parametrize(
    ("raw", "body"),
    [
        (f"{HEADERS}\nWrite to me@here.org,\n\n\n\nsoon.  Now.\n", "Write to <address>,\n\nsoon. Now."),
        (f"{HEADERS}Content-Type: text/html\n\n<style>p {{}}</style><p>One &amp;<br>two</p>", "One &\ntwo"),
        (f"{HEADERS}Content-Transfer-Encoding: base64\n\nSGVsbG8gdGhlcmU=\n", "Hello there"),
        (f"{HEADERS}Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\n=E9t=E9", "été"),
        (f"{HEADERS}Content-Type: text/plain; charset=nothing\n\nplain", "plain"),
        (
            f'{HEADERS}Content-Type: multipart/mixed; boundary="x"\n\n--x\nContent-Type: text/html\n\n<b>rich</b>\n--x\n'
            "Content-Type: text/plain\n\npoor\n--x\nContent-Type: text/plain\nContent-Disposition: attachment; filename=a.txt\n\n"
            "attached\n--x--\n",
            "poor",
        ),
    ],
)  # fmt: skip
def test_a_mail_is_its_subject_and_its_text(raw: str, body: str) -> None:
    assert read_mail(raw) == ("Café time", body)


@settings(max_examples=200, deadline=None)
@given(st.text(), st.sampled_from(["", "text/html", "multipart/mixed; boundary=x", "text/plain; charset=utf-16"]))
def test_whatever_a_mail_holds_it_is_read(content: str, kind: str) -> None:
    subject, body = read_mail(f"Subject: =?big5?b?{content[:9]}?=\nContent-Type: {kind}\n\n{content}")
    assert "\n" not in subject
    assert "\n\n\n" not in body


def row(number: int, body: str, group: str = "spam-1", subject: str = "") -> dict[str, str]:
    return {"id": f"{group}/{number:05}", "group": group, "subject": subject, "body": body}


LONG = "Dear friend, we offer you the best price for printer ink that anybody ever had, now and only now. " * 5


def test_of_like_mails_one_is_kept_and_of_contradicting_ones_none() -> None:
    rows = [row(1, LONG), row(2, f"{LONG} 123 xyz"), row(3, LONG.upper().replace(" ", "  ")), row(4, "short")]
    assert [one["id"] for one in without_duplicates(rows)] == ["spam-1/00001"]
    assert without_duplicates([*rows, row(9, LONG, "hard-ham-1")]) == []


def test_a_thread_and_a_campaign_are_families() -> None:
    words = [f"word{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(200)]
    rows = [
        row(1, " ".join(words[:60]), subject="Re: [ilug] Printer question"),
        row(2, " ".join(words[100:160]), subject="printer QUESTION 2"),
        row(3, " ".join(words[160:]), subject="Something else entirely"),
        row(4, " ".join(words[30:90]), subject=""),
    ]
    names = families(rows)
    assert names[0] == names[1] == names[3] != names[2]


def test_splits_hold_whole_families() -> None:
    rows = [{**row(n, "x"), "family": str(n // 3)} for n in range(6000)]
    test, dev, train = apart(rows, 0)
    assert len(test) in range(998, 1001)
    assert len(dev) in range(498, 501)
    assert len(test) + len(dev) + len(train) == 6000
    held = [{one["family"] for one in part} for part in (test, dev, train)]
    assert not held[0] & held[1] | held[0] & held[2] | held[1] & held[2]
    assert apart(rows, 0) == (test, dev, train) != apart(rows, 1)


def test_what_is_compared_is_letters() -> None:
    assert letters("Hello, WORLD 42!") == "helloworld"
    assert topic("Re: [Razor-users] Fwd: Checksum 12") == "checksum"
    assert topic("Re: hi") == ""


@pytest.mark.models
def test_the_corpus_is_split_apart_and_judged() -> None:
    task = load_task("spam")
    assert (len(task.test), len(task.dev), len(task.train), task.labels) == (1000, 500, 3809, ("ham", "spam"))
    parts = [Counter(item.target for item in part) for part in (task.test, task.dev, task.train)]
    assert all(part["spam"] > 0.15 * part["ham"] for part in parts)
    assert all({item.target for item in part[:40]} == {"ham", "spam"} for part in (task.dev, task.train))
    heads = [
        {letters(str(item.fields["text"]).split("\n", 1)[1])[:150] for item in part} for part in (task.test, task.train)
    ]
    assert not {head for head in heads[0] & heads[1] if len(head) == 150}
    assert not any("X-Spam-Status:" in item.question.split("\n\n")[1] for item in task.test)
    assert max(len(item.question) for item in task.test) < 2000
    item = task.test[0]
    assert judge(item, item.read(Draft(f"It is {item.target}."))).outcome == "right"
    assert {label({"group": str(item.fields["group"])}) for item in task.test if item.target == "ham"} == {"ham"}
    assert len(load_task("spam", items=7, seed=2).test) == 7
