"""Team formation: people and settings in, a checked, explained proposal out. No Django.

`child.run` proposes in a process of its own; `proposal.solve` does it in this one, and loads NumPy and HiGHS.
"""

from coaching.formation.check import WrongResult, check_result, check_teams
from coaching.formation.parsing import parse
from coaching.formation.problem import BadProblem, Finding, Person, Problem, Result, Weights
from coaching.formation.rules import RULES, broken_rules, explain_team, score_team

__all__ = [
    "RULES",
    "BadProblem",
    "Finding",
    "Person",
    "Problem",
    "Result",
    "Weights",
    "WrongResult",
    "broken_rules",
    "check_result",
    "check_teams",
    "explain_team",
    "parse",
    "score_team",
]
