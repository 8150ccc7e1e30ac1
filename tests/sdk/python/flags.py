"""Evaluates flags with the Python SDKs as the registry has them.

Reads {"flags": [...], "units": [attributes...]} and writes a line of JSON for each unit: [value, variant] of each flag.

    flags.py ADDRESS local          growthbook, from the payload
    flags.py ADDRESS ofrep COUNT    openfeature-provider-ofrep; a last line reports on the rest
"""

import json
import sys

import requests
from growthbook import GrowthBook
from openfeature import api
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext


def local(address, asked):
    features = requests.get(f"{address}/api/features/sdk-key", timeout=10).json()["features"]
    for attributes in asked["units"]:
        gb = GrowthBook(attributes=attributes, features=features)
        results = [gb.eval_feature(flag) for flag in asked["flags"]]
        write([[result.value, result.experimentResult.key if result.source == "experiment" else None] for result in results])


def ofrep(address, asked, count):
    api.set_provider(OFREPProvider(address))
    client = api.get_client()

    def evaluate(flag, unit):
        ask = {
            "layout/main": (client.get_object_details, {}),
            "rollout": (client.get_boolean_details, False),
            "german": (client.get_float_details, 0.0),
        }.get(flag, (client.get_string_details, "none"))
        return ask[0](flag, ask[1], context(unit))

    for unit in asked["units"][:count]:
        row = [evaluate(flag, unit) for flag in asked["flags"]]
        write([[details.value, details.variant if "experiment" in details.flag_metadata else None] for details in row])
    person = {"id": "ana", "country": "DE"}
    reasons = {flag: evaluate(flag, person).reason for flag in ("plain", "german")}
    reasons["no/such"] = evaluate("no/such", person).error_code
    reasons["rollout"] = evaluate("rollout", {"country": "DE"}).error_code
    write({"reasons": reasons, **fetched(address, asked["units"][7])})


def fetched(address, unit):
    """What GrowthBook's SDK makes of flags that it fetches itself, and of remote evaluation."""
    gb = GrowthBook(attributes=unit, api_host=address, client_key="sdk-key")
    gb.load_features()
    result = gb.eval_feature("digest")
    variant = result.experimentResult.key if result.source == "experiment" else None
    remote = GrowthBook(attributes=unit, api_host=address, client_key="sdk-key", remote_eval=True)
    remote.load_features()
    return {"fetched": text([result.value, variant]), "remote": remote.get_feature_value("digest", "none")}


def context(attributes):
    rest = {name: value for name, value in attributes.items() if name != "id"}
    return EvaluationContext(targeting_key=attributes.get("id"), attributes=rest)


def text(value):
    return json.dumps(value, separators=(",", ":"))


def write(value):
    print(text(value))


if __name__ == "__main__":
    ADDRESS, WHAT, *REST = sys.argv[1:]
    ASKED = json.load(sys.stdin)
    local(ADDRESS, ASKED) if WHAT == "local" else ofrep(ADDRESS, ASKED, int(REST[0]))
