"""A transcript in the form that chat templates take, and its text as the template of a tokenizer writes it."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any, NamedTuple

from jinja2 import TemplateError
from transformers import PreTrainedTokenizerBase

from neural.dialogue.transcript import Kind, Part, Transcript
from neural.errors import BadInput, summarize

Message = dict[str, Any]
REASONING = "reasoning_content", "reasoning", "thinking"  # what templates call it
REFUSALS = (
    TemplateError,
    TypeError,
    ValueError,
    KeyError,
    AttributeError,
    ArithmeticError,
)  # what a template raises at messages it is not for


class Voice(NamedTuple):
    """What is put into a template in the place of a text: itself, or something to find it by.

    Attributes:
        say: takes what a part says, and its number.
        name: takes a name, a key or an id that stands beside it, and the part's number.
    """

    say: Callable[[str, int], str]
    name: Callable[[str, int], str]


AS_IS = Voice(lambda text, _: text, lambda text, _: text)
TOOLS = -1  # the number under which descriptions of tools are put in


class Turn(NamedTuple):
    """The parts that a template shows as one message, with their numbers in the transcript."""

    role: str
    parts: Sequence[tuple[int, Part]]

    @property
    def message(self) -> int:
        """The number of the message in the transcript, from 0."""
        return self.parts[0][1].message


def read_template(tokenizer: PreTrainedTokenizerBase, tools: bool) -> str:
    """Return the source of the tokenizer's chat template; raise BadInput if it has none."""
    if not tokenizer.is_fast:
        raise BadInput(f"{type(tokenizer).__name__} is a slow tokenizer, which does not say where its tokens stand")
    try:
        return tokenizer.get_chat_template(tools=[{}] if tools else None)
    except ValueError as problem:
        raise BadInput(f"the tokenizer has no chat template to use: {summarize(problem)}") from None


def list_parts(transcript: Transcript) -> tuple[Part, ...]:
    """Return all parts: the context's, then the history's."""
    return (*transcript.context, *transcript.parts)


def group(parts: Iterable[Part], template: str) -> list[Turn]:
    """Return the turns that a template shows. One that knows no developer is given a system message."""
    renamed = {} if "developer" in template else {"developer": "system"}

    def key(numbered: tuple[int, Part]) -> tuple[int, str]:
        return numbered[1].message, renamed.get(numbered[1].role, numbered[1].role)

    return [Turn(role, list(members)) for (_, role), members in groupby(enumerate(parts), key)]


def parse_arguments(text: str) -> Any:
    """Return the arguments of a call as an object, or the text if it is not JSON. An empty text means no arguments."""
    try:
        return json.loads(text or "{}")
    except ValueError:
        return text


def put_in(value: Any, text: Callable[[str, int], str], voice: Voice, part: int) -> Any:
    """Return a JSON value in which ``voice`` speaks: ``text`` for its texts, names for the keys of its objects."""
    if isinstance(value, str):
        return text(value, part)
    if isinstance(value, Mapping):
        return {voice.name(key, part): put_in(inner, text, voice, part) for key, inner in value.items()}
    if isinstance(value, Sequence):
        return [put_in(inner, text, voice, part) for inner in value]
    return value


def describe_tools(tools: Sequence[Mapping[str, Any]], voice: Voice) -> list[Any]:
    """Return the descriptions of tools, in which ``voice`` says what describes them and names the rest."""

    def put(value: Any, key: str = "") -> Any:
        if isinstance(value, Mapping):
            return {voice.name(name, TOOLS): put(inner, name) for name, inner in value.items()}
        if isinstance(value, list | tuple):
            return [put(inner) for inner in value]
        if isinstance(value, str):
            return (voice.say if key == "description" else voice.name)(value, TOOLS)
        return value

    return [put(tool) for tool in tools]


def make_call(number: int, part: Part, voice: Voice, as_text: bool) -> Message:
    """Return one call of a tool, its arguments as an object or as the text of one."""
    arguments = put_in(parse_arguments(part.text), voice.say, voice, number)
    if as_text and not isinstance(arguments, str):
        arguments = json.dumps(arguments, ensure_ascii=False)
    call = {"id": voice.name(part.call, number)} if part.call else {}
    return call | {"type": "function", "function": {"name": voice.say(part.name, number), "arguments": arguments}}


