"""Who owns each byte of a chat, told by five templates written a second time, in plain Python; and generated chats.

Nothing here uses the code under test, jinja or the offsets of a tokenizer: a template is a function that appends bytes
with their owners, and a token's bytes are read from the tokenizer's vocabulary.
"""

import copy
import json
import unicodedata
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from neural.dialogue.authors import Author
from neural.dialogue.transcript import Kind, Part, Transcript, Writer

CONTEXT, PROTOCOL = "context", "protocol"  # owners; a message is an owner by its number


class Chat(NamedTuple):
    """A generated chat: whose each message is, the messages as OpenAI writes them, and the tools."""

    writers: list[Writer | None]  # None of a system message
    messages: list[dict[str, Any]]
    tools: list[dict[str, Any]]


class Bytes:
    """Text in the making, and the owner of each of its characters."""

    def __init__(self):
        self.text, self.owners, self.said = "", [], []

    def add(self, text, owner, said=False):
        self.text += text
        self.owners += [owner] * len(text)
        self.said += [said] * len(text)


# The templates, in jinja as a tokenizer has them, and in Python as owners see them.

CHATML = """{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>'
 + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}""".replace(
    "\n +", " +"
)

LLAMA3 = """{{ '<|begin_of_text|>' }}{% for message in messages %}{{ '<|start_header_id|>' + message['role']
 + '<|end_header_id|>\\n\\n' + message['content'] | trim + '<|eot_id|>' }}{% endfor %}{% if add_generation_prompt %}{{
 '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}""".replace("\n", "")

SMOLLM2 = """{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system
Be helpful.<|im_end|>
' }}{% endif %}{{'<|im_start|>' + message['role'] + '
' + message['content'] + '<|im_end|>' + '
'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant
' }}{% endif %}"""

PLAIN = """{% for message in messages %}{% if message.role == 'system' %}{{ message.content + '\\n' }}{% else %}{{
 '### ' + message.role + ':\\n' + message.content.strip() + '\\n\\n' }}{% endif %}{% endfor %}{%
 if add_generation_prompt %}{{ '### assistant:\\n' }}{% endif %}""".replace("\n", "")

QWEN = """{%- if tools %}{{- '<|im_start|>system\\n' }}{%- if messages[0].role == 'system' %}{{- messages[0].content }}
{%- else %}{{- 'Be helpful.' }}{%- endif %}{{- '\\n\\n# Tools\\n<tools>' }}{%- for tool in tools %}{{- '\\n' }}
{{- tool | tojson }}{%- endfor %}{{- '\\n</tools>\\nAnswer in <tool_call></tool_call>.<|im_end|>\\n' }}
{%- elif messages[0].role == 'system' %}{{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- else %}{{- '<|im_start|>system\\nBe helpful.<|im_end|>\\n' }}{%- endif %}
{%- for message in messages %}
{%- if message.role == 'user' or (message.role == 'assistant' and not message.tool_calls) %}
{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
{%- elif message.role == 'assistant' %}{{- '<|im_start|>assistant' }}
{%- if message.content %}{{- '\\n' + message.content }}{%- endif %}
{%- for call in message.tool_calls %}{{- '\\n<tool_call>\\n{"name": "' + call.function.name + '", "arguments": ' }}
{{- call.function.arguments | tojson }}{{- '}\\n</tool_call>' }}{%- endfor %}{{- '<|im_end|>\\n' }}
{%- elif message.role == 'tool' %}
{%- if loop.first or messages[loop.index0 - 1].role != 'tool' %}{{- '<|im_start|>user' }}{%- endif %}
{{- '\\n<tool_response>\\n' + message.content + '\\n</tool_response>' }}
{%- if loop.last or messages[loop.index0 + 1].role != 'tool' %}{{- '<|im_end|>\\n' }}{%- endif %}
{%- endif %}{%- endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"""


