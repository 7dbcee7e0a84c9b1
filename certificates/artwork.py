"""The certificate's own drawings, as SVG text: the frame with its watermark, and the placeholder seal.

Drawn here from a few curves, so that no picture of a real department's seal is needed and every line stays sharp
in print. All lengths are CSS pixels; the page is Letter landscape, 1056 by 816.
"""

from functools import cache
from math import cos, pi, sin, tau

PAGE_WIDTH, PAGE_HEIGHT = 1056, 816
NAVY, GOLD, PALE = "#14304f", "#a8843a", "#efe7d3"


@cache
def frame() -> str:
    """Border of woven lines between two rules, a rosette in each corner, and a pale watermark in the middle."""
    return _svg(PAGE_WIDTH, PAGE_HEIGHT, "".join((_watermark(), _rules(), _woven_border(), _corners())))


@cache
def seal() -> str:
    """A starred seal of six petals, one for each competency. 200 by 250, ribbons included."""
    petals = "".join(_petal(turn * tau / 6) for turn in range(6))
    rings = "".join((
        _ribbons(),
        f'<polygon points="{_star(100, 100, 98, 90, 60)}" fill="{GOLD}"/>',
        f'<circle cx="100" cy="100" r="85" fill="#fff" stroke="{NAVY}" stroke-width="1.2"/>',
        _line(_rosette(100, 100, 69, 12, 36), NAVY, 0.5),
        _line(_rosette(100, 100, 69, 12, 36, phase=pi / 36), GOLD, 0.6),
        f'<circle cx="100" cy="100" r="54" fill="{NAVY}" stroke="{GOLD}" stroke-width="1.6"/>',
        f'<circle cx="100" cy="100" r="49.5" fill="none" stroke="{PALE}" stroke-width="0.6"/>',
        petals,
        f'<circle cx="100" cy="100" r="6.5" fill="{PALE}" stroke="{NAVY}" stroke-width="1"/>',
    ))  # fmt: skip
    return _svg(200, 250, rings)


def _svg(width: int, height: int, body: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}">{body}</svg>'
    )


def _line(path: str, color: str, width: float) -> str:
    return f'<path d="{path}" fill="none" stroke="{color}" stroke-width="{width}"/>'


def _rosette(x: float, y: float, radius: float, swing: float, lobes: int, *, phase: float = 0) -> str:
    """A circle that swings in and out. One curve from each extreme to the next: drawing short straight steps instead
    takes three quarters of a certificate's time."""
    turn = pi / lobes
    path = ""
    for step in range(2 * lobes + 1):
        angle = (step + 0.5) * turn - phase
        reach = radius + (swing if step % 2 == 0 else -swing)
        here_x, here_y = x + reach * cos(angle), y + reach * sin(angle)
        # Level with the circle at an extreme: a third of the way along the tangent makes the curve.
        lean_x, lean_y = -sin(angle) * reach * turn / 3, cos(angle) * reach * turn / 3
        if step == 0:
            path = f"M{here_x:.1f},{here_y:.1f}C{here_x + lean_x:.1f},{here_y + lean_y:.1f}"
        else:
            path += f" {here_x - lean_x:.1f},{here_y - lean_y:.1f} {here_x:.1f},{here_y:.1f}"
            if step < 2 * lobes:
                path += f" {here_x + lean_x:.1f},{here_y + lean_y:.1f}"
    return path + "Z"


def _star(x: float, y: float, outer: float, inner: float, tips: int) -> str:
    corners = ((outer if turn % 2 else inner, turn * pi / tips) for turn in range(tips * 2))
    return " ".join(f"{x + reach * cos(angle):.1f},{y + reach * sin(angle):.1f}" for reach, angle in corners)


def _petal(angle: float) -> str:
    tip_x, tip_y = 100 + 44 * sin(angle), 100 - 44 * cos(angle)
    sides = []
    for bend in (-0.52, 0.52):
        sides.append((100 + 26 * sin(angle + bend), 100 - 26 * cos(angle + bend)))
    (left_x, left_y), (right_x, right_y) = sides
    outline = (
        f"M100,100Q{left_x:.1f},{left_y:.1f} {tip_x:.1f},{tip_y:.1f}Q{right_x:.1f},{right_y:.1f} 100,100Z"
    )
    return f'<path d="{outline}" fill="{GOLD}" stroke="{PALE}" stroke-width="0.9"/>'


def _ribbons() -> str:
    left, right = "62,168 40,244 62,232 80,248 98,172", "138,168 160,244 138,232 120,248 102,172"
    return f'<polygon points="{left}" fill="{NAVY}"/><polygon points="{right}" fill="{NAVY}"/>'


def _rules() -> str:
    rules = ((26, 2.6, NAVY), (31, 0.7, GOLD), (63, 0.7, GOLD), (67, 1.3, NAVY))
    return "".join(
        f'<rect x="{inset}" y="{inset}" width="{PAGE_WIDTH - 2 * inset}" height="{PAGE_HEIGHT - 2 * inset}" '
        f'fill="none" stroke="{color}" stroke-width="{width}"/>'
        for inset, width, color in rules
    )


def _woven_border() -> str:
    """Six strands along each side, all between the rules at 31 and 63; they begin and end under the corners."""
    strands = []
    for color, width, swing, shift in ((GOLD, 0.7, 11.5, 0.5), (NAVY, 0.55, 11.5, 0), (NAVY, 0.45, 5.5, 0)):
        for side in (1, -1):
            for length, upright in ((PAGE_WIDTH, False), (PAGE_HEIGHT, True)):
                for across in (47, (PAGE_HEIGHT if not upright else PAGE_WIDTH) - 47):
                    path = _wave(length, across, side * swing, shift, upright=upright)
                    strands.append(_line(path, color, width))
    return "".join(strands)


def _wave(length: int, across: float, swing: float, shift: float, *, upright: bool) -> str:
    """From crest to trough in one curve each; `shift` in half waves."""
    count = round((length - 2 * 68) / 34) * 2
    half = (length - 2 * 68) / count
    places = []
    for step in range(count + 2):
        along = 68 + (step - shift) * half
        off = across + (swing if step % 2 == 0 else -swing)
        if step:
            places.append((along - half * 0.36, off))
        places.append((along, off))
        if step <= count:
            places.append((along + half * 0.36, off))
    start, *rest = (f"{y:.1f},{x:.1f}" if upright else f"{x:.1f},{y:.1f}" for x, y in places)
    return f"M{start}C{' '.join(rest)}"


def _corners() -> str:
    rosettes = []
    for x in (47, PAGE_WIDTH - 47):
        for y in (47, PAGE_HEIGHT - 47):
            rosettes.append(
                f'<rect x="{x - 21}" y="{y - 21}" width="42" height="42" fill="#fff" stroke="{NAVY}" '
                'stroke-width="1.2"/>'
                + _line(_rosette(x, y, 10.5, 6.5, 8), NAVY, 0.6)
                + _line(_rosette(x, y, 10.5, 6.5, 8, phase=pi / 8), GOLD, 0.7)
                + f'<circle cx="{x}" cy="{y}" r="3" fill="{GOLD}"/>'
            )
    return "".join(rosettes)


def _watermark() -> str:
    x, y = PAGE_WIDTH / 2, 372
    rings = ((235, 26, 12), (180, 30, 12), (120, 34, 6))
    return "".join(
        _line(_rosette(x, y, radius, swing, lobes, phase=turn * tau / lobes / 6), PALE, 0.6)
        for radius, swing, lobes in rings
        for turn in range(6)
    )
