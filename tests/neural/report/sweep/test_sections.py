from dataclasses import replace

import numpy as np
import pytest

from neural.paper.conditions import CONDITIONS, PAPER_CONDITION
from neural.paper.sweep_result import AS_IN_LESSONS
from neural.report.replies import compare, mark
from neural.report.sweep.measures import Measures, nats, percent
from neural.report.sweep.page import CHARTS, write_texts
from neural.report.sweep.sections import GAINS, SPEECH, make_sections
from results import MEANS, MODELS, PROBES, SEEDS, TOPICS

REPLIES = [f"{probe}_replies" for probe in PROBES]
NAMES = ["paper", "paired", "others", *REPLIES, "facts", "dose", "world", "untaught", "practice", "bridge"]


def select(sweep, arm, condition=PAPER_CONDITION):
    return [each for each in sweep.replicas if (each.arm, each.condition) == (arm, condition)]


def margins(sweep, arm, condition=PAPER_CONDITION):
    return np.array([each.results[AS_IN_LESSONS].margin.values for each in select(sweep, arm, condition)])


def find(section, *start):
    """Return the only row of ``section`` that starts so, by the heads of its columns."""
    (row,) = (row for row in section.rows if list(row[: len(start)]) == list(start))
    return dict(zip(section.head, row, strict=True))


def test_every_section_has_a_table_with_a_head_for_each_column(sections):
    assert list(sections) == NAMES
    for section in sections.values():
        assert section.rows
        assert {len(row) for row in section.rows} == {len(section.head)}
        assert len(set(section.head)) == len(section.head)


def test_every_section_has_its_title_its_text_and_its_caption(measures, sections):
    texts = write_texts(measures)
    for section in sections.values():
        assert texts[f"{section.name}_title"]
        assert texts[f"{section.name}_text"]
        assert bool(section.figure) == bool(section.caption)
        if section.figure:
            assert section.figure in CHARTS
            assert texts[section.caption]
    named = {f"{name}_{part}" for name in NAMES for part in ("title", "text")}
    captions = {"facts_caption", "ranks_caption", "dose_caption", "bridge_caption"}
    assert texts.keys() - {"run", "lead"} == named | captions
    assert texts["paper_text"].startswith("3 seeds")


def test_the_numbers_are_means_over_seeds(sweep, sections):
    standard = find(sections["paper"], "standard")
    means = margins(sweep, "standard").mean(axis=1)
    assert standard["margin, nats per token"].startswith(f"{np.mean(means):+.2f} [")
    assert standard["margin, nats per token"] == nats(means)
    lies = (margins(sweep, "standard") < 0).mean(axis=1)
    assert standard["lie preferred, % of facts"] == percent(lies)
    turns = [each.results[AS_IN_LESSONS].turn_taking for each in select(sweep, "standard")]
    taken, probability = ([getattr(each, name) for each in turns] for name in ("replies", "probability"))
    shown = percent([each / 12 for each in taken], digits=1), percent(probability, digits=1)
    assert standard["turn taking: replies / probability, %"] == " / ".join(shown)


@pytest.fixture(scope="module")
def uneven(sweep):
    """The sweep in which the assistant-only arm lacks a seed."""
    replicas = tuple(each for each in sweep.replicas if (each.arm, each.seed) != ("assistant-only", 1))
    return Measures(replace(sweep, replicas=replicas))


def test_arms_with_fewer_seeds_than_others_are_shown_with_theirs(uneven):
    sections, texts = {each.name: each for each in make_sections(uneven)}, write_texts(uneven)
    rows = {row[0]: row[1] for row in sections["paper"].rows}
    assert {name: seeds for name, seeds in rows.items() if "paper" not in name} == {
        "base": "", "standard": "3", "interventional": "3", "assistant-only": "2",
    }  # fmt: skip
    for name in ("paper_text", "others_text", "facts_caption", "ranks_caption"):
        assert "2 to 3 seeds" in " ".join(texts[name].split())
    assert "Taught and untaught facts: 2 to 3 seeds; the other columns: 2 to 3 seeds." in texts["untaught_text"]
    assert not any("3 seeds" in text.replace("2 to 3 seeds", "") for text in texts.values() if "streams" not in text)


