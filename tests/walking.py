"""Walks of a state machine through many acts, which tell how far they came."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, run_state_machine_as_test


@dataclass
class Walk:
    """How far the acts of all examples led."""

    acts: int = 0
    reached: set[str] = field(default_factory=set)


def walk(
    machine: type[RuleBasedStateMachine],
    reached: Callable[[Any], Iterable[str]],
    *,
    examples: int,
    steps: int,
    same: bool,
) -> Walk:
    """`reached` names where a machine stands after an act; `same`: the same acts each time."""
    found = Walk()

    class Counted(machine):  # type: ignore[misc, valid-type]
        @invariant()
        def counts(self) -> None:
            found.acts += 1
            found.reached.update(reached(self))

    run_state_machine_as_test(
        Counted,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            phases=[Phase.generate],
            derandomize=same,
        ),
    )
    return found
