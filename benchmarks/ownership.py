"""Judge who owns each token of generated chats: ``python benchmarks/ownership.py --chats 10000``.

Chats with emoji, right-to-left text, calls of tools with nested JSON, empty turns and forged control tokens go through
five chat templates and five tokenizers, four of them of real models. `tests/neural/oracle.py` tells whose every byte is
without any of the code that it judges; the first chat on which a rule is broken is printed. `labels` is timed on longer
chats, in megabytes of JSON lines a minute of one core.
"""

import json
import os
import sys
import time
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from random import Random

os.environ |= {"JAX_PLATFORMS": "cpu", "TRANSFORMERS_VERBOSITY": "error"}
sys.path += [str(Path(__file__).parents[1] / "tests" / "neural"), str(Path(__file__).parents[1])]

from transformers import AutoTokenizer, PreTrainedTokenizerBase

from neural.dialogue.labels import labels
from neural.dialogue.tokens import encode_transcript
from neural.errors import BadInput
from neural.model.source import find, open_source
from oracle import TEMPLATES, Chat, Judge, Template, draw_chat, draw_text, read_chat, train_tokenizer
from tekken import find_tekken, read_tekken

QWEN = Path(__file__).parents[2] / "shared" / "qwen2.5-tokenizer"
WORDS = "The quick brown fox, it's 1,234 km; né à Genève. 日本語のテキスト and so on, as people write.\n".split(" ")


def read_tokenizers() -> dict[str, PreTrainedTokenizerBase]:
    """Return the tokenizers that are here."""
    made = {"embedded": open_source(find("embedded")).tokenizer(), "trained": train_tokenizer()}
    try:
        made["SmolLM2"] = open_source(find("smollm2")).tokenizer()
    except BadInput as problem:
        print(f"without SmolLM2: {problem}")
    if file := find_tekken():
        made["Mistral"] = read_tekken(file)
    else:
        print("without Mistral's tokenizer: pip install --no-deps mistral-common==1.13.1")
    if QWEN.is_dir():
        made["Qwen2.5"] = AutoTokenizer.from_pretrained(QWEN, local_files_only=True)
    return made


def judge_chats(judge: Judge, template: Template, seeds: range) -> Counter:
    """Judge a chat for each of ``seeds``; return what was counted."""
    count = Counter()
    for seed in seeds:
        chat = draw_chat(Random(seed), template)
        tokens = encode_transcript(judge.tokenizer, read_chat(chat))
        try:
            judge(chat, tokens.ids, tokens.authors, tokens.straddles)
        except AssertionError:
            print(f"seed {seed}: {chat}")
            raise
        forged = any(name in json.dumps(chat.messages, ensure_ascii=False) for name in judge.control.values())
        count += Counter(chats=1, tokens=len(tokens.ids), straddles=tokens.straddles, forged=forged)
    return count


def draw_long_chat(random: Random, template: Template) -> Chat:
    """Return a chat whose texts are about as long as people's: some hundred words."""
    chat = draw_chat(random, template)
    for message in chat.messages:
        words = random.choices(WORDS, k=random.randrange(20, 300))
        message["content"] += " ".join(words) + draw_text(random, False)
    return chat


def time_labels(tokenizer: PreTrainedTokenizerBase, template: Template, chats: int) -> float:
    """Return how many MB of JSON lines `labels` takes in a minute."""
    rows = [draw_long_chat(Random(seed), template) for seed in range(chats)]
    size = sum(
        len(json.dumps({"messages": row.messages, "tools": row.tools}, ensure_ascii=False).encode()) for row in rows
    )
    labels(rows[0].messages, tokenizer, tools=rows[0].tools)  # what is done once per tokenizer
    start = time.process_time()
    for row in rows:
        labels(row.messages, tokenizer, tools=row.tools)
    return size / 1e6 / (time.process_time() - start) * 60


def main() -> None:
    """Judge, and time."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--chats", type=int, default=10_000, help="how many chats to judge in all")
    chats = parser.parse_args().chats
    tokenizers, total, start = read_tokenizers(), Counter(), time.perf_counter()
    share = -(-chats // (len(tokenizers) * len(TEMPLATES)))
    for i, (name, tokenizer) in enumerate(tokenizers.items()):
        for k, (kind, template) in enumerate(TEMPLATES.items()):
            judge, first = Judge(tokenizer, template), (i * len(TEMPLATES) + k) * share
            count = judge_chats(judge, template, range(first, first + share))
            speed = time_labels(judge.tokenizer, template, 100)
            print(
                f"{name:9} {kind:8}",
                *(f"{count[what]:9,} {what}" for what in count),
                f"{speed:6.0f} MB/min",
                flush=True,
            )
            total += count
    print(
        "all",
        *(f"{total[what]:,} {what}" for what in total),
        f"in {time.perf_counter() - start:.0f} s; no rule was broken",
    )


if __name__ == "__main__":
    main()
