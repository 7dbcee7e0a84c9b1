"""What stands beside the fields: help to find a project (A5), what each letter of SMART asks (A4), who reads it."""

from collections.abc import Sequence

LATER = "those who sign your application, the branch office, and the administrators who keep the system."
READERS = f"You alone while it is a draft; then {LATER}"


def readers(shared_with: Sequence[str]) -> str:
    """Who reads a draft now, by name where it is shared (A3), and who reads it once it is submitted."""
    if not shared_with:
        return READERS
    *others, last = shared_with
    names = f"{', '.join(others)} and {last}" if others else last
    return f"You, and {names}, with whom you share this draft; once it is submitted, {LATER}"


PROJECT_QUESTIONS = (  # A5
    "Will it improve how the department operates?",
    "Does it enhance the services of your division?",
    "Does it help customers, inside or outside the department?",
    "Does it help to close the achievement gap?",
    "Does it benefit the whole child?",
    "Does it ease the delivery of educational services?",
    "Does it expand opportunities to learn?",
)

SMART = {  # A4
    "specific": "What exactly will be different, for whom?",
    "measurable": "What will you count or compare to see that it worked?",
    "achievable": "What makes you confident that you can do it: people, time, means?",
    "realistic": "Why does it fit your division and your workload?",
    "timely": "What will be done by when, before the program ends?",
}

HELP = {
    "why": "What draws you to the program, and what do you bring to a team of peers?",
    "development": "What would you like to do better when the program is over?",
    "role_aimed_for": "You need not be a manager today; the program asks that you aim for a leadership role.",
    "ultimate_position": "Where do you see yourself in the long run?",
    "project_title": "A few words that a colleague from another division understands.",
    "project_description": "What is the matter today, and what do you want to do about it?",
    "project_outcome": "What will be better for whom when it is done?",
    "project_measure": "For example a number before and after, or what people say in a short survey.",
    "project_competencies": "One or more.",
    "concept_supervisor_date": "Together with your director or apart. Your supervisor confirms this date.",
    "concept_director_date": "Your division director confirms this date.",
}

# What an answer could look like: invented, from a program that has nothing to do with the reader's.
EXAMPLES = {
    "why": "I have led small projects for years and never talked with anybody about how I lead. I would like to hear how "
    "colleagues from other divisions go about it, and to offer what has worked for me in bringing people together.",
    "development": "I want to give feedback earlier and more plainly. At the end I would like my team to say that they know "
    "where they stand.",
    "role_aimed_for": "Team lead of the grants unit",
    "ultimate_position": "Division director for a field that serves schools",
    "project_title": "Faster answers to grant questions",
    "project_description": "Districts send the same questions about grants to three mailboxes and wait nine days for an "
    "answer. I want to bring the three mailboxes together and publish the twenty most common answers.",
    "project_outcome": "Districts find most answers themselves, and hear from us within three days about the rest.",
    "project_measure": "Days from question to answer, and questions a month, in the spring before and the spring after.",
    "specific": "One mailbox and a page with twenty answers for the districts’ grant coordinators.",
    "measurable": "Nine days of waiting become three; a hundred questions a month become sixty.",
    "achievable": "The three units have named one person each, and the web team has a page to give.",
    "realistic": "It takes four hours a week, which my supervisor has freed by passing on one report.",
    "timely": "One mailbox by month two, the page by month five, the second count in month eight.",
}