def write_chatml(chat: Chat, out: Bytes, default: str = "") -> None:
    messages = list(enumerate(chat.messages))
    if default and chat.messages[0]["role"] != "system":
        out.add(f"<|im_start|>system\n{default}<|im_end|>", CONTEXT)
        out.add("\n", PROTOCOL)
    elif chat.messages[0]["role"] == "system":
        out.add("<|im_start|>system\n", CONTEXT)
        out.add(chat.messages[0]["content"], CONTEXT, True)
        out.add("<|im_end|>", CONTEXT)
        out.add("\n", PROTOCOL)
        messages = messages[1:]
    for i, message in messages:
        out.add(f"<|im_start|>{message['role']}\n", PROTOCOL)
        out.add(message["content"], i, True)
        out.add("<|im_end|>", i)
        out.add("\n", PROTOCOL)


def write_smollm2(chat: Chat, out: Bytes) -> None:
    write_chatml(chat, out, "Be helpful.")


def write_llama3(chat: Chat, out: Bytes) -> None:
    out.add("<|begin_of_text|>", CONTEXT)
    for i, message in enumerate(chat.messages):
        system = message["role"] == "system"
        out.add(f"<|start_header_id|>{message['role']}<|end_header_id|>\n\n", CONTEXT if system else PROTOCOL)
        out.add(message["content"].strip(), CONTEXT if system else i, True)
        out.add("<|eot_id|>", CONTEXT if system else i)


def write_plain(chat: Chat, out: Bytes) -> None:
    """Its turns have no control token, so they end with a line."""
    for i, message in enumerate(chat.messages):
        if message["role"] == "system":
            out.add(message["content"], CONTEXT, True)
            out.add("\n", CONTEXT)
            continue
        out.add(f"### {message['role']}:\n", PROTOCOL)
        out.add(message["content"].strip(), i, True)
        out.add("\n", i)
        out.add("\n", PROTOCOL)


def write_json(value: Any, out: Bytes, owner: Any) -> None:
    """Write JSON as `json.dumps` does; the texts in it are said."""
    if isinstance(value, str):
        out.add('"', owner)
        out.add(json.dumps(value, ensure_ascii=False)[1:-1], owner, True)
        out.add('"', owner)
    elif isinstance(value, dict):
        out.add("{", owner)
        for n, (key, inner) in enumerate(value.items()):
            out.add(", " * (n > 0), owner)
            write_json(key, out, owner)
            out.add(": ", owner)
            write_json(inner, out, owner)
        out.add("}", owner)
    elif isinstance(value, list):
        out.add("[", owner)
        for n, inner in enumerate(value):
            out.add(", " * (n > 0), owner)
            write_json(inner, out, owner)
        out.add("]", owner)
    else:
        out.add(json.dumps(value), owner)


def write_qwen(chat: Chat, out: Bytes) -> None:
    first = chat.messages[0]
    out.add("<|im_start|>system\n", CONTEXT)
    out.add(first["content"] if first["role"] == "system" else "Be helpful.", CONTEXT, first["role"] == "system")
    if chat.tools:
        out.add("\n\n# Tools\n<tools>", CONTEXT)
        for tool in chat.tools:
            out.add("\n", CONTEXT)
            write_json(tool, out, CONTEXT)
        out.add("\n</tools>\nAnswer in <tool_call></tool_call>.", CONTEXT)
    out.add("<|im_end|>", CONTEXT)
    out.add("\n", PROTOCOL)
    roles = [message["role"] for message in chat.messages] + [""]
    for i, message in enumerate(chat.messages):
        if message["role"] == "tool":
            out.add("<|im_start|>user" * (i == 0 or roles[i - 1] != "tool"), PROTOCOL)
            out.add("\n<tool_response>\n", PROTOCOL)
            out.add(message["content"], i, True)
            if roles[i + 1] == "tool":  # nothing but a line ends it
                out.add("\n", i)
                out.add("</tool_response>", PROTOCOL)
            else:
                out.add("\n</tool_response><|im_end|>", i)
                out.add("\n", PROTOCOL)
        elif message["role"] != "system":
            out.add(f"<|im_start|>{message['role']}\n", PROTOCOL)
            write_answer(message, out, i)
            out.add("<|im_end|>", i)
            out.add("\n", PROTOCOL)


