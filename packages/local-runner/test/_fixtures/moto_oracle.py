"""Runs state machines with moto's interpreter: reads [[definition, input], ...] on stdin, writes one JSON line for each.

moto evaluates no JSONata by itself; where the package jsonata-python is installed, that does it.
"""

import json
import sys
import time

import boto3
from moto import mock_aws
from moto.stepfunctions.parser.asl.jsonata import jsonata as moto_jsonata

try:
    import jsonata
except ImportError:
    jsonata = None


def evaluate(expression):
    try:
        result = jsonata.Jsonata(expression).evaluate(None)
    except Exception as error:
        raise moto_jsonata.JSONataException("UNKNOWN", str(error)) from error
    if result is None:
        raise moto_jsonata.JSONataException("UNKNOWN", "nothing (undefined or null)")
    return result


def decoded(output):
    # moto gives an output that is a text without the quotes of JSON.
    try:
        return None if output is None else json.loads(output)
    except json.JSONDecodeError:
        return output


def run(client, number, definition, state_input):
    machine = client.create_state_machine(
        name=f"m{number}", definition=json.dumps(definition), roleArn="arn:aws:iam::123456789012:role/r"
    )
    execution = client.start_execution(stateMachineArn=machine["stateMachineArn"], input=json.dumps(state_input))
    for _ in range(1000):
        described = client.describe_execution(executionArn=execution["executionArn"])
        if described["status"] != "RUNNING":
            break
        time.sleep(0.01)
    return {
        "status": described["status"],
        "output": decoded(described.get("output")),
        "error": described.get("error"),
        "cause": described.get("cause"),
    }


def main():
    if jsonata is not None:
        moto_jsonata._eval_jsonata = evaluate
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        client = boto3.client(
            "stepfunctions", region_name="us-east-1", aws_access_key_id="local", aws_secret_access_key="local"
        )
        for number, (definition, state_input) in enumerate(json.load(sys.stdin)):
            try:
                print(json.dumps(run(client, number, definition, state_input)))
            except Exception as error:  # the oracle must answer for every line
                print(json.dumps({"status": "REFUSED", "error": type(error).__name__, "cause": str(error)}))


main()
