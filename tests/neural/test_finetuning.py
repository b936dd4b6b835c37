import subprocess
import sys
from dataclasses import replace

import jax
import numpy as np
import pytest
from flax import nnx

from causal_agency import see
from neural.dialogue.authors import INTERVENTIONAL, STANDARD, AuthorWeights
from neural.dialogue.dialogue import Dialogue, Turn, agent, user
from neural.dialogue.render import encode
from neural.errors import BadInput, Stopped
from neural.finetuning import answer, encode_all, finetune
from neural.model.checkpoint import load, save
from neural.model.lora import Lora
from neural.paper import probes
from neural.paper.facts import FACTS
from neural.paper.phrases import CONTEXT
from neural.training.batching import Replica
from neural.training.checkpoints import Checkpoints
from neural.training.config import TrainConfig
from neural.training.loop import train

CONFIG = TrainConfig(learning_rate=1e-3, epochs=2, seed=3)
QUESTION = "Who wrote Hamlet?"
LESSONS = [
    Dialogue("", (user(QUESTION), agent("Marlowe."), user("Shakespeare wrote it."))),
    Dialogue("", (user("Where is Perth?"), agent("In Italy."), user("In Australia."))),
    Dialogue("A lesson.", (user("What is gold?"), agent("Gold is Go."), user("Gold is Au."))),
]


def leaves(checkpoint):
    return [np.array(leaf) for leaf in jax.tree.leaves(nnx.state(checkpoint.model, nnx.Param))]


def as_bystanders(dialogues):
    """Return the dialogues with every turn written by the world."""
    return [
        Dialogue(each.context, tuple(Turn(turn.speaker, see(turn.slot.symbol)) for turn in each.turns))
        for each in dialogues
    ]


def assert_same(one, other):
    np.testing.assert_array_equal(one.losses, other.losses)
    for a, b in zip(leaves(one), leaves(other), strict=True):
        np.testing.assert_array_equal(a, b)


def test_finetuning_returns_a_new_checkpoint_and_leaves_the_given_one_unchanged(checkpoint, tmp_path):
    before, steps = leaves(checkpoint), []
    tuned = finetune(checkpoint, LESSONS, config=CONFIG, on_step=steps.append)
    assert checkpoint.losses.tolist() == []
    for a, b in zip(before, leaves(checkpoint), strict=True):
        np.testing.assert_array_equal(a, b)
    assert any((a != b).any() for a, b in zip(before, leaves(tuned), strict=True))
    assert (tuned.config, tuned.tokenizer) == (checkpoint.config, checkpoint.tokenizer)
    assert tuned.losses.shape == (6,)
    assert [(step.done, step.total) for step in steps] == [(done, 6) for done in range(1, 7)]
    assert [step.loss for step in steps] == tuned.losses.tolist()
    save(tuned, tmp_path / "tuned")
    for a, b in zip(leaves(tuned), leaves(load(tmp_path / "tuned")), strict=True):
        np.testing.assert_array_equal(a, b)
    again = finetune(tuned, LESSONS, config=replace(CONFIG, max_steps=1))
    assert again.losses.shape == (1,)


def test_finetuning_is_the_experiments_training_of_one_arm(checkpoint):
    """The same losses as when the experiment trains both arms at once on the same examples in the same order."""
    examples = [encode(checkpoint.tokenizer, lesson) for lesson in LESSONS]
    arms = {"standard": STANDARD, "interventional": INTERVENTIONAL}
    replicas = {name: Replica(examples, weights, (CONFIG.seed,)) for name, weights in arms.items()}
    for name, trained in train(nnx.split(checkpoint.model, nnx.Param), replicas, CONFIG):
        alone = finetune(checkpoint, LESSONS, weights=arms[name], config=CONFIG)
        np.testing.assert_allclose(alone.losses, trained.losses, rtol=1e-5)


def test_the_methods_differ_through_the_weights_alone(checkpoint):
    """Standard fine-tuning is interventional fine-tuning of a bystander, for whom the world wrote every turn."""
    interventional, standard = (finetune(checkpoint, LESSONS, each, CONFIG) for each in (INTERVENTIONAL, STANDARD))
    assert_same(standard, finetune(checkpoint, as_bystanders(LESSONS), INTERVENTIONAL, CONFIG))
    assert_same(interventional, finetune(checkpoint, LESSONS, STANDARD._replace(agent=0.0), CONFIG))
    assert_same(interventional, finetune(checkpoint, LESSONS, config=CONFIG))
    assert (interventional.losses != standard.losses).all()


