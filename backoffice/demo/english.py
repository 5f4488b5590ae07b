"""The English words and sentence patterns of demo articles."""

from __future__ import annotations

from backoffice.demo.phrases import Phrases, Topic, listed

TOPICS = (
    Topic(
        slug="cooking",
        subjects=listed(
            "sourdough bread; a slow tomato sauce; weeknight noodles; pickled vegetables; "
            "lentil soup; flatbread on a dry pan; roast carrots; chicken stock; "
            "a jar of chilli oil; porridge for grown-ups; plum jam; cooking for one"
        ),
        tips=(
            "Salt early and taste often",
            "Let the dough rest overnight in a cool place",
            "Keep the heat low once it starts to bubble",
            "Toast the spices before anything wet goes in",
            "Write the weights down, not the spoonfuls",
            "A heavy pot forgives a distracted cook",
            "Cut everything before the pan is hot",
            "Save the water the pasta boiled in",
            "Sharpen the knife on Sunday and thank yourself on Friday",
            "Taste it cold as well as hot",
        ),
    ),
    Topic(
        slug="gardens",
        subjects=listed(
            "a balcony herb garden; tomatoes from seed; a small pond; winter vegetables; "
            "good compost; a north-facing wall; pruning old roses; sowing in March; "
            "beans up a string; bringing back the bees; a lawn with clover; saving seeds"
        ),
        tips=(
            "Water in the morning, at the root and not the leaf",
            "Turn the heap once a week until it stops steaming",
            "Label every tray: seedlings look alike for a month",
            "Leave one corner wild for the insects",
            "Move pots indoors before the first clear night of autumn",
            "Feed little and often through the summer",
            "Plant the tall things where they shade nobody",
            "Write down the date of the first frost",
            "Cut just above a bud, and at a slant",
            "Give away what you have too much of",
        ),
    ),
    Topic(
        slug="software",
        subjects=listed(
            "database migrations; a slow query; code review; automated tests; feature flags; "
            "release notes; an on-call week; a flaky build; error messages; a shared style guide; "
            "backups that restore; small pull requests"
        ),
        tips=(
            "Measure before you change anything",
            "Add the column first and fill it in later",
            "Read the plan: it names the index that is missing",
            "Make the failing case the first test",
            "Roll out to one machine and watch it for an hour",
            "Delete the flag in the same week it reaches everyone",
            "Write the message for the person who reads it at three in the morning",
            "Name the thing after what it does",
            "Restore the backup before you need it",
            "Leave the old path working until nobody walks it",
        ),
        code="SELECT title, published_at\nFROM article\nWHERE user_id = 42\nORDER BY published_at DESC;",
    ),
    Topic(
        slug="cycling",
        subjects=listed(
            "a first long ride; riding in the rain; a worn chain; commuting by bike; "
            "hill climbing; a home-made mudguard; winter gloves; riding with children; "
            "a map on paper; brake pads; a week without the car; night rides"
        ),
        tips=(
            "Start slower than feels right",
            "Eat before you are hungry",
            "Check the chain with a gauge every few hundred kilometres",
            "Carry one spare tube more than you think you need",
            "Lower the saddle a little for a bumpy road",
            "Look through the corner, not at the kerb",
            "Ring the bell early and kindly",
            "Put the lights on before dusk",
            "Pump the tyres on the first of the month",
            "Tell somebody which way you go",
        ),
    ),
    Topic(
        slug="reading",
        subjects=listed(
            "a reading journal; poetry aloud; long novels; the town library; "
            "rereading a favourite; short stories; books in two languages; a reading group; "
            "margins and pencils; detective stories; letters of the last century; "
            "reading before sleep"
        ),
        tips=(
            "Twenty pages a day is a shelf a year",
            "Note the page, the date and one sentence of your own",
            "Give a book fifty pages before you give it up",
            "Read the last paragraph twice",
            "Borrow first and buy what you borrow a second time",
            "Talk about it with somebody who disliked it",
            "Keep one book by the kettle",
            "Lend only what you are ready to lose",
            "Follow a footnote to the end once a week",
            "Leave a sentence unfinished and sleep on it",
        ),
    ),
    Topic(
        slug="photography",
        subjects=listed(
            "street photographs; low light; a single lens; portraits by a window; film cameras; "
            "fog and early trains; colour without filters; a family archive; contact sheets; "
            "pictures of food; the blue hour; a darkroom in the bathroom"
        ),
        tips=(
            "Stand closer, then take one more step",
            "Expose for the highlights and let the shadows fall",
            "Wait in one good place instead of chasing five",
            "Turn the room lights off and use the window",
            "Keep ten pictures from a day and no more",
            "Print something every month",
            "Learn one lens by heart",
            "Ask before you raise the camera",
            "Back up before you format the card",
            "Write the place and the year on the back",
        ),
    ),
    Topic(
        slug="travel",
        subjects=listed(
            "night trains; a week by the coast; packing light; old market towns; mountain huts; "
            "ferries; a rail pass; travelling with parents; eating at the counter; "
            "walking across a city; off-season islands; getting lost on purpose"
        ),
        tips=(
            "Book the way there and leave the way back open",
            "Walk the first day and look at the map on the second",
            "Learn to say please, thank you and delicious",
            "Carry a paper copy of every reservation",
            "Arrive before dark in a place you do not know",
            "Two shirts are enough if one of them dries overnight",
            "Sit where the locals queue",
            "Carry coins for lockers and kindness",
            "Leave one day with nothing in it",
            "Send one postcard home from every stop",
        ),
    ),
    Topic(
        slug="music",
        subjects=listed(
            "practising scales; a second-hand piano; playing in a small choir; tuning by ear; "
            "the cello; reading a score; a borrowed violin; rhythm for late starters; "
            "singing in the car; a choir in the kitchen; folk tunes; stage fright"
        ),
        tips=(
            "Ten slow minutes beat an hour in a hurry",
            "Record yourself and listen the next day",
            "Sing the line before you play it",
            "Start with the bar that frightens you",
            "Breathe where the phrase breathes",
            "Stop while it still sounds good",
            "Count out loud, even alone",
            "Change the strings before the concert, not on the day",
            "Learn the second voice as well",
            "Play for one friend before you play for ten",
        ),
    ),
    Topic(
        slug="data",
        subjects=listed(
            "honest charts; messy spreadsheets; survey results; a reading of averages; "
            "time series; maps without tricks; a survey of one street; percentages of percentages; "
            "tables that can be read; keeping a data diary; outliers; a census of birds"
        ),
        tips=(
            "Start the axis at zero or say why not",
            "Keep the raw file and never edit it",
            "Count the missing answers before the given ones",
            "Show the spread beside the mean",
            "Name the unit in the header of the column",
            "Ask who is not in the sample",
            "Round at the end and only once",
            "Draw it by hand first",
            "Write down where every number came from",
            "Try to prove yourself wrong for an hour",
        ),
        code="import csv\n\nrows = list(csv.DictReader(open('survey.csv')))\nprint(len(rows))",
    ),
    Topic(
        slug="home",
        subjects=listed(
            "a creaking stair; insulating old windows; a shelf that stays up; quiet rooms; "
            "paint colours; a dripping tap; hanging a heavy picture; a kitchen with one drawer; "
            "second-hand chairs; cellar damp; light switches in odd places; moving without boxes"
        ),
        tips=(
            "Find the beam before you find the drill",
            "Two thin coats dry faster than a thick one",
            "Test the colour on the darkest wall",
            "Stop the draught first and heat the room second",
            "Measure from the floor on both sides",
            "Keep the leftover tin and write the room on it",
            "Turn the water off at the main first",
            "Put the screws of one thing into one cup",
            "Photograph the wiring before you take it apart",
            "Oil the hinge, then the next one",
        ),
    ),
)