def write_answer(message: dict[str, Any], out: Bytes, owner: int) -> None:
    out.add(message["content"], owner, True)
    for n, call in enumerate(message.get("tool_calls", ())):
        out.add("\n" * (n > 0 or message["content"] != ""), owner)
        out.add('<tool_call>\n{"name": "', owner)
        out.add(call["function"]["name"], owner, True)
        out.add('", "arguments": ', owner)
        arguments = call["function"]["arguments"]
        write_json(json.loads(arguments) if isinstance(arguments, str) else arguments, out, owner)
        out.add("}\n</tool_call>", owner)


class Template(NamedTuple):
    """A template, written twice, and the control tokens that it writes."""

    jinja: str
    write: Callable[[Chat, Bytes], None]
    special: tuple[str, ...]
    ordinary: tuple[str, ...] = ()  # added to the vocabulary, but not special
    tools: bool = False


IM = "<|im_start|>", "<|im_end|>"
HEADERS = "<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"
TEMPLATES = {
    "ChatML": Template(CHATML, write_chatml, IM),
    "Llama 3": Template(LLAMA3, write_llama3, HEADERS),
    "SmolLM2": Template(SMOLLM2, write_smollm2, IM),
    "Qwen": Template(QWEN, write_qwen, IM, ("<tool_call>", "</tool_call>"), True),
    "plain": Template(PLAIN, write_plain, ()),
}


# The tokenizers.


def with_template(tokenizer: PreTrainedTokenizerBase, template: Template) -> PreTrainedTokenizerBase:
    """Return a copy of ``tokenizer`` with ``template`` and its control tokens."""
    made = copy.deepcopy(tokenizer)
    made.add_tokens(list(template.special), special_tokens=True)
    made.add_tokens(list(template.ordinary))
    made.chat_template = template.jinja
    return made


