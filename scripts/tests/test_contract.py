"""docs/asyncapi.yaml against AsyncAPI's own schema, against the pinned messages, and against the types of messages in Swift."""

import copy
import importlib.machinery
import importlib.util
import json
import os
import re
import sys
import tempfile
import unittest
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import jsonschema
import yaml

sys.dont_write_bytecode = True
root = Path(__file__).resolve().parent.parent.parent
loader = importlib.machinery.SourceFileLoader("contract", str(root / "scripts" / "contract"))
contract = importlib.util.module_from_spec(importlib.util.spec_from_loader("contract", loader))
loader.exec_module(contract)

meta_schema = Path(os.environ.get("SHEAF_SCHEMAS", root / ".." / "shared" / "schemas")) / "asyncapi-3.0.0.json"
MISSING = f"there is no {meta_schema}; $SHEAF_SCHEMAS names its folder"
PROPERTIES = {"contentType": "application/cloudevents+json"}


def setUpModule():
    # unittest shows the reasons of skipped tests only when it is asked to.
    if not meta_schema.exists():
        print(f"test_it_is_valid_asyncapi is skipped: {MISSING}", file=sys.stderr)


class DocumentTests(unittest.TestCase):
    def setUp(self):
        self.contract = contract.Contract()
        self.document = self.contract.document

    def test_it_is_valid_asyncapi(self):
        if not meta_schema.exists():
            # What is shared with CI must be whole there; elsewhere the folder may be absent.
            if os.environ.get("CI") == "true" and meta_schema.parent.parent.exists():
                self.fail(MISSING)
            self.skipTest(MISSING)
        validator = jsonschema.Draft7Validator(json.loads(meta_schema.read_bytes()))
        errors = sorted(validator.iter_errors(self.document), key=lambda error: error.json_path)
        self.assertEqual([f"{error.json_path}: {error.message[:300]}" for error in errors], [])
        broken = copy.deepcopy(self.document)
        broken["operations"]["startSession"]["action"] = "publish"
        self.assertFalse(validator.is_valid(broken))

    def test_its_payloads_are_valid_json_schema(self):
        for schema in self.document["components"]["schemas"].values():
            jsonschema.Draft7Validator.check_schema(schema)

    def test_every_reference_leads_somewhere(self):
        def references(value):
            if isinstance(value, dict):
                if isinstance(value.get("$ref"), str):
                    yield value["$ref"]
                for inner in value.values():
                    yield from references(inner)
            elif isinstance(value, list):
                for inner in value:
                    yield from references(inner)

        found = set(references(self.document))
        self.assertGreater(len(found), 50)
        for reference in found:
            self.contract.resolve(reference)
        schemas = {f"#/components/schemas/{name}" for name in self.document["components"]["schemas"]}
        self.assertEqual(schemas - found, set(), "schemas that nothing uses")

    def test_no_text_was_cut_by_a_comma(self):
        """In braces YAML takes the rest of an unquoted text behind a comma for a field without a value."""

        def empty(value, path):
            if isinstance(value, dict):
                for name, inner in value.items():
                    if inner is None and name != "address":
                        yield f"{path}.{name}"
                    yield from empty(inner, f"{path}.{name}")
            elif isinstance(value, list):
                for inner in value:
                    yield from empty(inner, path)

        self.assertEqual(list(empty(self.document, "$")), [])

    def test_every_type_of_swift_has_a_message_and_no_other(self):
        swift = (root / "Sources" / "Messages" / "CloudEvent.swift").read_text()
        cases = dict(re.findall(r'^    case (\w+) = "(dev\.sheaf\.[\w.]+)"$', swift, flags=re.M))
        self.assertGreater(len(cases), 10)
        self.assertEqual({name: message["name"] for name, message in self.contract.messages.items()}, cases)
        for name, message in self.contract.messages.items():
            event_type = self.contract.flat(message["payload"])[-1]["properties"]["type"]["const"]
            self.assertEqual(message["bindings"]["amqp"]["messageType"], message["name"])
            self.assertEqual(event_type, message["name"], name)

    def test_every_channel_with_keys_is_used_and_every_message_has_a_channel(self):
        used = {operation["channel"]["$ref"].split("/")[-1] for operation in self.document["operations"].values()}
        channels = self.document["channels"]
        keyed = {name for name, channel in channels.items() if channel["bindings"]["amqp"]["is"] == "routingKey"}
        self.assertEqual(keyed - used, set())
        carried = {message for name in used | {"replyTo"} for message in channels[name]["messages"]}
        self.assertEqual(carried, set(self.contract.messages))

    def test_every_field_has_a_meaning(self):
        missing = []

        def look(schema, path):
            for name, field in schema.get("properties", {}).items():
                parts = self.contract.flat(field)
                composite = any("properties" in part or "items" in part for part in parts)
                if not composite and not any("description" in part or "const" in part for part in parts):
                    missing.append(f"{path}.{name}")
                if "$ref" not in field:
                    look(field, f"{path}.{name}")
            if "$ref" not in schema.get("items", {}):
                look(schema.get("items", {}), path + "[]") if "items" in schema else None

        for name, schema in self.document["components"]["schemas"].items():
            look(schema, name)
        self.assertEqual(missing, [])