def make_message(turn: Turn, template: str, voice: Voice, as_text: bool) -> Message:
    """Return a turn as a message. Texts of one message are joined by newlines."""

    def join(*kinds: Kind) -> str:
        return "\n".join(voice.say(part.text, i) for i, part in turn.parts if part.kind in kinds)

    message: Message = {"role": turn.role, "content": join(Kind.TEXT, Kind.RESULT)}
    if any(part.kind is Kind.REASONING for _, part in turn.parts):
        key = next((name for name in REASONING if name in template), REASONING[0])
        message[key] = join(Kind.REASONING)
    calls = [make_call(i, part, voice, as_text) for i, part in turn.parts if part.kind is Kind.CALL]
    if calls and "tool_calls" in template:
        message["tool_calls"] = calls
    elif calls:
        message["content"] = "\n".join([message["content"]] * bool(message["content"]) + [*map(write_call, calls)])
    number, first = turn.parts[0]
    if turn.role == "tool" and first.call:
        message["tool_call_id"] = voice.name(first.call, number)
    if turn.role == "tool" and first.name:
        message["name"] = voice.name(first.name, number)
    return message


def write_call(call: Message) -> str:
    """Return a call as text, for a template that has no calls of tools."""
    return f"<tool_call>\n{json.dumps(call['function'], ensure_ascii=False)}\n</tool_call>"


def write_tools(tools: Sequence[Any]) -> str:
    """Return descriptions of tools as text, for a template that has none."""
    return "\n".join(["Tools:", *(json.dumps(tool, ensure_ascii=False) for tool in tools)])


def add_tools(messages: list[Message], tools: Sequence[Any]) -> list[Message]:
    """Return ``messages`` with ``tools`` at the end of the first system message."""
    system = messages[0]["content"] + "\n\n" if messages and messages[0]["role"] == "system" else ""
    rest = messages[1:] if system else messages
    return [{"role": "system", "content": system + write_tools(tools)}, *rest]


def run(tokenizer: PreTrainedTokenizerBase, messages: list[Message], tools: list[Any], answer: bool = False) -> str:
    """Return what the tokenizer's template makes of ``messages``, if asked with the header of an answer."""
    return str(
        tokenizer.apply_chat_template(messages, tools=tools or None, tokenize=False, add_generation_prompt=answer)
    )


def render(tokenizer: PreTrainedTokenizerBase, turns: Sequence[Turn], tools: Sequence[Any], voice: Voice) -> str:
    """Return the whole transcript as the tokenizer's template writes it, with ``voice`` in the place of its texts.

    Raises:
        BadInput: if the template refuses it.
    """
    template = read_template(tokenizer, bool(tools))
    described = describe_tools(tools, voice)

    def attempt(as_text: bool) -> str:
        messages = [make_message(turn, template, voice, as_text) for turn in turns]
        if described and "tools" not in template:
            return run(tokenizer, add_tools(messages, described), [])
        return run(tokenizer, messages, described)

    try:
        return attempt(as_text=False)
    except REFUSALS:
        pass  # some templates take arguments as text alone
    try:
        return attempt(as_text=True)
    except REFUSALS as problem:
        raise BadInput(f"the chat template refuses this transcript: {summarize(problem)}") from None


class Frame(NamedTuple):
    """What a template writes between messages, as far as two short chats show it.

    Attributes:
        headers: by role, what it writes before a message, after the end of the one before.
        prompts: by role, what it writes after a message so that the assistant answers.
    """

    headers: Mapping[str, str]
    prompts: Mapping[str, str]


PROBES = "\U000f0001", "\U000f0002", "\U000f0003"


@lru_cache(maxsize=8)
def read_frame(tokenizer: PreTrainedTokenizerBase, template: str) -> Frame:
    """Return the frame of the tokenizer's ``template``, and nothing where the template refuses to show it."""
    del template  # a key of the cache: the tokenizer can be given another
    asks, answers, again = PROBES
    call = {"type": "function", "id": "call00001", "function": {"name": "f", "arguments": {}}}
    chat: list[Message] = [{"role": "user", "content": asks}, {"role": "assistant", "content": answers}]
    called: list[Message] = [chat[0], {"role": "assistant", "content": "", "tool_calls": [call]}]
    shown = _try(tokenizer, [*chat, {"role": "user", "content": again}], False)
    prompts = {
        "user": _try(tokenizer, chat[:1], True).rpartition(asks)[2],
        "assistant": _try(tokenizer, chat, True).rpartition(answers)[2],
        "tool": _try(
            tokenizer, [*called, {"role": "tool", "tool_call_id": "call00001", "name": "f", "content": again}], True
        ).rpartition(again)[2],
    }
    before = shown.partition(asks)[2].partition(answers)[0], shown.partition(answers)[2].partition(again)[0]
    return Frame({"assistant": before[0], "user": before[1]}, prompts)


def _try(tokenizer: PreTrainedTokenizerBase, messages: list[Message], answer: bool) -> str:
    """Return what `run` returns, or nothing if the template refuses."""
    try:
        return run(tokenizer, messages, [], answer)
    except REFUSALS:
        return ""
