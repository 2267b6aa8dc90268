"""moto's S3 for tests: checks signatures and rights, and decides conditional puts one request at a time.

    python s3.py --port P --bucket B --settings FILE

moto looks for the key and stores the object in two steps, between which another thread may do the same; S3 promises one step, which a lock
around each request makes of them. A user, its keys and a bucket are made first (and written to FILE as BUCKET=…, KEY=…, SECRET=…): moto lets exactly so
many requests pass unsigned as INITIAL_NO_AUTH_ACTION_COUNT says.
"""

import argparse
import contextlib
import io
import json
import os
import threading

SETUP_REQUESTS = 4
os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = str(SETUP_REQUESTS)

import botocore.session  # noqa: E402  moto reads the variable when it is imported
from botocore.config import Config  # noqa: E402
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app  # noqa: E402
from werkzeug.serving import WSGIRequestHandler, make_server  # noqa: E402


class Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"  # connections stay open

    def log_request(self, code="-", size="-"):
        pass


def one_at_a_time(application):
    lock = threading.Lock()

    def serve(environ, start_response):
        # Bodies come in before the lock, or a slow sender would hold up everyone.
        environ["wsgi.input"] = io.BytesIO(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
        with lock:
            return list(application(environ, start_response))

    return serve


@contextlib.contextmanager
def serving(application, port):
    server = make_server("127.0.0.1", port, application, threaded=True, request_handler=Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def prepare(url, bucket):
    session = botocore.session.Session()
    options = {
        "endpoint_url": url,
        "region_name": "us-east-1",
        "aws_access_key_id": "setup",
        "aws_secret_access_key": "setup",
        "config": Config(s3={"addressing_style": "path"}, proxies={}, retries={"max_attempts": 1}),
    }
    iam = session.create_client("iam", **options)
    iam.create_user(UserName="sheaf")
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_user_policy(UserName="sheaf", PolicyName="all", PolicyDocument=json.dumps(everything))
    keys = iam.create_access_key(UserName="sheaf")["AccessKey"]
    session.create_client("s3", **options).create_bucket(Bucket=bucket)
    return keys


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--bucket", required=True)
    parser.add_argument("--settings", required=True)
    arguments = parser.parse_args()
    application = one_at_a_time(DomainDispatcherApplication(create_backend_app))
    # At a port of its own, so that no stranger's request is counted among the unsigned ones.
    with serving(application, 0) as port:
        keys = prepare(f"http://127.0.0.1:{port}", arguments.bucket)
    with open(arguments.settings, "w") as file:
        file.write(f"BUCKET={arguments.bucket}\nKEY={keys['AccessKeyId']}\nSECRET={keys['SecretAccessKey']}\n")
    make_server("127.0.0.1", arguments.port, application, threaded=True, request_handler=Handler).serve_forever()


main()
