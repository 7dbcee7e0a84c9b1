"""What stands beside the fields: help to find a project (A5), what each letter of SMART asks (A4), who reads it."""

READERS = (
    "You alone while it is a draft; then those who sign your application, the branch office, and the "
    "administrators who keep the system."
)

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
    "timely": "What will be done by when, within the eight months?",
}

HELP = {
    "why": "What draws you to the program, and what do you bring to a team of peers?",
    "development": "What would you like to do better after eight months?",
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
