"""Task files of lm-evaluation-harness become tasks; what they ask for and cannot have is one sentence."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gulliver.errors import TaskError
from gulliver.inference.types import Draft
from gulliver.tasks import judge, load_task
from gulliver.tasks.base import Task
from gulliver.tasks.lm_eval_config import read_config
from gulliver.tasks.lm_eval_judge import make_filtered

GENERATE = r"""
task: sums
tag: [arithmetic]
dataset_path: json
dataset_kwargs:
  data_files: {test: sums.jsonl, train: shots.jsonl}
test_split: test
fewshot_split: train
num_fewshot: 2
fewshot_config: {sampler: first_n}
doc_to_text: "Q: {{ question }}\nA:"
doc_to_target: answer
description: "Add the numbers.\n"
output_type: generate_until
generation_kwargs: {until: ["\n\n", "Q:"], max_gen_toks: 64, do_sample: false, temperature: 0.0}
filter_list:
  - name: strict
    filter:
      - {function: regex, regex_pattern: "#### (-?[0-9]+)"}
      - {function: take_first}
  - name: last
    filter:
      - {function: regex, regex_pattern: "(-?[0-9]+)", group_select: -1}
metric_list:
  - {metric: exact_match, aggregation: mean, higher_is_better: true, ignore_case: true, regexes_to_ignore: [","]}
  - {metric: bleu}