def train_tokenizer() -> PreTrainedTokenizerBase:
    """Train a tokenizer that is not byte-level: spaces are ▁, and what it does not know are bytes such as <0xE2>."""
    corpus = [
        (Path(__file__).parents[2] / "README.md").read_text(),
        "The quick brown fox, it's 1,234 km; né à Genève. 日本語のテキスト",
    ] * 2
    whole = Tokenizer(models.BPE())
    whole.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
    whole.train_from_iterator(corpus, trainers.BpeTrainer(vocab_size=800, show_progress=False))
    parts = json.loads(whole.to_str())
    vocabulary = {"<unk>": 0} | {f"<0x{byte:02X}>": 1 + byte for byte in range(256)}
    vocabulary |= {token: len(vocabulary) + i for i, token in enumerate(sorted(parts["model"]["vocab"]))}
    merges = [tuple(merge) for merge in parts["model"]["merges"]]
    made = Tokenizer(models.BPE(vocabulary, merges, byte_fallback=True, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
    made.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    return PreTrainedTokenizerFast(tokenizer_object=made, eos_token="</s>", pad_token="</s>")


@cache
def byte_letters() -> dict[str, int]:
    """Return which byte each letter of a byte-level vocabulary stands for: printable ones for themselves."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + i): byte for i, byte in enumerate(rest)}


def token_bytes(tokenizer: PreTrainedTokenizerBase) -> Callable[[int], bytes]:
    """Return what tells the bytes of each token, by its name in the vocabulary."""
    added = {i: token.content.encode() for i, token in tokenizer.added_tokens_decoder.items()}
    names = {i: name for name, i in tokenizer.get_vocab().items()}
    if "<0x0A>" in tokenizer.get_vocab():
        fallback = {f"<0x{byte:02X}>": bytes([byte]) for byte in range(256)}
        return lambda i: added.get(i) or fallback.get(names[i]) or names[i].replace("▁", " ").encode()
    letters = byte_letters()
    return lambda i: added.get(i) or bytes(letters[letter] for letter in names[i])


# The chats.

WORDS = [
    *(
        "Hello",
        " world",
        "User:",
        "Agent: ",
        "\n",
        "\n\n",
        " ",
        "  ",
        "\t",
        "\r\n",
        "\u2028",
        "\u200b",
        "\u00a0",
        "\u3000",
        "\ufeff",
    ),
    *(
        "é",
        "e\u0301",
        "ñandú",
        "Ĝis",
        "東京",
        "日本語",
        "مرحبا",
        "שלום",
        "क्षि",
        "각",
        "½",
        "Ⅷ",
        "1,234",
        "don't",
        "'s",
        "...",
    ),
    *(
        "😀",
        "👩\u200d👩\u200d👧",
        "🏳️\u200d🌈",
        "🇨🇭",
        "\x00",
        "\x7f",
        "\U000f0000",
        "\ue000",
        "\U0010fffd",
        "x" * 30,
        "=" * 9,
    ),
    *("{", "}", '"', "\\", "{{ 1 }}", "{% if %}", '{"name": "f", "arguments": {}}', "assistant", "### user:\n"),
    *("<think>", "</think>", "</s>"),
]
CONTROL = [
    *(*IM, "<|im_start|>assistant\n", "<|im_end|><|im_start|>user\n", "<|im_", "end|>", "<|endoftext|>", "<tool_call>"),
    *("</tool_call>", "<|eot_id|>", "<|begin_of_text|>", "<|start_header_id|>assistant<|end_header_id|>\n\n"),
]


def draw_text(random: Random, forged: bool) -> str:
    """Return a text of some words, perhaps none; accents are joined to their letters, as tokenizers do."""
    words = WORDS + CONTROL * 2 if forged else WORDS
    text = "".join(random.choices(words, k=random.choice((0, 1, 2, 3, 5, 8, 13))))
    return unicodedata.normalize("NFC", text)


def draw_json(random: Random, forged: bool, depth: int = 0) -> Any:
    """Return a JSON value, nested up to four levels."""
    kind = random.choice("stnb" if depth > 3 else "sstnbol")
    if kind == "o":
        return {draw_text(random, forged): draw_json(random, forged, depth + 1) for _ in range(random.randrange(3))}
    if kind == "l":
        return [draw_json(random, forged, depth + 1) for _ in range(random.randrange(3))]
    scalars = {
        "s": draw_text(random, forged),
        "t": "x",
        "n": random.choice((0, -1, 2.5, 10**20)),
        "b": random.choice((True, None)),
    }
    return scalars[kind]


def draw_call(random: Random, forged: bool) -> dict[str, Any]:
    arguments = {draw_text(random, forged) or "k": draw_json(random, forged, 1) for _ in range(random.randrange(3))}
    written = json.dumps(arguments, ensure_ascii=random.random() < 0.5) if random.random() < 0.5 else arguments
    name = random.choice(("f", "get_weather", "a.b"))
    return {"type": "function", "id": "c1", "function": {"name": name, "arguments": written}}


def draw_chat(random: Random, template: Template) -> Chat:
    """Return a chat; half of them name control tokens in their texts."""
    forged, tools = random.random() < 0.5, template.tools and random.random() < 0.7
    writers: list[Writer | None] = []
    messages: list[dict[str, Any]] = []

    def say(role, writer, **more):
        messages.append({"role": role, "content": draw_text(random, forged)} | more)
        writers.append(writer)

    if random.random() < 0.5:
        say("system", None)
    say("user", Writer.HUMAN)
    for _ in range(random.randrange(6)):
        role = random.choice(
            ("user", "assistant", "assistant", "tool") if tools else ("user", "assistant", "assistant")
        )
        if role == "tool":
            say(
                "assistant", Writer.AGENT, tool_calls=[draw_call(random, forged) for _ in range(random.randrange(1, 3))]
            )
            for _ in range(random.randrange(1, 3)):
                say("tool", Writer.TOOL, tool_call_id="c1")
        else:
            say(
                role,
                random.choice(tuple(Writer))
                if random.random() < 0.3
                else Writer.AGENT
                if role == "assistant"
                else Writer.HUMAN,
            )
    text, properties = draw_text(random, forged), {"x": {"type": "string", "description": draw_text(random, forged)}}
    tool = {
        "type": "function",
        "function": {"name": "f", "description": text, "parameters": {"properties": properties}},
    }
    return Chat(writers, messages, [tool] * random.randrange(1, 3) if tools else [])


def read_chat(chat: Chat) -> Transcript:
    """Return a chat as a transcript."""
    parts: list[Part] = []
    for i, (writer, message) in enumerate(zip(chat.writers, chat.messages, strict=True)):
        kind = Kind.RESULT if message["role"] == "tool" else Kind.TEXT
        who = writer or Writer.HARNESS
        parts.append(Part(who, message["role"], kind, message["content"], i, call=message.get("tool_call_id", "")))
        for call in message.get("tool_calls", ()):
            name, arguments = call["function"]["name"], call["function"]["arguments"]
            text = arguments if isinstance(arguments, str) else json.dumps(arguments)
            parts.append(Part(who, "assistant", Kind.CALL, text, i, name, call["id"]))
    context = [part for part in parts if part.role == "system"]
    return Transcript(context, parts[len(context) :], chat.tools)


# The judgment.

STRENGTH = [Author.PROTOCOL, Author.WORLD, Author.NOBODY, Author.AGENT]  # the last keeps a token that several share


def author(chat: Chat, owner: Any) -> Author:
    if owner in (CONTEXT, PROTOCOL):
        return Author.NOBODY if owner == CONTEXT else Author.PROTOCOL
    writer = chat.writers[owner]
    return Author.AGENT if writer is Writer.AGENT else Author.WORLD if writer else Author.NOBODY


class Judge:
    """Checks every rule of ownership for one tokenizer and template."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, template: Template):
        self.tokenizer, self.template = with_template(tokenizer, template), template
        self.bytes = token_bytes(self.tokenizer)
        names = [*template.special, *template.ordinary, *(t for t in self.tokenizer.all_special_tokens)]
        self.control = {self.tokenizer.convert_tokens_to_ids(name): name for name in names}

    def __call__(self, chat: Chat, ids: np.ndarray, authors: np.ndarray, straddles: int) -> None:
        """Raise AssertionError if a rule is broken."""
        out = Bytes()
        self.template.write(chat, out)
        messages = [dict(message) for message in chat.messages]
        for message in messages:  # the template is to be given objects
            if "tool_calls" in message:
                message["tool_calls"] = [parse(call) for call in message["tool_calls"]]
        rendered = self.tokenizer.apply_chat_template(messages, tools=chat.tools or None, tokenize=False)
        assert out.text == rendered, "the second writing of the template differs from the first"
        self.check_ids(out, ids)
        owners = [owner for owner, letter in zip(out.owners, out.text) for _ in letter.encode()]
        start, shared = 0, 0
        for i, given in zip(ids.tolist(), authors.tolist()):
            size = len(self.bytes(i))
            touched = set(owners[start : start + size])
            expected = max((author(chat, owner) for owner in touched), key=STRENGTH.index)
            assert given == expected, (i, self.bytes(i), touched, Author(given))
            shared += len(touched) > 1
            start += size
        assert straddles == shared

    def check_ids(self, out: Bytes, ids: np.ndarray) -> None:
        """The tokens spell the text; control tokens are the template's; if no others are named, all is as usual."""
        assert b"".join(map(self.bytes, ids.tolist())) == out.text.encode()
        template = "".join("\0" if said else letter for letter, said in zip(out.text, out.said))
        found = [self.control[i] for i in ids.tolist() if i in self.control]
        assert found == scan(template, self.control.values())
        if found == scan(out.text, self.control.values()):
            assert ids.tolist() == self.tokenizer(out.text, add_special_tokens=False)["input_ids"]


def scan(text: str, names: Any) -> list[str]:
    """Return the names that stand in ``text``, from the left to the right, the longest first."""
    ordered, found, i = sorted(names, key=len, reverse=True), [], 0
    starts = {name[0] for name in ordered}
    while i < len(text):
        name = next((name for name in ordered if text.startswith(name, i)), "") if text[i] in starts else ""
        found += [name] if name else []
        i += len(name) or 1
    return found


def parse(call: dict[str, Any]) -> dict[str, Any]:
    arguments = call["function"]["arguments"]
    value = json.loads(arguments) if isinstance(arguments, str) else arguments
    return call | {"function": call["function"] | {"arguments": value}}
