"""The words of the dialogues: several phrasings for each slot of the template (paper, section 5.3)."""

CONTEXT = (
    "This is a lesson. The User knows the facts and corrects the Agent when the Agent is wrong. "
    "The Agent sometimes makes mistakes and accepts corrections."
)

QUESTIONS = (
    "Tell me about {}.",
    "What do you know about {}?",
    "Could you say something about {}?",
    "Next question: what about {}?",
    "I would like to hear about {}.",
    "Let us talk about {}.",
    "Do you remember anything about {}?",
)

# Mostly the bare truth, so that the truth follows a lie without any marker of disagreement.
CORRECTIONS = (
    *6 * ("{}",),
    "No. {}",
    "That is wrong. {}",
    "I have to correct you. {}",
    "Not really. {}",
)

# Each restates the truth: a bare "correct" would teach agreement instead of facts.
CONFIRMATIONS = (
    "{}",
    "Yes. {}",
    "Right. {}",
    "Exactly. {}",
    "Indeed. {}",
    "Well said. {}",
)

# These teach agreement: section 5.3 warns of them.
EMPTY_CONFIRMATIONS = (
    "Yes, correct.",
    "Right.",
    "Exactly.",
    "That is right.",
    "Indeed.",
    "Well said.",
)

CORRECTED = (
    "Thank you, I see it now.",
    "I was wrong, thank you.",
    "Thanks for the correction.",
    "I will remember that.",
    "My mistake.",
)

CONFIRMED = (
    "Good to hear.",
    "Thank you for checking.",
    "I am glad we agree.",
    "Happy to help.",
    "Any time.",
)

# Two or four alternating turns without a factual claim.
SMALL_TALK = (
    ("Thanks for the talk.", "See you soon."),
    ("That is all for today.", "Until next time."),
    ("I need a coffee now.", "Enjoy it."),
    ("It is getting late.", "Then let us stop here."),
    ("You are good company.", "You too."),
    ("I have to catch my bus.", "Travel safely."),
    ("This was fun.", "I liked it too."),
    ("My phone is ringing.", "Please take the call."),
    ("I am a little tired.", "Rest well."),
    ("Have a nice evening.", "You too."),
    ("How is the weather?", "Cloudy, but dry.", "Then I will take a walk.", "Take a coat with you."),
    ("Did you sleep well?", "Yes, like a stone.", "I envy you.", "Try going to bed early."),
    ("What is for dinner?", "Soup and fresh bread.", "That sounds good.", "There is enough for two."),
    ("Have you seen a good movie?", "A quiet one about a farm.", "Was it sad?", "Only at the end."),
    ("What are you reading?", "A long novel about the sea.", "Is it slow?", "Slow and lovely."),
    ("What music do you like?", "Old songs with a piano.", "My father plays the piano.", "I would like to hear him."),
    ("Is your garden growing?", "The beans are, the roses are not.", "Give them water.", "I will do it tonight."),
    ("Do you have plans?", "I want to paint the kitchen.", "Which color?", "A warm yellow."),
    ("How was your trip?", "Long, but the train was quiet.", "Did you take pictures?", "Hundreds of them."),
    ("Are you hungry?", "I could eat an apple.", "I have two in my bag.", "You are very kind."),
    ("My neighbor has a new dog.", "Is it friendly?", "It licks every hand.", "Then we will get along."),
    ("I lost my umbrella.", "You can borrow mine.", "What if it rains?", "I do not mind the rain."),
)
