import pytest

from neural.errors import BadInput
from neural.model import folder
from neural.model.folder import model_folder


def test_a_folder_is_used_as_it_is(tmp_path):
    assert model_folder(str(tmp_path)) == tmp_path


@pytest.mark.parametrize("name", ["./none", "/none/at/all", "~/none"])
def test_a_path_to_nothing_is_not_looked_up_on_the_hub(name, monkeypatch):
    monkeypatch.setattr(folder, "snapshot_download", lambda *_, **__: pytest.fail("must not ask the hub"))
    with pytest.raises(BadInput, match=f"there is no folder {name}"):
        model_folder(name)


def test_a_file_is_not_a_folder(tmp_path):
    (tmp_path / "model").write_text("x")
    with pytest.raises(BadInput, match="is a file, but no GGUF file: name the folder of a model"):
        model_folder(str(tmp_path / "model"))


def test_a_name_is_looked_up_on_the_hub(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(folder, "snapshot_download", lambda name, allow_patterns: asked.append(name) or str(tmp_path))
    assert model_folder("Qwen/Qwen2.5-0.5B") == tmp_path
    assert asked == ["Qwen/Qwen2.5-0.5B"]


def test_offline_the_error_says_what_to_download_and_what_to_do_with_it(monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(BadInput, match=r"`hf download Qwen/None-0B --local-dir FOLDER`, then name that folder"):
        model_folder("Qwen/None-0B")


def test_a_text_that_cannot_be_a_name_is_refused():
    with pytest.raises(BadInput, match="neither a folder nor the name of a model"):
        model_folder("what/is this?")


def test_a_word_is_taken_for_a_folder_and_not_for_a_name_on_the_hub():
    with pytest.raises(
        BadInput, match=r"^there is no folder nosuch: name one, or embedded, smollm2, or a model such as Qwen/"
    ):
        model_folder("nosuch")
