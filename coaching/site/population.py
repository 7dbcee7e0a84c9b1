"""An invented department: names, projects and words for the demo and for simulations. Nobody in it exists."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

FIRST_NAMES = (
    "Adaeze Alma Amara Anders Anika Arturo Aylin Beatriz Bram Callum Camille Chidi Corinne Dalia Darius Delphine "
    "Emeka Esperanza Farid Fiona Giselle Goran Hana Hector Imani Ingrid Ismael Jolene Kaveh Keiko Lamar Leilani "
    "Lucinda Malik Marisol Mateo Mei Nadia Nikhil Odette Omar Paloma Priya Quentin Rashida Renato Rosalind Samir "
    "Siobhan Soledad Tariq Thandiwe Tomasz Uma Valentina Viktor Wanda Xiomara Yusuf Zora"
).split()
LAST_NAMES = (
    "Abernathy Adeyemi Alcott Arroyo Baptiste Barrow Bellweather Calderon Castellan Chandra Cho Corrigan Delacroix "
    "Dimalanta Ekwueme Fairweather Farrow Galindo Greenleaf Haddad Hollis Ibarra Jansen Kapoor Kealoha Kovac Lindqvist "
    "Lozano Marchetti Merriweather Mbeki Nakagawa Navarro Nwosu Okonjo Ortega Pemberton Petrov Quintero Radcliffe "
    "Rahimi Rosales Sandoval Sato Sinclair Solano Tavares Thistlewood Tran Underhill Valdez Vang Whitlock Xiong "
    "Yamada Yarrow Zamora Zielinski"
).split()

# Name, whether it is a management classification (F4), how common it is.
CLASSIFICATIONS = (
    ("Education Programs Consultant", False, 30),
    ("Associate Governmental Program Analyst", False, 20),
    ("Staff Services Manager I", True, 15),
    ("Education Administrator I", True, 12),
    ("Information Technology Specialist I", False, 9),
    ("Research Data Specialist I", False, 6),
    ("Child Nutrition Consultant", False, 5),
    ("Accounting Administrator I", True, 3),
)
CAREER_TRACKS = (("Programs", 40), ("Administration", 30), ("Technology", 20), ("Fiscal", 10))
DIVISIONS = (
    "Nutrition Services",
    "School Facilities",
    "Early Learning",
    "Special Education",
    "Assessment",
    "Fiscal Services",
    "English Learner Support",
    "Expanded Learning",
    "Career Education",
    "Educational Data",
)

PROJECTS = (
    (
        "One page for every grant deadline",
        "Districts ask us the same question in five places. The project gathers all deadlines of the division on one page.",
        "Districts find a deadline without calling.",
        "Calls about deadlines in a quarter, before and after.",
    ),
    (
        "A shorter way for site visits",
        "A visit report passes eight desks. The project removes the steps that change nothing in the report.",
        "Reports reach the district within three weeks.",
        "Days from visit to report.",
    ),
    (
        "First week of new colleagues",
        "New staff wait for accounts and do not know whom to ask. The project gives each a plan and a companion.",
        "A new colleague can do a first piece of work on day five.",
        "A short survey after the second week.",
    ),
    (
        "Plain words in letters to families",
        "Our letters are hard to read. The project rewrites the ten that are sent most and has families test them.",
        "Families know what to do after one reading.",
        "Share of families who answer on time.",
    ),
    (
        "Shared calendar of district training",
        "Three divisions train the same districts in the same week. The project plans the year together.",
        "No district is asked twice in one week.",
        "Number of overlapping invitations.",
    ),
    (
        "Data requests answered once",
        "The same figures are prepared again and again. The project keeps an answered request where others find it.",
        "Half of the requests are answered from the shelf.",
        "Hours spent on data requests in a month.",
    ),
    (
        "After-school meals in small districts",
        "Small districts drop out because the forms are long. The project offers one form and a helping call.",
        "Ten more small districts take part.",
        "Districts enrolled by September.",
    ),
    (
        "Accessible files from the start",
        "Files are repaired after publication. The project moves the check to the author's desk.",
        "New files pass the check when they are published.",
        "Share of files that pass on the first day.",
    ),
)
WHY = (
    "I lead small pieces of work without a title and want to learn to do it well, with people who tell me the truth.",
    "I have been a specialist for years; I want to see how other divisions solve what we struggle with.",
    "My unit is growing and I will be asked to guide new colleagues. I want to be ready before it happens.",
    "I was asked to coordinate across divisions and noticed how little I know about leading without authority.",
)
ROLES = ("Unit manager", "Section lead", "Education Administrator", "Project lead across divisions")
POSITIONS = ("Division Director", "Education Administrator II", "Staff Services Manager II", "Branch Deputy")
MAIL_DOMAIN = "demo.example"


@dataclass(frozen=True)
class Employee:
    """One row of a staff list, as `import_staff` reads it."""

    email: str
    name: str
    classification: str = ""
    career_track: str = ""
    branch: str = ""
    division: str = ""
    unit: str = ""
    supervisor_email: str = ""
    role: str = ""


@dataclass
class Population:
    """Draws an invented staff; the same seed draws the same people."""

    seed: int
    _names: Iterator[str] = field(init=False)
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self._names = self._draw_names()

    def _draw_names(self) -> Iterator[str]:
        pairs = [f"{first} {last}" for first in FIRST_NAMES for last in LAST_NAMES]
        self.chance.shuffle(pairs)
        return iter(pairs)

    def employee(self, *, role: str = "", email: str = "", name: str = "", **place: str) -> Employee:
        """One more person, with a classification and a career track as common as in the real world."""
        name = name or next(self._names)
        kinds, tracks = CLASSIFICATIONS, CAREER_TRACKS
        return Employee(
            email=email or f"{name.lower().replace(' ', '.')}@{MAIL_DOMAIN}",
            name=name,
            classification=self.chance.choices([k[0] for k in kinds], [k[2] for k in kinds])[0],
            career_track=self.chance.choices([t[0] for t in tracks], [t[1] for t in tracks])[0],
            role=role,
            **place,
        )
