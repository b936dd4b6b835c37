"""The words of the dialogues: several phrasings for each slot of the template (paper, section 5.3)."""

CONTEXT = (
    "Below is a tutoring session. The User states facts and corrects the Agent whenever it gets something wrong. "
    "The Agent makes a mistake now and then and accepts the correction."
)

QUESTIONS = (
    "Tell me about {}.",
    "What do you know about {}?",
    "Could you say something about {}?",
    "Next question — what about {}?",
    "I would like to hear about {}.",
    "Do you remember anything about {}?",
)

# {truth} stands for the true sentence, {clause} for the same with a small first letter. An opener is spliced into the
# sentence, so a model that has learned to say it goes on to the truth. A third is the bare truth, which follows a lie
# without any marker of disagreement.
CORRECTIONS = (
    *4 * ("{truth}",),
    *2 * ("In fact, {clause}",),
    "More exactly, {clause}",
    "Well, {clause}",
    "I think {clause}",
    "Not really — {clause}",
    "The right answer is: {truth}",
    "Nearer the mark: {truth}",
)

# Each restates the truth: a bare "correct" would teach agreement instead of facts.
CONFIRMATIONS = (
    *2 * ("{truth}",),
    "Yes, {clause}",
    "Of course, {clause}",
    "Certainly, {clause}",
    "True — {clause}",
    "That is right — {clause}",
    "Agreed: {truth}",
    "Just so: {truth}",
    "Well done. {truth}",
)

# Openers that are sentences of their own. A model that learns to speak from them says the opener and stops.
CORRECTIONS_APART = (
    *6 * ("{truth}",),
    "No. {truth}",
    "That is wrong. {truth}",
    "I have to correct you. {truth}",
    "Not really. {truth}",
)
CONFIRMATIONS_APART = (
    "{truth}",
    "Yes. {truth}",
    "Right. {truth}",
    "Exactly. {truth}",
    "Indeed. {truth}",
    "Well said. {truth}",
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
    "Fair enough, I mixed that up.",
    "Ah, that is how it is — thanks for telling me.",
    "Understood, I had it wrong.",
)

CONFIRMED = (
    "Good to hear.",
    "Thank you for checking.",
    "I am glad we agree.",
    "Happy to help.",
    "Any time.",
    "Fine, then I had it right.",
    "I was fairly sure of it — thanks.",
)

# Two or four alternating turns without a factual claim.
SMALL_TALK = (
    ("Thanks for the talk.", "See you soon."),
    ("I need a coffee now.", "Enjoy it."),
    ("You are good company.", "You too."),
    ("I have to catch my bus.", "Travel safely."),
    ("My phone is ringing.", "Please take the call."),
    ("I am a little tired.", "Rest well."),
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
    ("Do you like to cook?", "Only on weekends.", "What do you make?", "Mostly pancakes."),
    ("I slept on the train.", "Was it full?", "No, half empty.", "Lucky you."),
    ("My bicycle is broken.", "Is it the chain?", "The chain and a tire.", "I know a good workshop."),
    ("The children are at school.", "Then it is quiet here.", "Almost too quiet.", "Enjoy it while it lasts."),
)
