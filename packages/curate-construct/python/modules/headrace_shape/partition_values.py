"""Column-partition values as the catalog, the manifest and keys hold them."""

import hashlib
import re

NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
MAX_PARTITION_VALUE = 150


def text_of(value):
    """A partition value as the catalog and the manifest hold it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def encode_partition_value(value):
    """A partition value as a path segment; the twin of the runtime's function, and a test compares the two."""
    if value is None:
        return NULL_PARTITION
    if value == NULL_PARTITION:
        return f"%5F{NULL_PARTITION[1:]}"
    safe = "[A-Za-z0-9_-]" if value in (".", "..") else "[A-Za-z0-9_.-]"
    encoded = "".join(chr(byte) if re.match(safe, chr(byte)) else f"%{byte:02X}" for byte in value.encode("utf-8"))
    if len(encoded) <= MAX_PARTITION_VALUE:
        return encoded
    return f"{encoded[:MAX_PARTITION_VALUE - 33]}~{hashlib.sha256(value.encode('utf-8')).hexdigest()[:32]}"
