import json

from neural.own.export import find_stop, write_card, write_generation_config
from neural.training.config import TrainConfig


def test_a_tokenizer_without_a_template_has_no_stop(tokenizer):
    assert find_stop(tokenizer) is None


def test_smollm2_stops_where_its_template_ends_an_answer(smollm2, tmp_path):
    tokenizer = smollm2.tokenizer()
    assert tokenizer.decode([find_stop(tokenizer)]) == "<|im_end|>"
    write_generation_config(tmp_path, tokenizer)
    config = json.loads((tmp_path / "generation_config.json").read_text())
    assert config["eos_token_id"][0] == find_stop(tokenizer)
    assert config["do_sample"] is False


def test_the_card_says_whose_words_weighed_what(tmp_path):
    written = {"agent": 1000, "human": 20, "protocol": 3, "context": 5, "tool": 0}
    write_card(tmp_path, "some|model", "interventional", written, "abc", TrainConfig(epochs=2))
    card = (tmp_path / "README.md").read_text()
    assert "| agent | 1,000 | 0 |" in card
    assert "| human | 20 | 1 |" in card
    assert "| context | 5 | 0 |" in card
    assert "tool" not in card
    assert "some\\|model" in card
