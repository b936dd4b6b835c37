import subprocess
import sys

from causal_agency import as_bystander, do, see
from neural.dialogue.dialogue import Dialogue, Turn, agent, user


def test_the_user_is_seen_and_the_agent_acts():
    assert user("Hello.") == Turn("User", see("Hello."))
    assert agent("Hello.") == Turn("Agent", do("Hello."))


def test_a_dialogue_is_a_history():
    dialogue = Dialogue("A lesson.", (user("Who?"), agent("Marlowe."), Turn("Agent", see("Shakespeare."))))
    assert dialogue.history == (see("Who?"), do("Marlowe."), see("Shakespeare."))
    assert as_bystander(dialogue.history) == (see("Who?"), see("Marlowe."), see("Shakespeare."))


def test_turns_are_kept_as_a_tuple():
    listed, expected = [user("Who?"), agent("Marlowe.")], Dialogue("", (user("Who?"), agent("Marlowe.")))
    dialogue = Dialogue("", listed)
    listed.clear()
    assert dialogue == expected
    assert hash(dialogue) == hash(expected)


WRONG = """
from causal_agency import see
from neural import Dialogue, user

for wrong in ("Who?", see("Who?"), ("User", see("Who?")), None):
    try:
        Dialogue("", (user("Hello."), wrong))
    except TypeError as problem:
        print(problem)
"""


def test_an_entry_that_is_not_a_turn_is_an_error_with_its_number():
    """In a process without the type checker of the tests, which would object first."""
    run = subprocess.run([sys.executable, "-c", WRONG], capture_output=True, text=True, check=True)
    advice = ": write user(text), agent(text) or Turn(speaker, slot)"
    said = ["'Who?'", "see('Who?')", "('User', see('Who?'))", "None"]
    assert run.stdout.splitlines() == [f"turn 2 is {wrong}{advice}" for wrong in said]