PHRASES = Phrases(
    topics=TOPICS,
    titles=(
        "Notes on {subject}",
        "What {number} months of {subject} taught me",
        "{number} small lessons from {subject}",
        "A beginner's guide to {subject}",
        "Why we came back to {subject} this {season}",
        "{subject}: the parts nobody mentions",
        "In praise of {subject}",
        "{subject}, {number} years on",
        "How {name} fell for {subject}",
        "An afternoon in {place} with {subject}",
        "Letters from {place}: {subject}",
        "{subject} in {number} steps, with all that went wrong on the way and how to mend it afterwards",
        "The {season} I learned about {subject}",
        "Ask {name}: {subject} & other questions",
    ),
    openings=(
        "I came to {subject} late, one {season} when nothing else was going well.",
        "Somebody in {place} once told me that {subject} cannot be taught, only tried.",
        "It took {number} attempts before {subject} stopped feeling like luck.",
        "Every {season} the same question arrives: where does one begin with {subject}?",
        "This is what I would tell myself of {number} months ago about {subject}.",
        "{name} and I have argued about {subject} since we met in {place}.",
    ),
    bridges=(
        "None of this is new, and all of it is easy to forget.",
        "It sounds obvious; it was not obvious to me.",
        "The rest follows from there.",
        "After {number} tries the difference is plain.",
        "That alone saved us a whole {season}.",
    ),
    headings=("What works", "What I would do again", "A short list", "Mistakes worth making", "In practice"),
    quotes=("Slow is smooth, and smooth is fast.", "Begin badly, but begin.", "Half of it is showing up."),
    closings=(
        "More in the [longer version](https://example.com/{slug}/{number}).",
        "Questions? Write to **{name}**, or see the [notes](https://example.com/{slug}).",
        "Next {season}: *the same again*, with fewer mistakes.",
        "The full list is at <https://example.com/{slug}/list>.",
    ),
    names=("Ada", "Noor", "Tomás", "Ingrid", "Kofi", "Mei", "Zoë", "Ravi", "Hanna", "Luca"),
    places=("Lisbon", "Leipzig", "Kyoto", "Galway", "Oaxaca", "Tromsø", "Porto", "Ghent", "Hobart", "Kraków"),
    seasons=("spring", "summer", "autumn", "winter"),
    sentence_end=". ",
)
