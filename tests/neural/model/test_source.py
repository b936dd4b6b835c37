import pytest

from neural.errors import BadInput
from neural.model import source
from neural.model.source import find


@pytest.fixture
def offline(monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))


@pytest.mark.parametrize(("name", "close"), [("embeded", "embedded"), ("Embedded", "embedded"), ("smolm2", "smollm2")])
def test_a_misspelled_name_is_corrected_first(offline, name, close):
    with pytest.raises(BadInput, match=rf"^did you mean {close}\? there is no folder {name}: name one") as raised:
        find(name)
    assert "\n" not in str(raised.value)


def test_a_name_that_resembles_none_of_ours_is_not_corrected(offline):
    with pytest.raises(BadInput, match=r"^there is no folder Qwen/None-0B"):
        find("Qwen/None-0B")


def test_every_name_of_ours_is_found(monkeypatch, tmp_path):
    monkeypatch.setattr(source, "packaged", lambda name: tmp_path / name)
    assert [find(name).name for name in (source.EMBEDDED, *source.PACKAGES)] == ["base", "smollm2"]
