import pytest

from headrace_shape.balance import check_balance
from headrace_shape.shape_error import ShapeError
from headrace_shape.threshold import check_threshold

UNIT = {"unitId": "s1-a1-i1"}


def results(parsed, rejected):
    return [{"counts": {"parsed": parsed, "kept": parsed - rejected, "rejected": rejected}, "quarantine": {"byCode": {"TYPE": rejected}}}]


@pytest.mark.parametrize("limits", [None, {}, {"rows": 1}, {"percent": 0.125}, {"rows": 1, "percent": 50}], ids=str)
def test_rejects_within_the_threshold_pass(limits):
    check_threshold({"dataset": "trips", "threshold": limits}, UNIT, results(800, 1), "s3://b/q/")


@pytest.mark.parametrize("limits, said", [({"rows": 0}, "rows: 0"), ({"percent": 0.1}, "percent: 0.1"), ({"rows": 0, "percent": 0}, "rows: 0 and percent: 0")], ids=str)
def test_more_rejects_than_allowed_are_refused_with_half_a_percent_rounded_up(limits, said):
    with pytest.raises(ShapeError, match=rf"1 of 800 records rejected \(0\.13 %\), more than headraceThreshold {said} allows; by code: TYPE 1\.") as refused:
        check_threshold({"dataset": "trips", "threshold": limits}, UNIT, results(800, 1), "s3://b/q/")
    assert (refused.value.code, refused.value.fault) == ("THRESHOLD", "user")


def test_counts_that_do_not_balance_are_refused_with_every_term():
    check_balance("rows", {"kept": 3}, {"written": 2, "deduplicated": 1})
    with pytest.raises(ShapeError, match="^rows: counts do not balance, kept 3 against written 1 \\+ deduplicated 1: 1 records missing; nothing was published$"):
        check_balance("rows", {"kept": 3}, {"written": 1, "deduplicated": 1})