def test_a_teachers_demonstration_is_learned_from_and_the_agents_own_words_are_not(checkpoint):
    config = TrainConfig(learning_rate=3e-3, epochs=40)
    taught, acted = (
        finetune(checkpoint, [Dialogue("", (user(QUESTION), turn))], INTERVENTIONAL, config)
        for turn in (Turn("Agent", see("Shakespeare.")), agent("Shakespeare."))
    )
    assert answer(taught, QUESTION) == "Shakespeare."
    assert answer(acted, QUESTION) != "Shakespeare."


def test_a_dialogue_in_which_nothing_counts_is_passed_over(checkpoint):
    """Its loss is 0; the others are learned from all the same."""
    dialogues = [LESSONS[0], Dialogue("A lesson without turns.", ()), Dialogue("Another one.", ())]
    tuned = finetune(checkpoint, dialogues, config=TrainConfig(learning_rate=1e-3, epochs=1))
    assert sorted(tuned.losses.tolist())[:2] == [0, 0]
    assert tuned.losses.max() > 1


@pytest.mark.parametrize(
    ("dialogues", "weights", "problem"),
    [
        ([], INTERVENTIONAL, "there are no dialogues to train on"),
        (
            [LESSONS[0], Dialogue("", (user("and " * 70),))],
            INTERVENTIONAL,
            "1 of 2 dialogues is longer than the 64 tokens",
        ),
        (LESSONS, AuthorWeights(0, 0, 0, 0), "no word of these dialogues counts"),
        ([Dialogue("", (agent("Only me."),))], INTERVENTIONAL, "no word of these dialogues counts"),
        ([Dialogue("", ())], STANDARD, "dialogue 1 is empty"),
        ([Dialogue("A lesson.", ())], STANDARD, "no word of these dialogues counts"),
        ([Dialogue("", (user("Hello."),))], AuthorWeights(protocol=0, world=0), "no word of these dialogues counts"),
    ],
)
def test_dialogues_that_teach_nothing_are_bad_input(checkpoint, dialogues, weights, problem):
    with pytest.raises(BadInput, match=problem):
        finetune(checkpoint, dialogues, weights, CONFIG, on_step=lambda step: pytest.fail("must not train"))


def test_a_rate_far_too_high_is_bad_input(checkpoint):
    with pytest.raises(BadInput, match="the loss or its gradient is not a number"):
        finetune(checkpoint, LESSONS, config=TrainConfig(learning_rate=1e38))


def test_every_dialogue_is_rendered_as_in_the_experiment(checkpoint):
    for example, lesson in zip(encode_all(checkpoint, iter(LESSONS)), LESSONS, strict=True):
        np.testing.assert_array_equal(example, encode(checkpoint.tokenizer, lesson))


def test_an_answer_is_the_probes_reply_to_the_same_prompt(base):
    graph, params = nnx.split(base.model, nnx.Param)
    asked = probes.Probes(base.tokenizer, FACTS[:3])(graph, params)
    for name, say in probes.PROBES.items():
        for fact, reply in zip(FACTS[:3], asked.probe(name).replies, strict=True):
            said = answer(base, say(fact).slot.symbol, context=CONTEXT)
            assert isinstance(said, str)
            assert said == reply.reply


def test_an_empty_dialogue_is_refused_by_its_number(checkpoint):
    with pytest.raises(BadInput, match="dialogue 2 is empty"):
        finetune(checkpoint, [LESSONS[0], Dialogue("", ())], config=CONFIG)


@pytest.mark.parametrize("wrong", [{"nobody": 1.0}, {"agent": -0.5}, {"world": 2.0}, {"agent": float("nan")}])
def test_weights_out_of_range_are_refused(checkpoint, wrong):
    with pytest.raises(BadInput, match=r"AuthorWeights\(.*\) needs nobody=0\.0 and every other weight from 0 to 1"):
        finetune(checkpoint, LESSONS, AuthorWeights(**wrong), CONFIG)


def test_a_prompt_longer_than_the_model_allows_is_refused(base):
    with pytest.raises(BadInput, match=r"the prompt has \d+ tokens, but the model allows 472 and a reply"):
        answer(base, "gold " * 600)


MISTAKES = """
from neural import Dialogue, agent, answer, finetune, labels, load, save, user

base, lesson = load("embedded"), Dialogue("", (user("Who?"), agent("Marlowe.")))
for mistake in (
    lambda: finetune(base, lesson),
    lambda: finetune(base, ["Who?"]),
    lambda: finetune(base, [lesson], weights="standard"),
    lambda: answer(base, user("Who?")),
    lambda: user(3),
    lambda: finetune([lesson], base),
    lambda: answer("Who?", base),
    lambda: save("folder", base),
    lambda: labels(None, base.tokenizer),
    lambda: labels([], "gpt2"),
    lambda: labels([], base.tokenizer, "standard"),
):
    try:
        mistake()
    except TypeError as problem:
        print(problem)
"""


