"""A row of scatter plots as SVG."""

COLOURS = ["#4269d0", "#efb118", "#ff725c", "#6cc5b0", "#a463f2", "#97bbf5", "#9c6b4e", "#3ca951"]
WIDTH, HEIGHT, MARGIN = 320, 260, 50


def _ticks(low, high):
    return [low + (high - low) * i / 4 for i in range(5)]


def _panel(left, title, x_label, y_label, series):
    """`series`: name -> list of (x, y)."""
    points = [point for one in series.values() for point in one]
    x_low, x_high = min(x for x, _ in points), max(x for x, _ in points)
    y_low, y_high = min(y for _, y in points), max(y for _, y in points)
    x_span, y_span = (x_high - x_low) or 1, (y_high - y_low) or 1

    def at(x, y):
        return left + MARGIN + (x - x_low) / x_span * (WIDTH - MARGIN - 20), HEIGHT - MARGIN - (y - y_low) / y_span * (HEIGHT - MARGIN - 40)

    yield f'<text x="{left + WIDTH / 2}" y="18" text-anchor="middle" font-weight="bold">{title}</text>'
    yield f'<text x="{left + WIDTH / 2}" y="{HEIGHT - 8}" text-anchor="middle">{x_label}</text>'
    yield f'<text x="{left + 12}" y="{HEIGHT / 2}" text-anchor="middle" transform="rotate(-90 {left + 12} {HEIGHT / 2})">{y_label}</text>'
    for x in _ticks(x_low, x_high):
        yield f'<text x="{at(x, y_low)[0]:.1f}" y="{HEIGHT - MARGIN + 16}" text-anchor="middle" font-size="9">{x:.4g}</text>'
    for y in _ticks(y_low, y_high):
        yield f'<text x="{left + MARGIN - 6}" y="{at(x_low, y)[1] + 3:.1f}" text-anchor="end" font-size="9">{y:.4g}</text>'
    for place, (name, one) in enumerate(series.items()):
        colour = COLOURS[place % len(COLOURS)]
        for x, y in one:
            yield f'<circle cx="{at(x, y)[0]:.1f}" cy="{at(x, y)[1]:.1f}" r="3.5" fill="{colour}" fill-opacity="0.8"/>'
        yield f'<text x="{left + MARGIN + 4}" y="{36 + 12 * place}" font-size="9" fill="{colour}">{name}</text>'


def scatter_row(panels):
    """`panels`: a list of (title, x label, y label, series)."""
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH * len(panels)}" height="{HEIGHT}" font-family="sans-serif" font-size="11">']
    lines.append('<rect width="100%" height="100%" fill="white"/>')
    for place, panel in enumerate(panels):
        lines.extend(_panel(place * WIDTH, *panel))
    return "\n".join(lines) + "\n</svg>\n"
