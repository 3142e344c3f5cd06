import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';

const PYTHON = join(__dirname, '../../../../.engines/venv/bin/python');

/** Whether the official client of OpenLineage is there, which scripts/install-engines.sh installs. */
export const hasOpenLineage = spawnSync(PYTHON, ['-c', 'import importlib.util, sys; sys.exit(importlib.util.find_spec("openlineage") is None)']).status === 0;

// The client's classes are generated from the JSON schemas of the specification: members, those that are required, types and formats.
// A value is read by its class, members in members, with the annotations as types. Members that a schema has no word for are allowed
// by most of them, and are wrong here.
const SCRIPT = `
import json, sys, typing, types, enum, importlib, pkgutil, uuid
from urllib.parse import urlparse
import attr
import openlineage.client.generated as generated
from openlineage.client import event_v2

facets = {}
for module in pkgutil.iter_modules(generated.__path__):
    for value in vars(importlib.import_module(f"openlineage.client.generated.{module.name}")).values():
        if isinstance(value, type) and attr.has(value) and "_get_schema" in value.__dict__:
            facets[value._get_schema()] = value

def check(at, value, wanted, problems):
    origin = typing.get_origin(wanted)
    if wanted is typing.Any: return
    if origin in (typing.Union, types.UnionType):
        tries = []
        for option in typing.get_args(wanted):
            found = []
            check(at, value, option, found)
            if not found: return
            tries += found
        problems.append(tries[0])
    elif wanted is type(None):
        if value is not None: problems.append(f"{at}: not null")
    elif origin is list:
        if not isinstance(value, list): problems.append(f"{at}: no array")
        else: [check(f"{at}[{i}]", each, typing.get_args(wanted)[0], problems) for i, each in enumerate(value)]
    elif origin is dict:
        if not isinstance(value, dict): problems.append(f"{at}: no object")
        else: [check(f"{at}.{key}", each, typing.get_args(wanted)[1], problems) for key, each in value.items()]
    elif isinstance(wanted, type) and issubclass(wanted, enum.Enum):
        if value not in [each.value for each in wanted]: problems.append(f"{at}: {value!r} is none of {[each.value for each in wanted]}")
    elif attr.has(wanted): read(at, value, wanted, problems)
    elif wanted is float:
        if isinstance(value, bool) or not isinstance(value, (int, float)): problems.append(f"{at}: {value!r} is no number")
    elif type(value) is not wanted: problems.append(f"{at}: {value!r} is no {wanted.__name__}")

def read(at, value, wanted, problems):
    if not isinstance(value, dict): return problems.append(f"{at}: no object")
    url = value.get("_schemaURL")
    if url is not None:
        if url not in facets: return problems.append(f"{at}: {url} is no facet of the specification")
        if not issubclass(facets[url], wanted): return problems.append(f"{at}: {facets[url].__name__} is no {wanted.__name__}")
        wanted = facets[url]
        if not urlparse(value.get("_producer", "")).scheme: problems.append(f"{at}._producer: no URI")
    hints = typing.get_type_hints(wanted)
    fields = {field.name: field for field in attr.fields(wanted)}
    for name in value:
        if name not in fields: problems.append(f"{at}.{name}: {wanted.__name__} has no such member")
    for name, field in fields.items():
        if name in value:
            check(f"{at}.{name}", value[name], hints[name], problems)
            for validator in getattr(field.validator, "_validators", [field.validator] if field.validator else []):
                try: validator(None, field, value[name])
                except Exception as error: problems.append(f"{at}.{name}: {error}")
        elif field.default is attr.NOTHING or name in ("_producer", "_schemaURL", "producer", "schemaURL"):
            problems.append(f"{at}.{name}: required")

def problems_of(event):
    problems = []
    if event.get("schemaURL") != event_v2.RunEvent._get_schema(): problems.append(f"schemaURL: expected {event_v2.RunEvent._get_schema()}")
    read("event", event, event_v2.RunEvent, problems)
    for at, holder, key in [("run", event["run"], "facets"), ("job", event["job"], "facets")] + [
        (f"{side}[{i}]", dataset, key) for side in ("inputs", "outputs") for i, dataset in enumerate(event[side]) for key in ("facets", "inputFacets", "outputFacets")
    ]:
        for name, facet in holder.get(key, {}).items():
            if "_schemaURL" not in facet: problems.append(f"{at}.{key}.{name}._schemaURL: required")
    try: uuid.UUID(event["run"]["runId"])
    except ValueError as error: problems.append(f"event.run.runId: {error}")
    return problems

print(json.dumps([problems_of(event) for event in json.load(sys.stdin)]))
`;

/** What is wrong with each event by the schemas of the specification, as the official client has them; nothing where it is right. */
export function openLineageProblems(events: readonly object[]): string[][] {
  return JSON.parse(execFileSync(PYTHON, ['-c', SCRIPT], { input: JSON.stringify(events) }).toString()) as string[][];
}