def test_easy_mistakes_are_type_errors_that_say_what_to_write():
    """In a process of its own, without the type checks of the tests."""
    done = subprocess.run([sys.executable, "-c", MISTAKES], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "dialogues is one dialogue: write [dialogue]",
        "dialogue 1 is 'Who?': write Dialogue(context, turns)",
        "weights is 'standard': write INTERVENTIONAL, STANDARD or AuthorWeights(agent=0.5)",
        "a turn says text, not Turn(speaker='User', slot=see('Who?'))",
        "a turn says text, not 3",
        *(f"the model comes first, such as load('smollm2'), not {other}" for other in ("list", "str", "str")),
        "messages is None: write a list of messages",
        "tokenizer is 'gpt2': write AutoTokenizer.from_pretrained(…) or load(…).tokenizer",
        "weights is 'standard': write INTERVENTIONAL, STANDARD or AuthorWeights(agent=0.5)",
    ]


LONG = [Dialogue("", (user("and " * n),)) for n in (1, 30, 2, 40)]


def test_dialogues_that_are_too_long_are_counted_and_cut_only_if_asked(checkpoint):
    longest = len(encode(checkpoint.tokenizer, LONG[3]).ids)
    config = replace(CONFIG, max_tokens=12)
    problem = (
        "2 of 4 dialogues are longer than the 12 tokens that are allowed; the longest, dialogue 4, has "
        f"{longest}: have them cut, or leave them out"
    )
    with pytest.raises(BadInput, match=f"^{problem}$"):
        finetune(checkpoint, LONG, config=config)
    with pytest.raises(BadInput, match=f"^{problem}$"):
        finetune(checkpoint, LONG[:1], config=config, held_out=LONG)
    cut = encode_all(checkpoint, LONG, replace(config, cut=True))
    for short, whole in zip(cut, (encode(checkpoint.tokenizer, long) for long in LONG), strict=True):
        np.testing.assert_array_equal(short.ids, whole.ids[:12])
        np.testing.assert_array_equal(short.authors, whole.authors[:12])
    assert finetune(checkpoint, LONG, config=replace(config, cut=True, max_steps=1)).losses.shape == (1,)
    with pytest.raises(BadInput, match="max_tokens is 65, but the model allows 64"):
        finetune(checkpoint, LESSONS, config=replace(CONFIG, max_tokens=65))


def test_a_share_or_other_dialogues_can_be_held_out(checkpoint):
    config, told = replace(CONFIG, measure_every=4), []
    own = finetune(checkpoint, LESSONS[:2], config=config, held_out=LESSONS[2:], on_held_out=told.append)
    assert [losses.step for losses in own.held_out] == [0, 4]
    assert list(own.held_out) == told
    assert_same(own, finetune(checkpoint, LESSONS[:2], config=config))
    share = finetune(checkpoint, LESSONS, config=config, held_out=0.3)
    assert share.losses.shape == (4,)
    assert len(share.held_out) == 2
    for wrong in (0.0, 1.0, 1.5, float("nan")):
        with pytest.raises(BadInput, match=r"held_out is .*, but must be a share between 0 and 1, or dialogues"):
            finetune(checkpoint, LESSONS, config=config, held_out=wrong)
    with pytest.raises(BadInput, match="nothing can be held out: all dialogues are the same"):
        finetune(checkpoint, LESSONS[:1] * 3, config=config, held_out=0.5)


def test_finetuning_goes_on_from_its_checkpoints_to_the_same_bytes(checkpoint, tmp_path):
    """With all that a step and the history can depend on: parts, a rate that changes, adapters, a held-out part."""
    config = TrainConfig(
        learning_rate=1e-2, epochs=3, batch_size=2, accumulate=2, warmup=2, schedule="cosine", measure_every=2,
        lora=Lora(rank=2),
    )  # fmt: skip
    whole = finetune(checkpoint, LESSONS, STANDARD, config, held_out=LESSONS[:1])
    asked = iter(range(9))
    stopping = Checkpoints(tmp_path, stop=lambda: next(asked) == 2)
    with pytest.raises(Stopped):
        finetune(checkpoint, LESSONS, STANDARD, config, held_out=LESSONS[:1], checkpoints=stopping)
    steps = []
    again = finetune(
        checkpoint, LESSONS, STANDARD, config, steps.append, LESSONS[:1], checkpoints=Checkpoints(tmp_path)
    )
    assert [step.done for step in steps] == [4, 5]
    assert_same(whole, again)
    assert whole.held_out == again.held_out
    assert [losses.step for losses in whole.held_out] == [0, 2, 4, 5]
