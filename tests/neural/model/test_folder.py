import pytest

from causal_agency.cli import BadInput
from neural.model import folder
from neural.model.folder import model_folder


def test_a_folder_is_itself(tmp_path):
    assert model_folder(str(tmp_path)) == tmp_path


@pytest.mark.parametrize("name", ["./none", "/none/at/all", "~/none"])
def test_a_path_that_leads_nowhere_is_never_looked_for_elsewhere(name, monkeypatch):
    monkeypatch.setattr(folder, "snapshot_download", lambda *_, **__: pytest.fail("must not ask the hub"))
    with pytest.raises(BadInput, match=f"there is no folder {name}"):
        model_folder(name)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "model").write_text("x")
    with pytest.raises(BadInput, match="there is no folder"):
        model_folder(str(tmp_path / "model"))


def test_a_name_is_the_hubs(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(folder, "snapshot_download", lambda name, allow_patterns: asked.append(name) or str(tmp_path))
    assert model_folder("Qwen/Qwen2.5-0.5B") == tmp_path
    assert asked == ["Qwen/Qwen2.5-0.5B"]


def test_offline_it_says_what_to_download_and_where_to_put_it(monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(BadInput, match=r"`hf download Qwen/None-0B --local-dir FOLDER` .* then --model FOLDER"):
        model_folder("Qwen/None-0B")


def test_what_is_no_name_is_said_to_be_none():
    with pytest.raises(BadInput, match="neither a folder nor the name of a model"):
        model_folder("what is this?")
