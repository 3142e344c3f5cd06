from datetime import date
from decimal import Decimal

import pytest

from headrace_shape.partition_values import MAX_PARTITION_VALUE, encode_partition_value, text_of


@pytest.mark.parametrize(
    "value, text",
    [(None, None), (True, "true"), (False, "false"), (-128, "-128"), (Decimal(18446744073709551615), "18446744073709551615"), (date(1, 1, 1), "0001-01-01"), ("\ufeffx", "\ufeffx")],
    ids=str,
)
def test_a_value_is_text_as_the_catalog_writes_it(value, text):
    assert text_of(value) == text


@pytest.mark.parametrize(
    "value, segment",
    [
        (None, "__HIVE_DEFAULT_PARTITION__"), ("__HIVE_DEFAULT_PARTITION__", "%5F_HIVE_DEFAULT_PARTITION__"), ("", ""), (".", "%2E"), ("..", "%2E%2E"), ("a.b", "a.b"),
        ("a/b=c%d", "a%2Fb%3Dc%25d"), ("~", "%7E"), ("é", "%C3%A9"),
    ],
    ids=repr,
)
def test_a_value_is_one_path_segment(value, segment):
    assert encode_partition_value(value) == segment


def test_long_values_are_cut_and_still_differ():
    first, second = (encode_partition_value("é" * 90 + end) for end in ("", "x"))
    assert first != second and len(first) == len(second) == MAX_PARTITION_VALUE
