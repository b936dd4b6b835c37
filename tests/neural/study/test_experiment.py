from neural.study.experiment import experiment
from neural.train import BASE


def test_same_seed_same_result_other_seed_other_dialogues():
    first, again, other = (experiment(BASE, seed, steps=1)["arms"] for seed in (1, 1, 2))
    assert first == again
    assert first["base"] == other["base"]
    assert first["standard"]["losses"] != other["standard"]["losses"]
    assert len(first["standard"]["losses"]) == 1