metadata: {version: 1.0}
"""
CHOOSE = """
task: moods
dataset_path: json
dataset_kwargs: {data_files: {validation: moods.json}}
validation_split: validation
doc_to_text: "{{ text }}\\nMood:"
doc_to_target: label
doc_to_choice: ["glad", "sad"]
output_type: multiple_choice
metric_list: [{metric: acc}, {metric: acc_norm}]
"""


def folder_with(tmp_path: Path, text: str, name: str = "task.yaml") -> Path:
    sums = [{"question": f"{n} + {n}?", "answer": str(2 * n)} for n in range(1, 6)]
    (tmp_path / "sums.jsonl").write_text("".join(json.dumps(row) + "\n" for row in sums))
    shots = [{"question": f"{n} + 1?", "answer": f"So it is #### {n + 1}"} for n in (7, 8, 9)]
    (tmp_path / "shots.jsonl").write_text("".join(json.dumps(row) + "\n" for row in shots))
    moods = [{"text": f"Day {n}", "label": n % 2, "opts": [f"good {n}", f"bad {n}"]} for n in range(9)]
    (tmp_path / "moods.json").write_text(json.dumps(moods))
    (tmp_path / name).write_text(text)
    return tmp_path


def load(tmp_path: Path, text: str, spec: str = "lm_eval:task.yaml") -> Task:
    return load_task(spec, folder=folder_with(tmp_path, text))


def test_a_generating_task_is_put_with_its_worked_examples(tmp_path: Path) -> None:
    task = load(tmp_path, GENERATE)
    assert (task.name, len(task.test), task.labels) == ("sums", 5, ())
    assert "bleu" in task.note
    item = task.test[0]
    said = [(message.role, message.content) for message in item.prompt]
    assert said == [
        ("system", "Add the numbers."),
        ("user", "Q: 7 + 1?\nA:"),
        ("assistant", "So it is #### 8"),
        ("user", "Q: 8 + 1?\nA:"),
        ("assistant", "So it is #### 9"),
        ("user", "Q: 1 + 1?\nA:"),
    ]
    assert (item.target, item.max_tokens, item.stop) == ("2", 64, ("\n\n", "Q:"))
    assert len(item.exemplars) == 2


@pytest.mark.parametrize(
    ("spec", "said", "outcome"),
    [
        ("lm_eval:task.yaml", "1 and 1 is #### 2", "right"),
        ("lm_eval:task.yaml", "#### 3", "wrong"),
        ("lm_eval:task.yaml", "It is 2.", "unreadable"),
        ("lm_eval:task.yaml(filter=last)", "1 + 1 = 2.", "right"),
    ],
)
def test_its_filters_read_and_its_metric_compares(tmp_path: Path, spec: str, said: str, outcome: str) -> None:
    item = load(tmp_path, GENERATE, spec).test[0]
    assert judge(item, item.read(Draft(said))).outcome == outcome


def test_choices_that_all_share_are_labels_and_continue_the_bare_text(tmp_path: Path) -> None:
    task = load(tmp_path, CHOOSE)
    assert (len(task.test), task.labels) == (9, ("glad", "sad"))
    item = task.test[1]
    assert (item.cloze, item.choices, item.target) == ("Day 1\nMood:", ("glad", "sad"), "sad")
    assert item.prompt[-1].content == "Day 1\nMood:\n\nReply with one of: glad, sad."
    assert judge(item, item.read(Draft("It is sad."))).outcome == "right"
    assert "likelihood(normalise=bytes)" in task.note


def test_choices_of_an_items_own_get_letters(tmp_path: Path) -> None:
    text = CHOOSE.replace('doc_to_choice: ["glad", "sad"]', "doc_to_choice: opts\ndescription: 'Read. '").replace(
        "doc_to_target: label", 'doc_to_target: "{{ opts[label] }}"'
    )
    item = load(tmp_path, text).test[1]
    assert (item.target, item.choices, item.cloze) == ("B", ("good 1", "bad 1"), "Read. Day 1\nMood:")
    assert item.prompt[-1].content.startswith("Day 1\nMood:\n\nA. good 1\nB. bad 1\n")
    assert judge(item, item.read(Draft("B"))).outcome == "right"


def test_worked_examples_of_choices_stand_before_the_bare_text(tmp_path: Path) -> None:
    shots = "\nnum_fewshot: 1\nfewshot_config: {samples: [{text: Hurrah, label: 0}]}\n"
    item = load(tmp_path, CHOOSE + shots).test[1]
    assert item.cloze == "Hurrah\nMood: glad\n\nDay 1\nMood:"
    assert [message.content for message in item.prompt][:2] == ["Hurrah\nMood:", "glad"]


def test_a_file_may_include_another(tmp_path: Path) -> None:
    folder_with(tmp_path, CHOOSE, "base.yaml")
    task = load(tmp_path, 'include: base.yaml\ntask: other\ntarget_delimiter: "\\n"\n')
    assert task.name == "other"
    assert task.test[0].cloze == "Day 0\nMood:\n"


def test_code_is_never_run(tmp_path: Path) -> None:
    (tmp_path / "utils.py").write_text("raise SystemExit('ran')")
    for line in ("process_docs: !function utils.process", "doc_to_text: !function utils.text"):
        with pytest.raises(TaskError, match=r"uses !function utils\.\w+, which is code of its author's and is not run"):
            load(tmp_path, f"{GENERATE}\n{line}\n")
    with pytest.raises(TaskError, match="not YAML: could not determine a constructor"):
        load(tmp_path, "task: !!python/object/apply:os.system ['true']\n")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("dataset_path: json", "dataset_path: openai/gsm8k", "takes its data from 'openai/gsm8k'"),
        ("  data_files: {test: sums.jsonl, train: shots.jsonl}", "  field: data", "needs dataset_kwargs with data_files"),
        ("test: sums.jsonl", "test: https://example.org/a.jsonl", "no local paths"),
        ("test_split: test", "test_split: other", r"no test_split among its data files \(test, train\)"),
        ("test: sums.jsonl", "test: none.jsonl", "no file"),
        ("output_type: generate_until", "output_type: loglikelihood", "has the output_type loglikelihood"),
        ("num_fewshot: 2", "num_fewshot: 9", "wants 9 worked examples and has 3"),
        ("fewshot_split: train", "fewshot_split: test", "apart from the test split"),
        ("temperature: 0.0", "temperature: 0.7", "asks for sampling"),
        ("max_gen_toks: 64", "max_gen_toks: 0", "below 1"),
        ("max_gen_toks: 64", "num_beams: 4", "generation_kwargs that are not supported"),
        ("function: take_first", "function: majority_vote", "filter 'majority_vote'"),
        ('"#### (-?[0-9]+)"', '"(("', "no regular expression"),
        ("ignore_case: true", "multi_target: true", "exact_match with multi_target"),
        ("metric: exact_match", "metric: rouge", "no metric that is supported"),
        ("tag: [arithmetic]", "process_results: x", "uses process_results, which is not supported"),
        ("tag: [arithmetic]", "repeats: 5", "majority"),
        ("doc_to_text: \"Q: {{ question }}\\nA:\"", "doc_to_text: '{{ nothing }}'", "a template failed"),
        ("doc_to_text: \"Q: {{ question }}\\nA:\"", "doc_to_text: 3", "needs doc_to_text"),
        ("task: sums", "task: [", r"not YAML: .*line 4"),
    ],
)  # fmt: skip
def test_what_is_not_supported_is_named_in_a_sentence(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in GENERATE
    with pytest.raises(TaskError, match=says) as raised:
        load(tmp_path, GENERATE.replace(old, new))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("- a\n- b\n", "no table of settings"),
        (CHOOSE.replace("doc_to_choice", "metadata"), "without doc_to_choice"),
        (CHOOSE.replace('["glad", "sad"]', '["glad"]'), "no list of 2 to 26"),
        (CHOOSE.replace("doc_to_target: label", "doc_to_target: '7'"), "none of the choices"),
        (CHOOSE + 'target_delimiter: ""\n', "without a space"),
        ("include: task.yaml\n", "include one another"),
    ],
)
def test_what_is_wrong_with_choices_is_said(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(TaskError, match=says):
        load(tmp_path, text)


def test_a_filter_there_is_not_is_said(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="has no filter 'loose'; it has: strict, last"):
        load(tmp_path, GENERATE, "lm_eval:task.yaml(filter=loose)")
    with pytest.raises(TaskError, match="cannot be read"):
        load_task("lm_eval:none.yaml", folder=tmp_path)


ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-1, 3), st.text(max_size=5), st.just([]), st.just({"a": [1]}), st.just([3])
)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([GENERATE, CHOOSE]), st.integers(0, 30), ODD)
def test_a_setting_of_any_kind_is_taken_or_refused(tmp_path: Path, text: str, place: int, value: object) -> None:
    stated = yaml.safe_load(text)
    paths: list[tuple[Any, Any]] = []

    def walk(inside: Any) -> None:
        for key in inside if isinstance(inside, dict) else range(len(inside)) if isinstance(inside, list) else ():
            paths.append((inside, key))
            walk(inside[key])

    walk(stated)
    inside, key = paths[place % len(paths)]
    inside[key] = value
    with contextlib.suppress(TaskError):
        assert load(tmp_path, yaml.safe_dump(stated)).test


@given(st.text(max_size=60))
def test_whatever_stands_in_a_file_it_is_read_or_refused_in_a_sentence(text: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "t.yaml"
        path.write_text(text, encoding="utf-8", errors="ignore")
        with pytest.raises(TaskError) as raised:
            read_config(path)
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("steps", "said", "value"),
    [
        ([{"function": "regex", "regex_pattern": r"(?:yes|(no))|(maybe)"}], "maybe", "maybe"),
        ([{"function": "regex", "group_select": 1, "regex_pattern": r"\d"}], "1 2", "2"),
        ([{"function": "regex", "group_select": 5, "regex_pattern": r"\d"}], "1 2", None),
        ([{"function": "regex"}], "#### 1,200", "1,200"),
        ([{"function": "lowercase"}, {"function": "remove_whitespace"}], "  ABC", "abc"),
        ([], " ", None),
    ],
)
def test_filters_are_applied_in_order(steps: list[dict[str, Any]], said: str, value: str | None) -> None:
    assert make_filtered("t.yaml", steps, {}).read(Draft(said), None).value == value  # type: ignore[arg-type]
