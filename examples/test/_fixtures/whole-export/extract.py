"""Holds a whole export in memory before it writes it, as a program does that sorts or joins; standard library only.

WORKING_SET names a file that says how many MiB it takes today.
"""

import hashlib
import json
import os
import urllib.request


def main() -> None:
    with urllib.request.urlopen(os.environ["ECS_CONTAINER_METADATA_URI_V4"] + "/task") as answer:
        print("task of", json.load(answer)["Limits"]["Memory"], "MiB", flush=True)
    with open(os.environ["WORKING_SET"], encoding="ascii") as file:
        # Every page is written, so all of it is resident.
        held = b"x" * (int(file.read()) << 20)
    hashlib.sha256(held)
    with open(os.environ["EXPORT"], "rb") as file:
        text = file.read()
    path = os.path.join(os.environ["HEADRACE_OUT"], "trips.csv")
    with open(f"{path}.tmp", "wb") as file:
        file.write(text)
    os.rename(f"{path}.tmp", path)


if __name__ == "__main__":
    main()
