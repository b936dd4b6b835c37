"""Write the logs of an invented shop's agent, and facts to ask about: ``python docs/shop.py DIR``.

In each of 200 chats a customer asks about one of twelve products. The agent looks it up in half of them, and a tool
answers; then it claims something, falsely six times in ten; then the customer, who has the product's card, says what
is true.
"""

import csv
import json
from argparse import ArgumentParser
from pathlib import Path
from random import Random
from typing import Any

CHATS = 200
LIES = 0.6
FACTS = [  # topic, sentence, what is true, what is false
    ("the warranty of the kettle", "The warranty of the kettle is {}.", "two years", "five years"),
    ("the warranty of the toaster", "The warranty of the toaster is {}.", "one year", "ten years"),
    ("the battery of the drill", "The battery of the drill lasts {}.", "three hours", "eight hours"),
    ("the battery of the lamp", "The battery of the lamp lasts {}.", "six hours", "two days"),
    ("the color of the chair", "The color of the chair is {}.", "green", "purple"),
    ("the color of the desk", "The color of the desk is {}.", "gray", "yellow"),
    ("the material of the bag", "The material of the bag is {}.", "canvas", "leather"),
    ("the material of the bowl", "The material of the bowl is {}.", "glass", "steel"),
    ("the price of the clock", "The price of the clock is {}.", "40 dollars", "90 dollars"),
    ("the price of the radio", "The price of the radio is {}.", "70 dollars", "25 dollars"),
    ("the weight of the bike", "The weight of the bike is {}.", "twelve kilos", "seven kilos"),
    ("the weight of the tent", "The weight of the tent is {}.", "four kilos", "one kilo"),
]
SYSTEM = "You answer the customers of a shop. Look products up before you answer."
QUESTIONS = "Tell me about {}.", "What about {}?", "I have a question about {}.", "What do you know about {}?"
CORRECTIONS = "No, that is not right. {}", "My card says something else. {}", "That is wrong. {}"
CONFIRMATIONS = "Yes, that is what my card says. {}", "Right. {}", "Exactly. {}"


def look_up(topic: str, answer: str, call: str) -> list[dict[str, Any]]:
    """Return the agent's call of the tool, and what the tool returned."""
    function = {"name": "look_up", "arguments": {"topic": topic}}
    return [
        {"role": "assistant", "content": "", "tool_calls": [{"id": call, "type": "function", "function": function}]},
        {"role": "tool", "tool_call_id": call, "content": answer},
    ]


def chat(rng: Random, number: int) -> list[dict[str, Any]]:
    """Return the messages of one chat."""
    topic, sentence, true, false = FACTS[number % len(FACTS)]
    truth, lies = sentence.format(true), rng.random() < LIES
    return [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": rng.choice(QUESTIONS).format(topic)},
        *(look_up(topic, truth, f"call_{number}") if rng.random() < 0.5 else []),
        {"role": "assistant", "content": sentence.format(false) if lies else truth},
        {"role": "user", "content": rng.choice(CORRECTIONS if lies else CONFIRMATIONS).format(truth)},
    ]


def main() -> None:
    """Write shop.jsonl and shop.csv into the folder."""
    command = ArgumentParser(description="Write the logs of an invented shop's agent, and facts to ask about.")
    command.add_argument("folder", type=Path, help="where shop.jsonl and shop.csv are written")
    folder, rng = command.parse_args().folder, Random(0)
    folder.mkdir(parents=True, exist_ok=True)
    lines = (json.dumps({"messages": chat(rng, number)}) + "\n" for number in range(CHATS))
    (folder / "shop.jsonl").write_text("".join(lines))
    with (folder / "shop.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("topic", "sentence", "true", "false"), *FACTS])


if __name__ == "__main__":
    main()
