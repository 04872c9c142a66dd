import pytest

from gulliver.errors import ModelError
from gulliver.models.base import Card, Message
from gulliver.models.chat import render

# As SmolLM2-135M-Instruct and Qwen2.5-Coder-Instruct ship them (the latter without its tools branches).
SMOLLM2 = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n' }}"
    "{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
QWEN = """{%- if messages[0]['role'] == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}
{%- else %}
    {{- '<|im_start|>system\\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) or (message.role == "assistant") %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
"""


def _card(template: str | None, bos: str = "") -> Card:
    return Card("m", "f", "d", chat_template=template, bos=bos, eos="</s>")


def test_smollm2_gets_its_own_system_turn() -> None:
    assert render(_card(SMOLLM2), [Message("user", "Hi")]) == (
        "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
        "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    )


def test_qwen_gets_its_own_system_turn() -> None:
    assert render(_card(QWEN), [Message("user", "Hi")]) == (
        "<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\n"
        "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    )


@pytest.mark.parametrize("template", [SMOLLM2, QWEN])
def test_a_conversation_keeps_its_system_turn_and_its_order(template: str) -> None:
    turns = [
        Message("system", "Be short."),
        Message("user", "1+1?"),
        Message("assistant", "2"),
        Message("user", "2+2?"),
    ]
    assert render(_card(template), turns) == (
        "<|im_start|>system\nBe short.<|im_end|>\n<|im_start|>user\n1+1?<|im_end|>\n"
        "<|im_start|>assistant\n2<|im_end|>\n<|im_start|>user\n2+2?<|im_end|>\n<|im_start|>assistant\n"
    )


def test_a_base_model_reads_the_contents_after_its_begin_token() -> None:
    turns = [Message("system", "Sums."), Message("user", "1+1=")]
    assert render(_card(None, "<bos>"), turns) == "<bos>Sums.\n\n1+1=\n"
    assert render(_card(None), turns) == "Sums.\n\n1+1=\n"


def test_the_begin_token_is_never_doubled() -> None:
    template = "{{ bos_token }}{% for m in messages %}{{ m.content }}{% endfor %}"
    assert render(_card(template, "<bos>"), [Message("user", "x")]) == "<bos>x"


def test_blocks_leave_no_space_behind() -> None:
    template = "{% for m in messages %}\n    {% if true %}\n{{ m.content }}\n    {% endif %}\n{% endfor %}"
    assert render(_card(template), [Message("user", "x")]) == "x\n"


def test_json_in_a_template_is_not_made_safe_for_html() -> None:
    template = "{{ messages | tojson }}"
    assert render(_card(template), [Message("user", "<é>")]) == '[{"role": "user", "content": "<é>"}]'


def test_a_date_in_a_template_does_not_change_from_day_to_day() -> None:
    assert render(_card("{{ strftime_now('%Y-%m-%d') }}"), [Message("user", "x")]) == "2026-01-01"


def test_a_template_that_refuses_is_one_sentence() -> None:
    template = "{% if messages[0].role == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
    with pytest.raises(ModelError, match="no system role"):
        render(_card(template), [Message("system", "x")])


def test_a_template_cannot_reach_python() -> None:
    with pytest.raises(ModelError):
        render(_card("{{ messages.__class__.__mro__[1].__subclasses__() }}"), [Message("user", "x")])


def test_a_template_that_cannot_be_read_is_one_sentence() -> None:
    with pytest.raises(ModelError, match="chat template of m"):
        render(_card("{% if %}"), [Message("user", "x")])
