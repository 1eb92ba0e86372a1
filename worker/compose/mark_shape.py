"""The Lipsmith mark: seven bars of sound whose tops and feet draw a pair of lips. One geometry for SVG and pixels."""

from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

GRADIENT = (("0", "#ff7a5c"), (".55", "#e0334f"), ("1", "#8e2fb0"))
BAR_WIDTH = 5.0
BAR_STEP = 7.3


@dataclass(frozen=True)
class Bar:
    """A rounded upright bar in the mark's 64 × 64 box."""

    x: float
    top: float
    bottom: float
    width: float = BAR_WIDTH


def bars() -> tuple[Bar, ...]:
    """Upper-lip bow and lower-lip curve, sampled at seven bars; a gap along the mouth line parts the lips."""
    centre = 32.0
    tops = (28.8, 20.8, 14.8, 18.4, 14.8, 20.8, 28.8)
    line = (32.4, 31.2, 30.6, 32.8, 30.6, 31.2, 32.4)
    feet = (36.0, 43.0, 48.0, 49.6, 48.0, 43.0, 36.0)
    out = []
    for i in range(7):
        x = centre + (i - 3) * BAR_STEP
        if i in (0, 6):  # the corners of the mouth: lips meet
            out.append(Bar(x, tops[i], feet[i]))
        else:
            out.append(Bar(x, tops[i], line[i] - 1.1))
            out.append(Bar(x, line[i] + 1.1, feet[i]))
    return tuple(out)


def small_bars() -> tuple[Bar, ...]:
    """The mark for favicons: five bolder bars without the mouth line, which would blur at 16 px."""
    tops, feet = (26.0, 14.0, 18.0, 14.0, 26.0), (38.0, 47.0, 51.0, 47.0, 38.0)
    return tuple(Bar(32.0 + (i - 2) * 10.4, tops[i], feet[i], 7.0) for i in range(5))


def bar_rects(colour: str, shapes: tuple[Bar, ...]) -> str:
    """The bars as SVG rectangles."""
    return "".join(
        f'<rect x="{b.x - b.width / 2:.2f}" y="{b.top:.2f}" width="{b.width:.2f}" height="{b.bottom - b.top:.2f}" '
        f'rx="{b.width / 2:.2f}" fill={quoteattr(colour)}/>'
        for b in shapes
    )


def gradient(identifier: str) -> str:
    stops = "".join(f'<stop offset="{at}" stop-color="{colour}"/>' for at, colour in GRADIENT)
    return (
        f'<linearGradient id="{identifier}" x1="8" y1="4" x2="56" y2="60" gradientUnits="userSpaceOnUse">'
        f"{stops}</linearGradient>"
    )


def mark_svg(shapes: tuple[Bar, ...] | None = None) -> str:
    """The app icon: white bars on the brand's gradient."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" role="img" aria-label="Lipsmith">\n'
        f'  <defs>{gradient("g")}</defs>\n  <rect width="64" height="64" rx="17" fill="url(#g)"/>\n'
        f"  {bar_rects('#fff', shapes or bars())}\n</svg>\n"
    )
