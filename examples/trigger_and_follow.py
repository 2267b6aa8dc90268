#!/usr/bin/env python3
# Starts a backup of a plan through a Scheduler and follows it to its end: a trigger with an idempotency key, its answer, and the events.
# Exits 0 when the session Succeeded, 1 when it Failed, 4 when there is no such plan, 8 after an hour without an event.
# Rights: write to the exchange sheaf.trigger, read from sheaf.event, and a queue of one's own (here one that the broker names).
"""usage: AMQP_URL=amqp://user:password@host/ trigger_and_follow.py PLAN [KEY [NAMESPACE]]"""
import json, os, re, sys, uuid
import pika, pika.exceptions


def fail(kind, error, trace):
    """One sentence on standard error; exits 5 for a right that the user lacks, 6 for a broker that is not there or refuses, else 1."""
    print(f"{os.path.basename(sys.argv[0])}: {error or kind.__name__!r}", file=sys.stderr, flush=True)
    sys.stdout.flush()
    is_broker = isinstance(error, (pika.exceptions.AMQPError, OSError))
    is_right = isinstance(error, pika.exceptions.ChannelClosedByBroker) and error.reply_code == 403
    os._exit(5 if is_right else 6 if is_broker else 1)


sys.excepthook = fail
if not 2 <= len(sys.argv) <= 4:
    sys.exit(__doc__)
plan, key, namespace = (sys.argv[1:] + [str(uuid.uuid4()), "default"][len(sys.argv) - 2 :])[:3]
word = re.sub(rb"[^A-Za-z0-9_]", b"-", plan.encode()[:120]).decode()  # the plan's name in routing keys
channel = pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"])).channel()
channel.confirm_delivery()
queue = channel.queue_declare("", exclusive=True).method.queue
channel.queue_bind(queue, "sheaf.event", f"backup.{word}.#")  # before the trigger, so that no event is missed
event = {"specversion": "1.0", "id": str(uuid.uuid4()), "source": "/examples/trigger_and_follow", "type": "dev.sheaf.trigger.v1",
         "data": {"subject": {"backup": {"namespace": namespace, "name": plan}}, "idempotencyKey": key}}
properties = pika.BasicProperties(content_type="application/cloudevents+json", type=event["type"], message_id=event["id"],
                                  delivery_mode=2, reply_to=queue)
channel.basic_publish("sheaf.trigger", f"trigger.backup.{word}", json.dumps(event), properties, mandatory=True)

session, waiting = None, []  # events may come before the answer that names the session
for method, _, body in channel.consume(queue, auto_ack=True, inactivity_timeout=3600):
    if method is None:
        sys.exit(8)
    message = json.loads(body)
    if message["type"] != "dev.sheaf.reply.v1":
        waiting.append(message)
    elif "refused" in message["data"]:
        print(f"refused: {message['data']['refused']['message']}")
        sys.exit(4 if message["data"]["refused"]["code"] == "notFound" else 5)
    else:
        session = message["data"]["accepted"]["session"]
        print(f"session {session}")
    while session and waiting:
        kind, data = waiting[0]["type"], waiting.pop(0)["data"]
        if kind == "dev.sheaf.unit.progress.v1" and data["session"] == session:
            print(f"{data['index']}: {data['documents']} documents, {data['state']}")
        if kind == "dev.sheaf.session.status.v1" and data["session"] == session and data["phase"] not in ("Pending", "Running"):
            print(data["phase"], data.get("snapshot", ""), data.get("error", ""))
            sys.exit(0 if data["phase"] == "Succeeded" else 1)
