#!/usr/bin/env python3
# Sends a complete BackupSession straight to the workers, with no Scheduler running, and waits for its final status on a queue of its own.
# Exits 0 when the session Succeeded, 1 when it Failed, 8 after an hour without a status. Publishing it again under the same id is harmless.
# Rights: write to the exchange sheaf.command, which takes the trust that a worker has (docs/protocol.md), and a queue of one's own.
"""usage: AMQP_URL=amqp://user:password@host/ session_without_scheduler.py MANIFESTS [ID]

MANIFESTS: a YAML file with an AppBinding and a Repository, both as the workers have them, and a BackupConfiguration."""
import datetime, json, os, re, sys, uuid
import pika, pika.exceptions, yaml


def fail(kind, error, trace):
    """One sentence on standard error; exits 5 for a right that the user lacks, 6 for a broker that is not there or refuses, else 1."""
    print(f"{os.path.basename(sys.argv[0])}: {error or kind.__name__!r}", file=sys.stderr, flush=True)
    sys.stdout.flush()
    is_broker = isinstance(error, (pika.exceptions.AMQPError, OSError))
    is_right = isinstance(error, pika.exceptions.ChannelClosedByBroker) and error.reply_code == 403
    os._exit(5 if is_right else 6 if is_broker else 1)


sys.excepthook = fail
if not 2 <= len(sys.argv) <= 3:
    sys.exit(__doc__)
with open(sys.argv[1]) as file:
    resources = {resource["kind"]: resource for resource in yaml.safe_load_all(file) if resource}
session = sys.argv[2] if len(sys.argv) == 3 else uuid.uuid4().hex  # the same id is the same session, for ever
plan = resources["BackupConfiguration"]["metadata"]
word = re.sub(rb"[^A-Za-z0-9_]", b"-", plan["name"].encode()[:120]).decode()  # the plan's name in routing keys
channel = pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"])).channel()
channel.confirm_delivery()
queue = channel.queue_declare("", exclusive=True).method.queue
command = {"kind": "backup", "id": session, "name": f"{plan['name']}-{session[:8]}", "namespace": plan.get("namespace", "default"),
           "requestedAt": datetime.datetime.now(datetime.timezone.utc).isoformat(), "target": resources["AppBinding"],
           "repository": resources["Repository"], "configuration": resources["BackupConfiguration"]}
event = {"specversion": "1.0", "id": f"{session}/session", "source": "/examples/session_without_scheduler", "subject": session,
         "type": "dev.sheaf.session.backup.v1", "data": command}
properties = pika.BasicProperties(content_type="application/cloudevents+json", type=event["type"], message_id=event["id"],
                                  correlation_id=session, delivery_mode=2, reply_to=queue)
channel.basic_publish("sheaf.command", f"session.backup.{word}", json.dumps(event), properties, mandatory=True)
print(f"session {session}")

for method, _, body in channel.consume(queue, auto_ack=True, inactivity_timeout=3600):
    status = json.loads(body)["data"] if method else sys.exit(8)
    print(status["phase"], status.get("snapshot", ""), status.get("error", ""))
    if status["phase"] in ("Succeeded", "Failed", "Skipped"):
        sys.exit(0 if status["phase"] == "Succeeded" else 1)
