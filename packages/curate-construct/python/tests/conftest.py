import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1]
# As Glue does for the script, and for what --extra-py-files names.
sys.path[:0] = [str(FOLDER), str(FOLDER / "modules")]
