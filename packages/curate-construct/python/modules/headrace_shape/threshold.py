"""More rejects than the contract allows."""

from decimal import ROUND_HALF_UP, Decimal

from headrace_shape.shape_error import ShapeError


def check_threshold(spec, unit, results, quarantine):
    """The same refusal as the DuckDB shaper's, before any Spark work is paid for; Publish checks it again."""
    parsed, rejected = (sum(result["counts"][name] for result in results) for name in ("parsed", "rejected"))
    limits = spec.get("threshold") or {}
    passed = []
    if limits.get("rows") is not None and rejected > limits["rows"]:
        passed.append(f"rows: {limits['rows']}")
    if limits.get("percent") is not None and rejected * 100 > limits["percent"] * parsed:
        passed.append(f"percent: {limits['percent']}")
    if not passed:
        return
    by_code = {}
    for result in results:
        for code, count in result["quarantine"]["byCode"].items():
            by_code[code] = by_code.get(code, 0) + count
    percent = Decimal(rejected / parsed * 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
    codes = ", ".join(f"{code} {count}" for code, count in sorted(by_code.items(), key=lambda item: -item[1]))
    raise ShapeError(
        "THRESHOLD",
        f"{spec['dataset']}: {rejected} of {parsed} records rejected ({percent} %), more than headraceThreshold {' and '.join(passed)} allows; by code: {codes}. "
        f"Nothing was published. Their bytes and reasons are in {quarantine}. "
        "Fix: mend the source and ingest it again, or correct the contract and start the next attempt of this slot",
        dataset=spec["dataset"], unitId=unit["unitId"], parsed=parsed, rejected=rejected, byCode=by_code,
    )