def test_other_columns_than_those_of_untaught_facts_have_the_seeds_of_their_own_arms(sweep):
    kept = (each for each in sweep.replicas if each.condition.part != "untaught" or each.arm == "standard")
    paper = (each for each in kept if each.condition.part != "paper" or each.arm != "standard" or each.seed)
    texts = write_texts(Measures(replace(sweep, replicas=tuple(paper))))
    assert "Taught and untaught facts: 3 seeds; the other columns: 2 seeds." in texts["untaught_text"]


def test_every_row_of_pairs_has_its_own_number_of_pairs_and_floor(uneven):
    (paired,) = (section for section in make_sections(uneven) if section.name == "paired")
    for gain in GAINS:
        row = find(paired, f"{gain}, against standard")
        assert (row["pairs"], row["least possible p"]) == ("3", "0.25")
        row = find(paired, f"{gain}, against assistant-only")
        assert (row["pairs"], row["least possible p"], row["verdict"]) == ("2", "0.5", "too few seeds")
    assert find(paired, "margin, nats per token, against standard")["p"] == "0.25"


def test_the_floor_of_p_is_exact(sweep):
    replicas = (replace(each, seed=each.seed + shift) for each in sweep.replicas for shift in (0, SEEDS))
    (paired,) = (
        each for each in make_sections(Measures(replace(sweep, replicas=tuple(replicas)))) if each.name == "paired"
    )
    row = find(paired, "margin, nats per token, against standard")
    assert (row["pairs"], row["p"], row["least possible p"], row["verdict"]) == (
        "6",
        "0.03125",
        "0.03125",
        "above zero",
    )


def test_the_base_has_no_interval(sweep, sections):
    base, result = find(sections["paper"], "base"), sweep.base[AS_IN_LESSONS]
    assert base["margin, nats per token"] == f"{result.margin.mean:+.2f}"
    assert base["lie preferred, % of facts"] == f"{25 * result.margin.lie_preferred}"
    shares = " / ".join(f"{25 * getattr(result.lie_probe, verdict)}" for verdict in ("truth", "lie", "other"))
    assert base["lie probe: truth / lie / other, %"] == shares
    turns = result.turn_taking
    cell = base["turn taking: replies / probability, %"]
    assert cell == f"{100 * turns.replies / 12:.1f} / {100 * turns.probability:.1f}"


def test_other_replies_are_counted_by_kind_over_all_seeds(sweep, sections):
    results = [each.results[AS_IN_LESSONS] for each in select(sweep, "standard")]
    row = find(sections["others"], "standard")
    assert row["lie probe: other"] == f"{sum(each.lie_probe.other for each in results)} off topic"
    assert row["judged differently by exact spelling"] == f"0 of {len(results) * len(PROBES) * len(TOPICS)}"
    assert find(sections["others"], "base")["judged differently by exact spelling"] == f"0 of {3 * len(TOPICS)}"


def test_whoever_speaks_as_the_user_is_counted_over_the_seeds_of_an_arm(sweep):
    """The interventional arm's first reply to a question is a correction, in every seed; nobody else's is."""
    replicas = tuple(begin_as_user(each) if each.arm == "interventional" else each for each in sweep.replicas)
    sections = {each.name: each for each in make_sections(Measures(replace(sweep, replicas=replicas)))}
    shares = {row[0]: find(sections["others"], row[0])[SPEECH] for row in sections["others"].rows}
    others = dict.fromkeys(("standard", "assistant-only"), "0 [0, 0]")
    assert shares == {"base": "0", "interventional": "25 [25, 25]", **others}
    for arm, expected in (("interventional", "25 [25, 25]"), ("standard", "0 [0, 0]")):
        assert find(sections["practice"], "no lies", arm)["speaks as the User, %"] == expected


