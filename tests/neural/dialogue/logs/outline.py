"""What tests compare of a transcript: who wrote each part, under which role, as what, and what it says."""


def outline(transcript):
    """Return (writer, role, kind, text) of every part, the context first."""
    parts = (*transcript.context, *transcript.parts)
    return [(part.writer.value, part.role, part.kind.value, part.text) for part in parts]


def numbers(transcript):
    """Return the number of the message of every part."""
    return [part.message for part in (*transcript.context, *transcript.parts)]
