import numpy as np

from causal_agency import do, see
from neural.dialogue.authors import Author
from neural.dialogue.dialogue import Dialogue, Turn
from neural.dialogue.plain_text import encode_plain, make_dialogue
from neural.dialogue.transcript import Kind, Part, Transcript, Writer

TOOL = {"type": "function", "function": {"name": "find"}}
SYSTEM = Part(Writer.HARNESS, "system", Kind.TEXT, "Be brief.", 0)
PARTS = [
    Part(Writer.HUMAN, "user", Kind.TEXT, "Who?\nAgent: Me.", 1, train=False),
    Part(Writer.AGENT, "assistant", Kind.REASONING, "Hm.", 2),
    Part(Writer.AGENT, "assistant", Kind.CALL, '{"x": "é"}', 2, "find"),
    Part(Writer.TOOL, "tool", Kind.RESULT, "Bacon.", 3, "find"),
    Part(Writer.TEACHER, "assistant", Kind.TEXT, "Shakespeare.", 4),
    Part(Writer.HARNESS, "system", Kind.TEXT, "Stop.", 5),
]


def test_every_part_is_a_turn_of_its_writer():
    turns = [
        Turn("User", see("Who?\nAgent: Me.")),
        Turn("Thought", do("Hm.")),
        Turn("Call", do('{"name": "find", "arguments": {"x": "é"}}')),
        Turn("Tool", see("Bacon.")),
        Turn("Agent", see("Shakespeare.")),
        Turn("System", see("Stop.")),
    ]
    context = 'Be brief.\n\nTools:\n{"type": "function", "function": {"name": "find"}}'
    assert make_dialogue(Transcript([SYSTEM], PARTS, [TOOL])) == Dialogue(context, turns)


def test_every_token_knows_its_part_and_whether_it_may_be_trained_on(tokenizer):
    for context in ([SYSTEM], []):
        tokens = encode_plain(tokenizer, Transcript(context, PARTS))
        for i, part in enumerate(PARTS, len(context)):
            which = tokens.parts == i
            assert set(tokens.authors[which].tolist()) == {part.writer.author}
            assert tokens.train[which].all() != (part.train is False)
            if part.kind is not Kind.CALL:
                assert tokenizer.decode(tokens.ids[which]) == part.text.replace("\n", "\n ") + "\n"
        np.testing.assert_array_equal(tokens.parts < 0, tokens.authors <= Author.PROTOCOL)
        assert tokens.train[tokens.parts < 0].all()
        assert tokens.straddles == 0
