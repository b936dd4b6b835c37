import copy

import pytest

from neural.dialogue.encode import encode
from neural.dialogue.template import AS_IS, group, list_parts, read_frame, render
from neural.dialogue.tokens import encode_transcript
from neural.dialogue.transcript import Kind, Part, Transcript, Writer
from neural.errors import BadInput
from oracle import CHATML, QWEN, TEMPLATES, with_template

ASKED = Part(Writer.HUMAN, "user", Kind.TEXT, "Who?", 0)
CALLED = Part(Writer.AGENT, "assistant", Kind.CALL, '{"x": "é"}', 1, "find")
FOUND = Part(Writer.TOOL, "tool", Kind.RESULT, "Bacon.", 2, "find", "c1")
TOOL = {"type": "function", "function": {"name": "find", "description": "finds"}}


@pytest.fixture(scope="module")
def given(tokenizer):
    made = with_template(tokenizer, TEMPLATES["Qwen"])

    def give(template):
        other = copy.copy(made)
        other.chat_template = template
        return other

    return give


def show(tokenizer, *parts, tools=()):
    transcript = Transcript(
        [part for part in parts if part.role == "system"], [p for p in parts if p.role != "system"], tools
    )
    turns = group(list_parts(transcript), tokenizer.chat_template)
    return render(tokenizer, turns, tools, AS_IS)


def test_the_parts_of_a_message_are_shown_as_one(given):
    more = Part(Writer.HUMAN, "user", Kind.TEXT, "And why?", 0)
    assert show(given(CHATML), ASKED, more) == "<|im_start|>user\nWho?\nAnd why?<|im_end|>\n"


def test_reasoning_has_the_name_that_the_template_knows(given):
    thought = Part(Writer.AGENT, "assistant", Kind.REASONING, "Hm.", 1)
    for name in ("reasoning_content", "reasoning", "thinking"):
        template = "{% for m in messages %}" + f"{{{{ m.{name} or m.content }}}}|" + "{% endfor %}"
        assert show(given(template), ASKED, thought) == "Who?|Hm.|"


def test_a_template_that_knows_no_developer_is_given_a_system_message(given):
    developer = Part(Writer.HARNESS, "developer", Kind.TEXT, "Be brief.", 0)
    assert show(given(CHATML), developer).startswith("<|im_start|>system\nBe brief.")
    assert show(given(CHATML + "{# developer #}"), developer).startswith("<|im_start|>developer\nBe brief.")


def test_a_template_without_tools_is_given_them_as_text(given):
    system = Part(Writer.HARNESS, "system", Kind.TEXT, "Be brief.", 0)
    tools = 'Tools:\n{"type": "function", "function": {"name": "find", "description": "finds"}}<|im_end|>\n'
    call = '<tool_call>\n{"name": "find", "arguments": {"x": "é"}}\n</tool_call><|im_end|>\n'
    assert show(given(CHATML), ASKED, CALLED, tools=[TOOL]) == (
        f"<|im_start|>system\n{tools}<|im_start|>user\nWho?<|im_end|>\n<|im_start|>assistant\n{call}"
    )
    assert show(given(CHATML), system, tools=[TOOL]) == f"<|im_start|>system\nBe brief.\n\n{tools}"


def test_a_template_that_takes_arguments_as_text_is_given_text(given):
    template = QWEN.replace("call.function.arguments | tojson", "'' + call.function.arguments")
    assert show(given(template), ASKED, CALLED, FOUND) == show(given(QWEN), ASKED, CALLED, FOUND)


def test_arguments_that_are_no_json_stay_the_text_that_they_are(given):
    broken = Part(Writer.AGENT, "assistant", Kind.CALL, '{"x": ', 1, "find")
    assert '"arguments": "{\\"x\\": "}' in show(given(QWEN), ASKED, broken)


def test_a_template_that_refuses_is_named(given):
    refusing = given("{% if messages | length < 2 %}{{ raise_exception('Say more.') }}{% endif %}")
    with pytest.raises(BadInput, match=r"^the chat template refuses this transcript: Say more\.$"):
        show(refusing, ASKED)


def test_a_template_that_breaks_is_a_template_that_refuses(given):
    with pytest.raises(BadInput, match=r"^the chat template refuses this transcript: division by zero$"):
        show(given("{{ 1 / 0 }}"), ASKED)
    with pytest.raises(BadInput, match=r"^it is nested too deeply to be rendered$"):
        encode(given("{% macro f(n) %}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}"), Transcript([], [ASKED]))


def test_without_a_template_or_a_fast_tokenizer_there_is_no_rendering(tokenizer):
    with pytest.raises(BadInput, match=r"^the tokenizer has no chat template to use"):
        encode_transcript(tokenizer, Transcript([], [ASKED]))


def test_the_frame_is_what_stands_around_messages(given):
    frame = read_frame(given(QWEN), QWEN)
    assert frame.headers == {
        "assistant": "<|im_end|>\n<|im_start|>assistant\n",
        "user": "<|im_end|>\n<|im_start|>user\n",
    }
    assert frame.prompts == {
        "user": "<|im_end|>\n<|im_start|>assistant\n",
        "assistant": "<|im_end|>\n<|im_start|>assistant\n",
        "tool": "\n</tool_response><|im_end|>\n<|im_start|>assistant\n",
    }
