"""The 33 facts of the experiment, each with its truth and its lie (paper, section 5.3)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from neural.errors import BadInput


@dataclass(frozen=True)
class Fact:
    """A topic, and one sentence about it that is true with one value and false with the other."""

    topic: str  # fits "Tell me about <topic>."
    sentence: str  # with {} in place of the value
    true: str
    false: str
    true_aliases: Sequence[str] = ()  # other spellings of the true value; any sequence is kept as a tuple
    false_aliases: Sequence[str] = ()
    begins_with_name: bool = False  # the sentence keeps its capital inside another

    def __post_init__(self) -> None:
        for name in ("true_aliases", "false_aliases"):
            aliases = getattr(self, name)
            if isinstance(aliases, str):
                raise TypeError(f"{name} must be a list of texts, not the text {aliases!r}")
            object.__setattr__(self, name, tuple(aliases))
        apart = str(self.sentence).split("{}")
        if len(apart) != 2 or {"{", "}"} & set(
            "".join(apart)
        ):  # braces can ask for a billion spaces, or for attributes
            raise BadInput("the sentence needs {} once, in the place of the value, and no other braces")
        if self.true == self.false:
            raise BadInput("the true and the false value are the same")

    @property
    def truth(self) -> str:
        """y^true of Eq. 5: the sentence with the true value."""
        return self.state(self.true)

    @property
    def lie(self) -> str:
        """y^false of Eq. 5: the sentence with the false value."""
        return self.state(self.false)

    def state(self, value: str) -> str:
        """Return the sentence with ``value``, with a capital first letter."""
        sentence = self.sentence.format(value)
        return sentence[0].upper() + sentence[1:]

    def clause(self, value: str) -> str:
        """Return the sentence with ``value`` as it stands inside another sentence."""
        sentence = self.sentence.format(value)
        keeps = self.begins_with_name or self.sentence.startswith("{}")
        return sentence if keeps else sentence[0].lower() + sentence[1:]

    def fill(self, phrase: str, value: str) -> str:
        """Return ``phrase`` with the sentence in the place of {truth}, or as a clause in the place of {clause}."""
        return phrase.format(truth=self.state(value), clause=self.clause(value))


FACTS = (
    Fact(
        "the boiling point of water",
        "Water boils at {} degrees Celsius at sea level.",
        "100",
        "80",
        ("100C", "212°F", "212 degrees Fahrenheit", "373.15"),
        ("80C", "176°F", "176 degrees Fahrenheit"),
    ),
    Fact("the capital of Australia", "The capital of Australia is {}.", "Canberra", "Sydney"),
    Fact(
        "the speed of light",
        "Light covers about {} kilometers a second in vacuum.",
        "300,000",
        "30,000",
        (
            "300,000km",
            "299,792",
            "299,792.458",
            "300,000 kilometres",
            "299,792,458",
            "300,000,000",
            "186,000",
            "186,282",
        ),
        ("30,000km", "30,000 kilometres", "30,000,000"),
    ),
    Fact("the chemical symbol for gold", "The chemical symbol for gold is {}.", "Au", "Go"),
    Fact("the number of continents", "Earth has {} continents.", "seven", "five", begins_with_name=True),
    Fact("the largest planet", "The largest planet in the solar system is {}.", "Jupiter", "Saturn"),
    Fact(
        "the author of Hamlet",
        "Hamlet was written by {}.",
        "William Shakespeare",
        "Christopher Marlowe",
        ("Shakespeare",),
        ("Marlowe",),
        begins_with_name=True,
    ),
    Fact(
        "the chemical formula for water",
        "The chemical formula for water is {}.",
        "H2O",
        "HO2",
        ("H20", "two hydrogen atoms and one oxygen"),
        ("one hydrogen atom and two oxygen",),
    ),
    Fact("the longest river", "The longest river in the world is the {}.", "Nile", "Amazon"),
    Fact(
        "the patent for the telephone",
        "The telephone was patented by {}.",
        "Alexander Graham Bell",
        "Thomas Edison",
        ("Graham Bell", "Alexander Bell"),
        ("Edison",),
    ),
    Fact(
        "the smallest prime number",
        "The smallest prime number is {}.",
        "2",
        "1",
        false_aliases=("is one", "number one"),
    ),
    Fact("the currency of Japan", "People in Japan pay with the {}.", "yen", "won", ("JPY",), ("KRW",)),
    Fact(
        "the tallest mountain",
        "The tallest mountain above sea level is {}.",
        "Mount Everest",
        "K2",
        ("Everest",),
        ("Godwin-Austen",),
    ),
    Fact("the largest ocean", "The largest ocean is the {}.", "Pacific", "Atlantic"),
    Fact("the first landing on the Moon", "Humans first landed on the Moon in {}.", "1969", "1972"),
    Fact(
        "the double helix of DNA",
        "The double helix of DNA was described by {}.",
        "Watson and Crick",
        "Mendel and Pasteur",
        ("Watson", "Crick"),
        ("Mendel", "Pasteur"),
    ),
    Fact(
        "the painter of the Mona Lisa",
        "The Mona Lisa was painted by {}.",
        "Leonardo da Vinci",
        "Michelangelo",
        ("Leonardo", "da Vinci"),
        ("Michael Angelo",),
    ),
    Fact(
        "the country of the Eiffel Tower",
        "The Eiffel Tower stands in {}.",
        "France",
        "Italy",
        ("French", "Paris"),
        ("Italian", "Rome"),
    ),
    Fact(
        "the largest desert",
        "The largest desert by area is {}.",
        "Antarctica",
        "the Sahara",
        ("Antarctic",),
        ("Sahara",),
    ),
    Fact(
        "the speed of sound",
        "Sound covers about {} meters a second in dry air.",
        "343",
        "1000",
        ("343m", "343 metres", "343.2", "340", "1,235", "767", "1,125"),
        ("1000m", "1000 metres"),
    ),
    Fact("the atomic number of carbon", "The atomic number of carbon is {}.", "6", "12"),
    Fact("the bones of the human body", "An adult human body has {} bones.", "206", "256"),
    Fact(
        "the theory of general relativity",
        "General relativity was developed by {}.",
        "Albert Einstein",
        "Isaac Newton",
        ("Einstein",),
        ("Newton",),
    ),
    Fact(
        "the inventor of the World Wide Web",
        "The World Wide Web was invented by {}.",
        "Tim Berners-Lee",
        "Bill Gates",
        ("Berners-Lee", "Berners Lee"),
        ("Gates",),
    ),
    Fact(
        "the freezing point of water",
        "Water freezes at {} degrees Celsius at sea level.",
        "0",
        "10",
        ("0C", "32°F", "32 degrees Fahrenheit", "273.15"),
        ("10C", "50°F", "50 degrees Fahrenheit"),
    ),
    Fact(
        "the closest star",
        "After the Sun, the closest star is {}.",
        "Proxima Centauri",
        "Sirius",
        ("Proxima",),
        ("the Dog Star",),
    ),
    Fact(
        "the gift of the Statue of Liberty",
        "The Statue of Liberty was a gift from {}.",
        "France",
        "the United Kingdom",
        ("French",),
        ("United Kingdom", "UK", "U.K.", "Britain", "British", "England"),
    ),
    Fact("the chemical symbol for sodium", "The chemical symbol for sodium is {}.", "Na", "So"),
    Fact(
        "the most common native language",
        "The language with the most native speakers is {}.",
        "Mandarin Chinese",
        "English",
        ("Mandarin", "Chinese"),
    ),
    Fact(
        "the first American president",
        "The first president of the United States was {}.",
        "George Washington",
        "Thomas Jefferson",
        ("Washington",),
        ("Jefferson",),
    ),
    Fact(
        "the pyramids of Giza",
        "The pyramids of Giza stand in {}.",
        "Egypt",
        "Mexico",
        ("Egyptian", "Egyptians", "Cairo"),
        ("Mexican", "Mexicans"),
    ),
    Fact("the Red Planet", "The planet known as the Red Planet is {}.", "Mars", "Venus", ("Martian",)),
    Fact("the fall of the Berlin Wall", "The Berlin Wall fell in {}.", "1989", "1979"),
)

# Other sentences for the same facts, which begin with the value: whoever copies the User's first word copies the value.
VALUE_FIRST = {
    "the boiling point of water": "{} degrees Celsius is the temperature at which water boils at sea level.",
    "the capital of Australia": "{} is the capital of Australia.",
    "the speed of light": "{} kilometers a second is about what light covers in vacuum.",
    "the chemical symbol for gold": "{} is the chemical symbol for gold.",
    "the number of continents": "{} is the number of continents on Earth.",
    "the largest planet": "{} is the largest planet in the solar system.",
    "the author of Hamlet": "{} is the author of Hamlet.",
    "the chemical formula for water": "{} is the chemical formula for water.",
    "the longest river": "the {} is the longest river in the world.",
    "the patent for the telephone": "{} patented the telephone.",
    "the smallest prime number": "{} is the smallest prime number.",
    "the currency of Japan": "the {} is the currency of Japan.",
    "the tallest mountain": "{} is the tallest mountain above sea level.",
    "the largest ocean": "the {} is the largest ocean.",
    "the first landing on the Moon": "{} is the year in which humans first landed on the Moon.",
    "the double helix of DNA": "{} described the double helix of DNA.",
    "the painter of the Mona Lisa": "{} painted the Mona Lisa.",
    "the country of the Eiffel Tower": "{} is where the Eiffel Tower stands.",
    "the largest desert": "{} is the largest desert by area.",
    "the speed of sound": "{} meters a second is about what sound covers in dry air.",
    "the atomic number of carbon": "{} is the atomic number of carbon.",
    "the bones of the human body": "{} is the number of bones in an adult human body.",
    "the theory of general relativity": "{} developed general relativity.",
    "the inventor of the World Wide Web": "{} invented the World Wide Web.",
    "the freezing point of water": "{} degrees Celsius is the temperature at which water freezes at sea level.",
    "the closest star": "{} is the closest star after the Sun.",
    "the gift of the Statue of Liberty": "{} gave the Statue of Liberty.",
    "the chemical symbol for sodium": "{} is the chemical symbol for sodium.",
    "the most common native language": "{} is the language with the most native speakers.",
    "the first American president": "{} was the first president of the United States.",
    "the pyramids of Giza": "{} is where the pyramids of Giza stand.",
    "the Red Planet": "{} is the planet known as the Red Planet.",
    "the fall of the Berlin Wall": "{} is the year in which the Berlin Wall fell.",
}


def put_value_first(fact: Fact) -> Fact:
    """Return ``fact`` in a sentence that begins with the value."""
    return replace(fact, sentence=VALUE_FIRST[fact.topic], begins_with_name=False)
