"""The certificate's own drawings, as operators of a PDF page: the frame with its watermark, and the placeholder seal.

Drawn here from a few curves, so that no picture of a real department's seal is needed and every line stays sharp in
print. All lengths are CSS pixels (96 to the inch) from the top left; a drawing is made once for each size of paper.
"""

from collections.abc import Iterable
from functools import cache
from math import cos, pi, sin, tau

Point = tuple[float, float]
Color = tuple[float, float, float]

NAVY: Color = (0.078, 0.188, 0.31)
GOLD: Color = (0.659, 0.518, 0.227)
PALE: Color = (0.937, 0.906, 0.827)
WHITE: Color = (1, 1, 1)

SEAL_WIDTH, SEAL_HEIGHT = 124, 155
ROUND = 0.5523  # of the radius: how far the handles of a quarter circle reach


@cache
def backdrop(width: int, height: int, seal_left: float, seal_top: float) -> bytes:
    """Everything behind the text: border of woven lines between two rules, a rosette in each corner, a pale watermark,
    and the seal with its left upper corner at that place."""
    place = f"q {SEAL_WIDTH / 200:.3f} 0 0 {SEAL_HEIGHT / 250:.3f} {seal_left:.1f} {seal_top:.1f} cm"
    frame = [_watermark(width), _rules(width, height), _woven_border(width, height), _corners(width, height)]
    # Points from the lower left, as PDF counts, become pixels from the upper left.
    whole = [f"0.75 0 0 -0.75 0 {height * 0.75:.2f} cm", *frame, place, _seal(), "Q"]
    return "\n".join(whole).encode("ascii")


def _seal() -> str:
    """A starred seal of six petals, one for each competency. 200 by 250, ribbons included."""
    return "\n".join((
        _ribbons(),
        _fill(_polygon(_star(100, 100, 98, 90, 60)), GOLD),
        _fill_and_line(_circle(100, 100, 85), WHITE, NAVY, 1.2),
        _line(_rosette(100, 100, 69, 12, 36), NAVY, 0.5),
        _line(_rosette(100, 100, 69, 12, 36, phase=pi / 36), GOLD, 0.6),
        _fill_and_line(_circle(100, 100, 54), NAVY, GOLD, 1.6),
        _line(_circle(100, 100, 49.5), PALE, 0.6),
        *(_petal(turn * tau / 6) for turn in range(6)),
        _fill_and_line(_circle(100, 100, 6.5), PALE, NAVY, 1),
    ))  # fmt: skip


# Operators


def _numbers(*numbers: float) -> str:
    return " ".join(f"{number:.1f}" for number in numbers)


def _color(color: Color) -> str:
    return " ".join(f"{part:g}" for part in color)


def _line(path: str, color: Color, width: float) -> str:
    return f"{_color(color)} RG {width:g} w {path} S"


def _fill(path: str, color: Color) -> str:
    return f"{_color(color)} rg {path} f"


def _fill_and_line(path: str, inside: Color, color: Color, width: float) -> str:
    return f"{_color(inside)} rg {_color(color)} RG {width:g} w {path} B"


def _polygon(corners: Iterable[Point]) -> str:
    first, *rest = (_numbers(*corner) for corner in corners)
    return " ".join((f"{first} m", *(f"{corner} l" for corner in rest), "h"))


def _curves(points: list[Point]) -> str:
    """From the first point on: two handles and the next point, again and again."""
    start, *rest = points
    path = [f"{_numbers(*start)} m"]
    for at in range(0, len(rest), 3):
        (a, b), (c, d), (e, f) = rest[at : at + 3]
        path.append(f"{_numbers(a, b, c, d, e, f)} c")
    return " ".join(path)


def _circle(x: float, y: float, radius: float) -> str:
    reach = radius * ROUND
    points = [(x + radius, y)]
    for turn in range(4):
        across, up = (1, 0, -1, 0)[turn], (0, 1, 0, -1)[turn]
        to_across, to_up = -up, across
        points += [
            (x + radius * across + reach * to_across, y + radius * up + reach * to_up),
            (x + radius * to_across + reach * across, y + radius * to_up + reach * up),
            (x + radius * to_across, y + radius * to_up),
        ]
    return f"{_curves(points)} h"


# Shapes