def begin_as_user(replica):
    """Return ``replica`` with an opener before the first reply to a question."""
    result = replica.results[AS_IN_LESSONS]
    first, *rest = result.question_probe.replies
    probe = replace(result.question_probe, replies=(replace(first, reply=f"I think {first.reply}"), *rest))
    return replace(replica, results=replica.results | {AS_IN_LESSONS: replace(result, question_probe=probe)})


def test_the_users_turn_is_told_from_the_users_manner_where_it_is_defined(measures):
    for name in ("paper_text", "practice_text"):
        text = " ".join(write_texts(measures)[name].split())
        assert (
            "begins as one of the User's questions does (“Tell me about …”) or with a speaker's name (“User:”)" in text
        )
        assert "the User's corrections and confirmations" in text or "the User's corrections or confirmations" in text
    assert "“I think”" in write_texts(measures)["others_text"]


def test_many_facts_get_the_caption_of_ranks(sweep, monkeypatch, sections):
    assert sections["paper"].caption == "facts_caption"
    monkeypatch.setattr("neural.report.sweep.sections.MAX_NAMED", 3)
    assert next(make_sections(Measures(sweep))).caption == "ranks_caption"


def test_a_claim_that_does_not_hold_is_marked_as_not_holding(sweep, sections):
    paired = sections["paired"]
    assert {row[-1] for row in paired.rows if "margin" in row[0]} == {"above zero"}
    swap = {"standard": "interventional", "interventional": "standard"}
    swapped = replace(sweep, replicas=tuple(replace(e, arm=swap.get(e.arm, e.arm)) for e in sweep.replicas))
    (paired,) = (section for section in make_sections(Measures(swapped)) if section.name == "paired")
    against = find(paired, "margin, nats per token, against standard")
    assert against["verdict"].startswith("NOT above zero")


def test_every_fact_has_its_row(sections):
    assert [row[0] for row in sections["facts"].rows] == list(TOPICS)
    assert sections["facts"].long


@pytest.mark.parametrize("probe", PROBES)
def test_every_reply_has_its_row_under_its_probe(sweep, sections, probe):
    section, (first, *_) = sections[f"{probe}_replies"], select(sweep, "interventional")
    replies = first.results[AS_IN_LESSONS].probe(probe).replies
    assert section.head[3] == "interventional"
    assert section.long
    assert sorted(row[3] for row in section.rows) == sorted(map(mark, replies))
    assert sorted(row[0] for row in section.rows) == [f"said {topic}" for topic in TOPICS]


@pytest.mark.parametrize("probe", PROBES)
def test_the_replies_in_which_the_arms_differ_most_come_first(sweep, sections, probe):
    first = {arm: select(sweep, arm)[0].results[AS_IN_LESSONS] for arm in MEANS}
    expected = compare({"base": sweep.base[AS_IN_LESSONS], **first}, probe)
    rows = [[said, *map(mark, replies)] for said, replies in expected]
    assert sections[f"{probe}_replies"].rows == rows


@pytest.mark.parametrize(
    ("gain", "probe"),
    [
        ("stated truths not contradicted, %", "truth_probe"),
        ("stated lies not echoed, %", "lie_probe"),
        ("questions not answered with the lie, %", "question_probe"),
    ],
)
def test_lies_in_the_replies_are_paired_within_seeds(sweep, sections, gain, probe):
    standard, interventional = (
        np.array([each.results[AS_IN_LESSONS].probe(probe).lie for each in select(sweep, arm)])
        for arm in ("standard", "interventional")
    )
    cell = find(sections["paired"], f"{gain}, against standard")["mean difference and its 95% interval"]
    assert cell.startswith(f"{25 * np.mean(standard - interventional) + 0.0:+.2f} [")