class GoldenTests(unittest.TestCase):
    def setUp(self):
        self.contract = contract.Contract()

    def test_every_pinned_message_is_as_described(self):
        events = contract.golden()
        self.assertGreater(len(events), 20)
        for name, event in events.items():
            with self.subTest(name):
                self.assertEqual(self.contract.event_problems(event), [])

    def test_the_examples_are_the_pinned_messages(self):
        examples = {
            example["name"]: example["payload"] for message in self.contract.messages.values() for example in message["examples"]
        }
        self.assertEqual(examples, contract.golden())
        for name, message in self.contract.messages.items():
            self.assertTrue(message["examples"], name)
            for example in message["examples"]:
                self.assertEqual(example["payload"]["type"], message["name"])

    def test_the_examples_would_be_written_as_they_are(self):
        text = contract.document.read_text()
        self.assertEqual(contract.with_examples(text), text)
        self.assertIn("\nchannels:\n  only: this\n\n#", contract.with_channels(text, "channels:\n  only: this"))

    def test_a_message_that_lacks_a_field_or_has_another_is_found(self):
        """Each field that Swift needs, taken away, and one that nobody knows, added."""
        taken = 0
        for name, event in contract.golden().items():
            for path, required in self.objects(event, event["type"]):
                for field in required:
                    broken = copy.deepcopy(event)
                    self.at(broken, path).pop(field)
                    taken += 1
                    self.assertTrue(self.contract.event_problems(broken), f"{name} without {path + [field]}")
            extended = copy.deepcopy(event)
            extended["data"]["surprise"] = 1
            self.assertEqual(self.contract.event_problems(extended), ["$.data.surprise is not described"], name)
        self.assertGreater(taken, 200)

    def objects(self, event, kind):
        """Paths of the objects in an event, with the fields that their schema requires."""
        found = []

        def look(value, schemas, path):
            parts = [part for schema in schemas for part in self.contract.flat(schema)]
            if isinstance(value, list):
                for place, element in enumerate(value):
                    look(element, [part["items"] for part in parts if "items" in part], path + [place])
            if isinstance(value, dict):
                # What a choice requires (oneOf) is required only of one of its kind.
                direct = {field for schema in schemas for part in self.direct(schema) for field in part.get("required", [])}
                found.append((path, sorted(direct)))
                for name, inner in value.items():
                    look(inner, [part["properties"][name] for part in parts if name in part.get("properties", {})], path + [name])

        look(event, [self.contract.messages[self.contract.by_type[kind]]["payload"]], [])
        return found

    def direct(self, schema):
        if "$ref" in schema:
            return self.direct(self.contract.resolve(schema["$ref"]))
        return [schema] + [part for inner in schema.get("allOf", []) for part in self.direct(inner)]

    @staticmethod
    def at(value, path):
        for step in path:
            value = value[step]
        return value


class MessageTests(unittest.TestCase):
    """What `scripts/contract check` says of messages that were caught."""

    def setUp(self):
        self.contract = contract.Contract()
        self.event = contract.golden()["trigger-backup"]

    def problems(self, exchange="sheaf.trigger", key="trigger.backup.nightly", **properties):
        return self.contract.message_problems(exchange, key, PROPERTIES | properties, json.dumps(self.event))

    def test_a_trigger_is_as_described(self):
        self.assertEqual(self.problems(), [])
        self.assertEqual(self.problems(messageId=self.event["id"], type=self.event["type"], replyTo="mine"), [])
        self.assertEqual(self.problems(replyTo="sheaf.reply.scheduler", traceparent="t") != [], True)

    def test_another_channel_is_a_problem(self):
        for exchange, key in [
            ("sheaf.event", "trigger.backup.nightly"),
            ("sheaf.trigger", "trigger.dump.nightly"),
            ("sheaf.trigger", "trigger.backup.a.b"),
            ("sheaf.trigger", "apply"),
            ("elsewhere", "trigger.backup.nightly"),
        ]:
            self.assertEqual(len(self.problems(exchange, key)), 1, (exchange, key))

    def test_properties_that_disagree_are_problems(self):
        for properties in [
            {"contentType": "application/json"},
            {"messageId": "another"},
            {"type": "dev.sheaf.query.v1"},
            {"replyTo": "sheaf.unit.backup"},
            {"sheaf-attempt": -1},
            {"sheaf-surprise": 1},
        ]:
            self.assertEqual(len(self.problems(**properties)), 1, properties)
        self.assertEqual(self.problems(**{"x-death": [], "sheaf-attempt": 2}), [])

    def test_a_file_of_messages_is_checked_to_its_end(self):
        good = {"exchange": "sheaf.trigger", "key": "trigger.backup.nightly", "properties": PROPERTIES, "body": json.dumps(self.event)}
        for messages, status in [([good, good], 0), ([good, good | {"key": "nothing"}], 1), ([], 1)]:
            with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file, redirect_stdout(StringIO()) as output:
                file.write("".join(json.dumps(message) + "\n" for message in messages))
                file.flush()
                self.assertEqual(contract.check(file.name), status)
            self.assertIn(f"{len(messages)} messages", output.getvalue().splitlines()[-1])


if __name__ == "__main__":
    unittest.main()
