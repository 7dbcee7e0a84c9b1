"""Team formation: people and settings in, a checked, explained proposal out. Pure Python, no Django."""

from coaching.formation.check import check_result, check_teams
from coaching.formation.parsing import parse
from coaching.formation.problem import BadProblem, Finding, Person, Problem, Result, Weights
from coaching.formation.proposal import DEFAULT_SECONDS, WrongResult, solve
from coaching.formation.rules import RULES, broken_rules, explain_team, score_team

__all__ = [
    "DEFAULT_SECONDS",
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
    "solve",
]
