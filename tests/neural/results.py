"""A small results.json as train.py would write it."""


def probe(*verdicts):
    rows = [
        {
            "topic": f"topic {i}",
            "prompt": f"A lesson.\n\nUser: said <{i}>\nAgent: ",
            "reply": f"reply {i}",
            "verdict": v,
        }
        for i, v in enumerate(verdicts)
    ]
    return {**{name: verdicts.count(name) for name in ("truth", "lie", "other")}, "replies": rows}


def arm(margins, verdicts, **more):
    per_fact = [{"topic": f"topic {i}", "margin": margin} for i, margin in enumerate(margins)]
    mean = sum(margins) / len(margins)
    probes = {name: probe(*verdicts) for name in ("truth_probe", "lie_probe", "question_probe")}
    return {
        **probes,
        "margin": {"mean": mean, "lie_preferred": sum(m < 0 for m in margins), "per_fact": per_fact},
        "margin_as_published": {"mean": mean / 2, "lie_preferred": 0, "per_fact": per_fact},
        **more,
    }


RESULTS = {
    "config": {"model": "a model", "seed": 3, "steps": 3, "recipe": {"dialogues": 480}, "template": {"p_lie": 0.6},
               "seconds": 1.5},
    "arms": {
        "base": arm([0.1, 0.1, 0.1], ["truth", "truth", "truth"]),
        "standard": arm([0.1, -0.5, -0.2], ["truth", "lie", "other"],
                        losses=[2.0, 1.0, 0.5], agent_losses=[2.0, 1.0, 0.5], supervised_tokens=100),
        "interventional": arm([0.2, 0.4, 0.9], ["truth"] * 3,
                              losses=[1.5, 1.0, 0.7], agent_losses=[2.0, 2.5, 3.0], supervised_tokens=60),
    },
}  # fmt: skip
