import pytest

from neural.dialogue.encode import encode
from neural.dialogue.transcript import Kind, Part, Transcript, Writer
from neural.errors import BadInput
from oracle import TEMPLATES, with_template

ASKED = Part(Writer.HUMAN, "user", Kind.TEXT, "Who?", 0)


def test_what_is_nested_too_deeply_is_refused(tokenizer):
    tool = {"description": "finds"}
    for _ in range(3000):
        tool = {"properties": tool}
    with pytest.raises(BadInput, match="nested too deeply"):
        encode(with_template(tokenizer, TEMPLATES["Qwen"]), Transcript([], [ASKED], [tool]))
