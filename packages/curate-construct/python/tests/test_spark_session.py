import sys
from types import ModuleType, SimpleNamespace

from headrace_shape.spark_session import start_metrics

SPARK = SimpleNamespace(sparkContext=object())


def test_on_glue_a_glue_context_is_made_of_the_session_that_runs(monkeypatch):
    made = []
    context = ModuleType("awsglue.context")
    context.GlueContext = made.append
    monkeypatch.setitem(sys.modules, "awsglue", ModuleType("awsglue"))
    monkeypatch.setitem(sys.modules, "awsglue.context", context)
    start_metrics(SPARK)
    assert made == [SPARK.sparkContext]


def test_where_glue_is_not_there_is_nothing_to_start():
    start_metrics(SPARK)
