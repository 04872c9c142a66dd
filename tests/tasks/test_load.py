"""A task is found by its name, from a line or from a table."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from gulliver.errors import TaskError
from gulliver.inference.types import Draft
from gulliver.tasks import judge, load_task, task_names

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "t.jsonl").write_text("".join(json.dumps({"q": f"{n}+1?", "a": n + 1}) + "\n" for n in range(4)))
    return tmp_path


def test_a_line_and_a_table_give_the_same_task(data: Path) -> None:
    line = load_task("t.jsonl(target=a, template='{{ q }}', judge=number)", folder=data)
    table = load_task({"file": "t.jsonl", "target": "a", "template": "{{ q }}", "judge": "number"}, folder=data)
    assert [item.prompt for item in line.test] == [item.prompt for item in table.test]
    item = line.test[0]
    assert judge(item, item.read(Draft("Answer: 1"))).outcome == "right"


def test_a_table_may_name_a_task_with_options() -> None:
    assert len(load_task({"name": "gym:chain_sum", "max_terms": 3}, items=5).test) == 5


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("gsm9k", "There is no task 'gsm9k'"),
        ("gsm8k | humaneval", "several tasks"),
        ("gsm8k(colour=red)", "no option 'colour'"),
        ("gsm8k(", "cannot be read"),
        ("t.jsonl", "needs target"),
        ("t.jsonl(target=a, colour=red)", "no option 'colour'"),
        ("none.jsonl(target=a, template=x)", "no file"),
        ({"target": "a"}, "neither a file nor a task"),
        ({"file": "t.doc"}, "not a file that can be read"),
        ({"file": 3}, "not a file that can be read"),
        ("gym:chain_sums", "no generator"),
        ("gym:chain_sum(colour=red)", "no option 'colour'"),
        ("gym:chain_sum(min_terms=9, max_terms=2)", "does not take these options"),
    ],
)
def test_what_cannot_be_loaded_is_said_in_a_sentence(spec: object, says: str, data: Path) -> None:
    with pytest.raises(TaskError, match=says) as raised:
        load_task(spec, folder=data)  # type: ignore[arg-type]
    assert "\n" not in str(raised.value)


def test_all_names_are_listed() -> None:
    names = task_names()
    assert {"gsm8k", "humaneval", "ifbench", "gym:gsm_symbolic"} <= set(names)


def test_the_room_is_light_to_import() -> None:
    code = "import sys, gulliver.tasks; print([m for m in ('polars', 'jinja2', 'reasoning_gym', 'jsonschema', 'torch', 'openvino', 'numpy', 'pydantic_monty') if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"


class TestTickets:
    """The example that stands in `examples/tickets.toml`."""

    task = load_task(tomllib.loads((EXAMPLES / "tickets.toml").read_text())["task"], folder=EXAMPLES)

    def test_it_has_sixty_tickets_for_five_teams(self) -> None:
        assert len(self.task.test) == 60
        assert self.task.labels == ("account", "billing", "bug", "other", "shipping")
        assert len({item.question for item in self.task.test}) == 60

    @pytest.mark.parametrize(
        ("said", "target", "outcome"),
        [
            ("Billing", "billing", "right"),
            ("The **payments** team.", "billing", "right"),
            ("Answer: tech", "bug", "right"),
            ("Logistics", "shipping", "right"),
            ("billing or shipping", "billing", "wrong"),
            ("debugging", "bug", "wrong"),
            ("account", "bug", "wrong"),
            ("", "bug", "unreadable"),
        ],
    )
    def test_its_judge_takes_synonyms_and_no_two_teams(self, said: str, target: str, outcome: str) -> None:
        item = next(item for item in self.task.test if item.target == target)
        assert judge(item, item.read(Draft(said))).outcome == outcome
