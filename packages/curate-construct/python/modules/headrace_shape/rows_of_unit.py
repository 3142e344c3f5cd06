"""What step Rows made of all raw parts of a unit."""

from concurrent.futures import ThreadPoolExecutor

from headrace_shape.balance import check_balance
from headrace_shape.object_store import Store
from headrace_shape.shape_error import ShapeError

READ_CONCURRENCY = 16


def read_unit_rows(store: Store, bucket, folder, unit):
    """The results of Rows, by number and never listed; each must belong to the unit, and their counts must add up."""
    indexes = range(unit["firstItem"], unit["firstItem"] + unit["items"])
    with ThreadPoolExecutor(READ_CONCURRENCY) as pool:
        results = list(pool.map(lambda index: store.read_json(bucket, f"{folder}rows/{index}.json"), indexes))
    for index, result in zip(indexes, results):
        if result is None:
            raise ShapeError("RESULT_MISSING", f"step rows left no result for item {index} of unit {unit['unitId']} in s3://{bucket}/{folder}", "system", index=index)
        if result["unitId"] != unit["unitId"]:
            raise ShapeError(
                "RESULT_MISSING", f"the result of item {index} of step rows belongs to unit {result['unitId']}, the plan has {unit['unitId']} there; start a new attempt",
                "system", index=index, unit=unit["unitId"],
            )
    parsed, kept, rejected = (sum(result["counts"][name] for result in results) for name in ("parsed", "kept", "rejected"))
    filtered = sum(result.get("filtered", 0) for result in results)
    hop = f"raw to rows of {unit['dataset']} ({unit['unitId']})"
    check_balance(hop, {"parsed": parsed}, {"kept": kept, "rejected": rejected})
    check_balance(f"{hop}, files", {"kept": kept}, {"inFiles": sum(file["kept"] for result in results for file in result["files"]), "filtered": filtered})
    return results
