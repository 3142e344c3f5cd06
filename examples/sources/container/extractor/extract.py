"""Reads one table of a SQLite file for Headrace; standard library only.

HEADRACE_SHARD says what to read, HEADRACE_OUT where to write. Exit code 0 means done, 75 that another try may help.
"""

import csv
import json
import os
import sqlite3
import sys

TRY_AGAIN = 75

QUERIES = {
    "orders": "SELECT id, customer, note, changed_at FROM orders WHERE changed_at > :since AND changed_at <= :until ORDER BY changed_at, id",
    "customers": "SELECT id, name, region FROM customers WHERE region = :region ORDER BY id",
}


def main() -> int:
    if not os.environ.get("SHOP_PASSWORD"):
        print("SHOP_PASSWORD is missing; name it in secrets", file=sys.stderr)
        return 2
    shard = json.loads(os.environ["HEADRACE_SHARD"])
    table = shard["parameters"]["table"]
    try:
        database = sqlite3.connect(f"file:{os.environ['SHOP_DATABASE']}?mode=ro", uri=True)
        answer = extract(database, table, shard)
    except sqlite3.OperationalError as error:
        print(f"cannot read {table}: {error}", file=sys.stderr)
        return TRY_AGAIN if "locked" in str(error) else 3
    write(".headrace.json", lambda file: json.dump(answer, file))
    return 0


def extract(database: sqlite3.Connection, table: str, shard: dict) -> dict:
    """Writes the table's file and says what it holds; all is read in one transaction, so it is of one moment."""
    database.execute("BEGIN")
    values = {"region": shard["parameters"].get("region")}
    cursor = None
    if table == "orders":
        values["since"] = shard["cursor"].get("from", "")
        newest = database.execute("SELECT max(changed_at) FROM orders").fetchone()[0]
        # A replay reads no further than the run that it repeats.
        values["until"] = cursor = shard["cursor"].get("to", newest)
        if cursor is None or cursor <= values["since"]:
            return {"unchanged": True}
    rows = database.execute(QUERIES[table], values)
    name, records = f"{table}.csv", 0

    def lines(file):
        nonlocal records
        out = csv.writer(file, lineterminator="\n")
        out.writerow(column[0] for column in rows.description)
        for row in rows:
            out.writerow(row)
            records += 1

    write(name, lines)
    return {"files": {name: {"records": records}}, **({"cursor": {"to": cursor}} if cursor else {})}


def write(name: str, fill) -> None:
    """A file under its name is whole: it gets the name last."""
    path = os.path.join(os.environ["HEADRACE_OUT"], name)
    with open(f"{path}.tmp", "w", encoding="utf-8", newline="") as file:
        fill(file)
    os.rename(f"{path}.tmp", path)


if __name__ == "__main__":
    sys.exit(main())