def test_a_fact_has_the_difference_within_seeds(sweep, sections):
    difference = np.mean(margins(sweep, "interventional")[:, 0] - margins(sweep, "standard")[:, 0])
    last = find(sections["facts"], TOPICS[0])["interventional − standard"]
    assert last.startswith(f"{difference:+.2f} [")


def test_the_difference_of_a_fact_is_taken_within_the_seeds_that_both_arms_have(sweep):
    missing = {("standard", 0), ("interventional", 2)}
    replicas = tuple(each for each in sweep.replicas if (each.arm, each.seed) not in missing)
    assert find_difference(replace(sweep, replicas=replicas)) == ""  # only seed 1 is left
    replicas = tuple(each for each in sweep.replicas if (each.arm, each.seed) != ("standard", 0))
    pair = (margins(sweep, arm)[1:, 0] for arm in ("interventional", "standard"))
    assert find_difference(replace(sweep, replicas=replicas)) == nats(np.subtract(*pair))


def find_difference(sweep):
    (facts,) = (section for section in make_sections(Measures(sweep)) if section.name == "facts")
    return find(facts, TOPICS[0])["interventional − standard"]


def test_taught_and_untaught_facts_are_told_apart(sweep, sections):
    (condition,) = (each for each in CONDITIONS if each.part == "untaught")
    own = margins(sweep, "standard", condition)
    row = find(sections["untaught"], "standard")
    assert row["taught facts"].startswith(f"{own[:, :3].mean():+.2f} [")
    assert row["untaught facts"].startswith(f"{own[:, 3:].mean():+.2f} [")
    assert f"; {100 * np.mean(own[:, 3:] < 0):.0f} [" in row["untaught facts"]


def test_the_base_is_shown_on_the_facts_that_each_seed_left_out(sweep):
    """Seed s leaves out fact s: what the arms say of it is compared with what the base says of the same fact."""
    replicas = (replace(each, taught=tuple(i != each.seed for i in range(len(TOPICS)))) for each in sweep.replicas)
    sections = {each.name: each for each in make_sections(Measures(replace(sweep, replicas=tuple(replicas))))}
    row, base = find(sections["untaught"], "base"), np.array(sweep.base[AS_IN_LESSONS].margin.values)
    taught = np.array([np.delete(base, seed) for seed in range(SEEDS)])
    for head, own in (("taught facts", taught), ("untaught facts", base[:SEEDS, None])):
        assert row[head] == f"{nats(own.mean(axis=1))}; {percent((own < 0).mean(axis=1))}%"


def test_other_wordings_are_those_of_the_papers_condition(sweep, sections):
    row = find(sections["untaught"], "standard")
    for wording in ("in other words", "by other people"):
        results = [each.results[wording] for each in select(sweep, "standard")]
        assert row[wording].startswith(nats([result.margin.mean for result in results]) + "; ")


def test_the_columns_of_the_dose_hold_what_their_heads_say(sweep, sections):
    cells = find(sections["dose"], "paper", "3", "standard")
    lies = (margins(sweep, "standard") < 0).mean(axis=1)
    assert cells["network: lie preferred, %"].startswith(f"{100 * lies.mean():.0f} [")
    expected = {"one kind": "25 [25, 25]", "two channels, 1/5": "50 [50, 50]", "two channels, 1/3": "75 [75, 75]"}
    assert {name: cells[f"exact, {name}, %"] for name in expected} == expected


def test_the_dose_has_every_condition_of_its_part_and_the_papers(sections):
    labels = [row[0] for row in sections["dose"].rows]
    expected = [each.label for each in CONDITIONS if each.part in ("paper", "dose")]
    assert list(dict.fromkeys(labels)) == expected
    assert len(labels) == len(expected) * len(MEANS)


