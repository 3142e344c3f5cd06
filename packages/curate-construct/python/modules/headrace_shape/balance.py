"""Count equations: what went in must equal what came out."""

from headrace_shape.shape_error import ShapeError


def check_balance(hop, given, made):
    """Raises BALANCE, in the words of the runtime, when two sides of named terms do not add up to the same number."""
    remainder = sum(given.values()) - sum(made.values())
    if remainder == 0:
        return
    sides = (" + ".join(f"{name} {value}" for name, value in terms.items()) for terms in (given, made))
    raise ShapeError(
        "BALANCE",
        f"{hop}: counts do not balance, {' against '.join(sides)}: {abs(remainder)} records {'missing' if remainder > 0 else 'too many'}; nothing was published",
        "system", hop=hop, remainder=remainder, **{"in": given, "out": made},
    )
