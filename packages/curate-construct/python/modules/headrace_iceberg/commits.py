"""What the log says since the commit that a table is at."""

from concurrent.futures import ThreadPoolExecutor
from typing import Dict, List, NamedTuple, Optional

from headrace_shape.shape_error import ShapeError

READ_CONCURRENCY = 16


class Unit(NamedTuple):
    """A unit whose rows are in the current state, and where its files are."""

    unit_id: str
    seq: int
    ingest_seq: int
    keys: List[str]
    # In all files.
    records: int


class Changes(NamedTuple):
    # All units that stand at the head of the log.
    standing: List[dict]
    # Those of them that the table does not have.
    new: List[dict]
    # Units that left since; the table may have them.
    gone: List[str]
    manifests: Dict[int, dict]


def read_commits(store, bucket, table, since: Optional[int]) -> Changes:
    """A compaction is no change: it stands for files, and the rows of its units are the same."""
    standing = table["standing"]
    if since is None:
        return Changes(standing, standing, [], {})
    manifests = read_manifests(store, bucket, table, range(since + 1, table["head"] + 1))
    gone = {unit for manifest in manifests.values() if manifest["kind"] != "compaction" for unit in manifest["supersedes"]}
    return Changes(standing, [unit for unit in standing if unit["seq"] > since], sorted(gone), manifests)


def read_units(store, bucket, table, changes: Changes, units) -> List[Unit]:
    missing = [unit["seq"] for unit in units if unit["seq"] not in changes.manifests]
    manifests = {**changes.manifests, **read_manifests(store, bucket, table, missing)}
    found = []
    for unit in units:
        manifest = manifests[unit["seq"]]
        if manifest["attemptId"] != unit["unitId"]:
            raise ShapeError("COMMIT", f"commit {unit['seq']} of {table['dataset']} is of unit {manifest['attemptId']}, published as {unit['unitId']}; start the next attempt", "system")
        found.append(Unit(unit["unitId"], unit["seq"], unit["ingestSeq"], [part["key"] for part in manifest["parts"]], sum(part["records"] for part in manifest["parts"])))
    return found


def read_manifests(store, bucket, table, seqs):
    def read(seq):
        key = f"{table['logPrefix']}{seq:020d}.json"
        manifest = store.read_json(bucket, key)
        if manifest is None or manifest["schemaVersion"] != 1:
            raise ShapeError("COMMIT", f"s3://{bucket}/{key} is missing or not of version 1; upgrade the stage, or bring the commit back", "system", seq=seq)
        return manifest

    with ThreadPoolExecutor(READ_CONCURRENCY) as pool:
        return dict(zip(seqs, pool.map(read, seqs)))