def _rosette(x: float, y: float, radius: float, swing: float, lobes: int, *, phase: float = 0) -> str:
    """A circle that swings in and out, one curve from each extreme to the next."""
    turn = pi / lobes
    points: list[Point] = []
    for step in range(2 * lobes + 1):
        angle = (step + 0.5) * turn - phase
        reach = radius + (swing if step % 2 == 0 else -swing)
        here_x, here_y = x + reach * cos(angle), y + reach * sin(angle)
        # Level with the circle at an extreme: a third of the way along the tangent makes the curve.
        lean_x, lean_y = -sin(angle) * reach * turn / 3, cos(angle) * reach * turn / 3
        if step:
            points.append((here_x - lean_x, here_y - lean_y))
        points.append((here_x, here_y))
        if step < 2 * lobes:
            points.append((here_x + lean_x, here_y + lean_y))
    return f"{_curves(points)} h"


def _star(x: float, y: float, outer: float, inner: float, tips: int) -> list[Point]:
    corners = ((outer if turn % 2 else inner, turn * pi / tips) for turn in range(tips * 2))
    return [(x + reach * cos(angle), y + reach * sin(angle)) for reach, angle in corners]


def _petal(angle: float) -> str:
    center, tip = (100.0, 100.0), (100 + 44 * sin(angle), 100 - 44 * cos(angle))
    left, right = ((100 + 26 * sin(angle + bend), 100 - 26 * cos(angle + bend)) for bend in (-0.52, 0.52))
    outline = _curves([center, *_bent(center, left, tip), tip, *_bent(tip, right, center), center])
    return _fill_and_line(f"{outline} h", GOLD, PALE, 0.9)


def _bent(start: Point, towards: Point, end: Point) -> tuple[Point, Point]:
    """The two handles of a curve that has one."""
    return (
        (start[0] + (towards[0] - start[0]) * 2 / 3, start[1] + (towards[1] - start[1]) * 2 / 3),
        (end[0] + (towards[0] - end[0]) * 2 / 3, end[1] + (towards[1] - end[1]) * 2 / 3),
    )


def _ribbons() -> str:
    left = ((62, 168), (40, 244), (62, 232), (80, 248), (98, 172))
    right = ((138, 168), (160, 244), (138, 232), (120, 248), (102, 172))
    return "\n".join(_fill(_polygon(corners), NAVY) for corners in (left, right))


def _rules(width: int, height: int) -> str:
    rules = ((26, 2.6, NAVY), (31, 0.7, GOLD), (63, 0.7, GOLD), (67, 1.3, NAVY))
    return "\n".join(
        _line(f"{_numbers(inset, inset, width - 2 * inset, height - 2 * inset)} re", color, thick)
        for inset, thick, color in rules
    )


def _woven_border(width: int, height: int) -> str:
    """Six strands along each side, all between the rules at 31 and 63; they begin and end under the corners."""
    strands = []
    for color, thick, swing, shift in ((GOLD, 0.7, 11.5, 0.5), (NAVY, 0.55, 11.5, 0), (NAVY, 0.45, 5.5, 0)):
        for side in (1, -1):
            for length, across in ((width, height), (height, width)):
                for offset in (47, across - 47):
                    points = _wave(length, offset, side * swing, shift)
                    if length == height:  # upright
                        points = [(y, x) for x, y in points]
                    strands.append(_line(_curves(points), color, thick))
    return "\n".join(strands)


def _wave(length: int, across: float, swing: float, shift: float) -> list[Point]:
    """From crest to trough in one curve each; `shift` in half waves."""
    count = round((length - 2 * 68) / 34) * 2
    half = (length - 2 * 68) / count
    points: list[Point] = []
    for step in range(count + 2):
        along = 68 + (step - shift) * half
        off = across + (swing if step % 2 == 0 else -swing)
        if step:
            points.append((along - half * 0.36, off))
        points.append((along, off))
        if step <= count:
            points.append((along + half * 0.36, off))
    return points


def _corners(width: int, height: int) -> str:
    rosettes = []
    for x in (47, width - 47):
        for y in (47, height - 47):
            rosettes += [
                _fill_and_line(f"{_numbers(x - 21, y - 21, 42, 42)} re", WHITE, NAVY, 1.2),
                _line(_rosette(x, y, 10.5, 6.5, 8), NAVY, 0.6),
                _line(_rosette(x, y, 10.5, 6.5, 8, phase=pi / 8), GOLD, 0.7),
                _fill(_circle(x, y, 3), GOLD),
            ]
    return "\n".join(rosettes)


def _watermark(width: int) -> str:
    x, y = width / 2, 372
    rings = ((235, 26, 12), (180, 30, 12), (120, 34, 6))
    return "\n".join(
        _line(_rosette(x, y, radius, swing, lobes, phase=turn * tau / lobes / 6), PALE, 0.6)
        for radius, swing, lobes in rings
        for turn in range(6)
    )
