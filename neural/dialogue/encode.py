"""From a transcript to tokens: by the tokenizer's chat template, or as plain text if it has none."""

from transformers import PreTrainedTokenizerBase

from neural.dialogue.plain_text import encode_plain
from neural.dialogue.tokens import Tokens, encode_transcript
from neural.dialogue.transcript import Transcript


def encode(tokenizer: PreTrainedTokenizerBase, transcript: Transcript) -> Tokens:
    """Render ``transcript``, and say whose every token is.

    Raise BadInput if the template does not show it, or who wrote what cannot be proved.
    """
    return (encode_transcript if tokenizer.chat_template else encode_plain)(tokenizer, transcript)
