"""What quality rules over all records of a unit give."""

from headrace_shape.typed_rows import quoted
from headrace_shape.uniqueness import count_repetitions, repeated


def measure_duplicates(records, spec):
    """How many records repeat the values of another one, as text by the rule's number; a NULL among the values repeats nothing.

    Counted before rejection: `records` is None where Rows left no file, and then nothing repeats.
    """
    measured = {}
    for rule in spec["duplicates"]:
        names = rule["columns"]
        repetitions = 0 if records is None else count_repetitions(repeated(records.select(*map(quoted, names)).dropna(), names))
        measured[str(rule["rule"])] = str(repetitions)
    return measured