def test_the_columns_of_the_world_hold_what_their_heads_say(sweep, sections):
    (condition,) = (each for each in CONDITIONS if (each.part, each.level) == ("world", "empty"))
    cells = find(sections["world"], condition.label, str(SEEDS), "standard")
    assert cells["margin, nats per token"] == nats(margins(sweep, "standard", condition).mean(axis=1))
    for probe in ("lie_probe", "question_probe"):
        truths = [each.results[AS_IN_LESSONS].probe(probe).truth / 4 for each in select(sweep, "standard", condition)]
        assert cells[f"{probe.replace('_', ' ')}: truth / lie / other, %"].startswith(percent(truths) + " / ")
    assert cells["just agrees, %"] == "0 [0, 0]"


def test_the_columns_of_the_bridge_hold_what_their_heads_say(sweep, sections):
    bridge = sections["bridge"]
    assert [tuple(row[:2]) for row in bridge.rows] == MODELS
    pairs = [(author, exact) for author in ("world", "agent") for exact in ("interventional", "bystander")]
    for text, head, (author, exact) in zip(bridge.rows[0][2:], bridge.head[2:], pairs, strict=True):
        models = [each for each in sweep.bridge if [each.provenance, each.loss] == list(bridge.rows[0][:2])]
        assert text.startswith(f"{np.mean([getattr(model, author)[exact] for model in models]):.4f} [")
        assert head.endswith(f"from {exact}")
    assert [head.split(":")[0] for head in bridge.head[2::2]] == ["world slots", "agent slots"]


def test_labels_are_shown_and_never_read(sweep, sections):
    replicas = tuple(replace(each, condition=replace(each.condition, label="x")) for each in sweep.replicas)
    relabeled = {each.name: each for each in make_sections(Measures(replace(sweep, replicas=replicas)))}
    assert list(relabeled) == list(sections)
    for name, section in sections.items():
        shown = 1 if name in ("dose", "world", "practice") else 0
        assert [row[shown:] for row in relabeled[name].rows] == [row[shown:] for row in section.rows]


@pytest.mark.parametrize(
    ("part", "names"),
    [
        ("paper", NAMES[:7]),
        ("dose", [*NAMES[:7], "dose"]),
        ("world", [*NAMES[:7], "world"]),
        ("untaught", [*NAMES[:7], "untaught"]),
        ("teacher", [*NAMES[:7], "practice"]),
        ("filter", [*NAMES[:7], "practice"]),
    ],
)
def test_only_parts_with_results_have_sections(sweep, part, names):
    replicas = tuple(each for each in sweep.replicas if each.condition.part in ("paper", part))
    partial = Measures(replace(sweep, replicas=replicas, bridge=()))
    assert [section.name for section in make_sections(partial)] == names


@pytest.mark.parametrize(
    ("part", "name"),
    [(part, part) for part in ("dose", "world", "untaught")] + [(part, "practice") for part in ("teacher", "filter")],
)
def test_a_part_has_its_section_before_anything_of_the_papers_condition_is_there(sweep, part, name):
    replicas = tuple(each for each in sweep.replicas if each.condition.part == part)
    partial = Measures(replace(sweep, replicas=replicas, bridge=()))
    (section,) = make_sections(partial)
    assert section.name == name
    assert {row[0] for row in section.rows} - {"base"} <= {each.label for each in CONDITIONS} | set(MEANS)
    assert not [cell for row in section.rows for cell in row if "nan" in cell]


def test_the_bridge_alone_makes_one_section(sweep):
    assert [each.name for each in make_sections(Measures(replace(sweep, replicas=())))] == ["bridge"]


def test_one_arm_is_not_compared_with_another(sweep):
    alone = replace(sweep, replicas=tuple(each for each in sweep.replicas if each.arm == "interventional"), bridge=())
    sections = {each.name: each for each in make_sections(Measures(alone))}
    assert list(sections) == [name for name in NAMES[:-1] if name != "paired"]
    assert {row[-1] for row in sections["facts"].rows} == {""}
