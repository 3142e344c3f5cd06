import re

import pytest

from headrace_iceberg import upkeep
from headrace_iceberg.commits import Unit
from headrace_iceberg.progress import read_progress
from headrace_iceberg.unit_rows import require_all, unit_pattern
from headrace_shape.shape_error import ShapeError

TABLE = {"table": "headrace.lake.trips_iceberg", "dataset": "trips", "rule": "new", "dataPrefix": "lake/data/trips/", "logPrefix": "lake/commits/curated/trips/", "snapshotRetentionHours": 120}


class Spark:
    """Answers each query with the next of the given rows."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def sql(self, _):
        return self

    def collect(self):
        return self.answers.pop(0)


def snapshot(number, parent, operation, seq=None, rule=None):
    return {"snapshot_id": number, "parent_id": parent, "operation": operation, "seq": seq, "rule": rule, "main": False}


def main(number):
    return {"snapshot_id": number, "main": True}


@pytest.mark.parametrize("uri", ["s3://data/data/data/data/s1-a1-i1/day=x/0.parquet", "file:///data/data/data/data/s1-a1-i1/0.parquet", "file:/data/data/data/data/s1-a1-i1/0.parquet"])
def test_the_unit_is_found_where_every_folder_above_is_called_data(uri):
    assert re.search(unit_pattern("data/data/data/data/"), uri).group(1) == "s1-a1-i1"


def test_fewer_rows_than_the_commits_count_are_refused():
    units = [Unit("s1-a1-i1", 1, 1, ["k"], 3), Unit("s1-a1-i2", 2, 2, ["l"], 4)]
    require_all(TABLE, units, 7)
    with pytest.raises(ShapeError, match="the commits of 2 batches of trips count 7 rows, their files gave 0; the table stays as it was"):
        require_all(TABLE, units, 0)


@pytest.mark.parametrize("rows, seq, foreign, needed, reached", [
    ([snapshot(1, None, "append", "5", "new")], 5, None, 1, [True, True, False]),
    ([snapshot(1, None, "append", "5", "new"), snapshot(2, 1, "replace")], 5, None, 2, [True, True, False]),
    # Under another rule the rows of commit 5 must be written again, and a job that knows 4 commits only must not.
    ([snapshot(1, None, "append", "5", "old")], None, None, 1, [True, False, False]),
    ([snapshot(1, None, "append", "5", "new"), snapshot(2, 1, "overwrite")], None, 2, 2, [True, False, False]),
    ([snapshot(1, None, "append", "0", "new")], None, None, 1, [False, False, False]),
], ids=["ours", "joined", "another rule", "rows of others", "empty"])
def test_how_far_a_table_is(rows, seq, foreign, needed, reached):
    progress = read_progress(Spark([*rows, main(rows[-1]["snapshot_id"])]), TABLE)
    assert (progress.seq, progress.foreign, progress.needed) == (seq, foreign, needed)
    assert [progress.reached(head) for head in (4, 5, 6)] == reached


def test_a_table_that_changes_between_two_looks_is_looked_at_again_and_never_called_empty():
    first = snapshot(1, None, "append", "5", "new")
    assert read_progress(Spark([]), TABLE).snapshot is None
    assert read_progress(Spark([first, main(2)], [first, snapshot(2, 1, "append", "6", "new"), main(2)]), TABLE).seq == 6


def test_old_snapshots_go_though_files_cannot_be_joined(monkeypatch, capsys):
    def refused(*_):
        raise ValueError("max-files-to-rewrite")

    done = []
    monkeypatch.setattr(upkeep, "drop_abandoned", refused)
    monkeypatch.setattr(upkeep, "join_files", refused)
    monkeypatch.setattr(upkeep, "expire", lambda *_: done.append("expired"))
    monkeypatch.setattr(upkeep, "oldest", lambda *_: "2026-01-01T00:00:00Z")
    monkeypatch.setattr(upkeep, "remove_orphans", lambda *_: done.append("orphans"))
    assert upkeep.keep(None, TABLE, True, {"orphansSearched": "2026-01-01T00:00:00Z"})["oldest"] == "2026-01-01T00:00:00Z"
    assert done == ["expired", "orphans"]
    assert capsys.readouterr().out.count("CURATE_W1604") == 2


def test_orphans_are_looked_for_once_a_week(monkeypatch):
    searches = []
    for name in ("drop_abandoned", "expire", "oldest"):
        monkeypatch.setattr(upkeep, name, lambda *_: None)
    monkeypatch.setattr(upkeep, "remove_orphans", lambda *_: searches.append(1))
    note = upkeep.keep(None, TABLE, False, {})
    assert upkeep.keep(None, TABLE, False, note) == note and searches == []
    assert upkeep.keep(None, TABLE, False, {"orphansSearched": "2026-01-01T00:00:00Z"})["orphansSearched"] >= note["orphansSearched"]
    assert searches == [1]
