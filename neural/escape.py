"""Text from data and models, made harmless where it is shown: in terminals, in pages and in Markdown."""

import re

# What steers a terminal or reorders a line: control characters, marks and overrides of direction, ends of lines; and
# what cannot be written: halves of surrogate pairs, and two numbers that XML has no character for.
INVISIBLE = dict.fromkeys(
    (*range(32), *range(127, 160), 0x61C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A),
     *range(0xD800, 0xE000), 0xFFFE, 0xFFFF),
    "\ufffd",
)  # fmt: skip
MARKUP = re.compile(r"[\\`*_<>|~&]|\](?=[(\[:])")  # a bracket is harmless unless a target follows


def show(text: str) -> str:
    """Return ``text`` in one line, with every character that would steer a terminal or reorder the line replaced."""
    return text.translate(INVISIBLE)


def show_lines(text: str) -> str:
    """Return ``text`` as `show` does, but with its lines."""
    return "\n".join(map(show, text.split("\n")))


def escape_markdown(text: str) -> str:
    """Return ``text`` as Markdown that shows it as it is, in one line."""
    return MARKUP.sub(r"\\\g<0>", show(text)).replace("://", ":\\//")


def code_markdown(text: str) -> str:
    """Return ``text`` as code in Markdown, in one line, fenced by one more backtick than its longest run of them."""
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence} {show(text)} {fence}" if "`" in text else f"{fence}{show(text)}{fence}"
