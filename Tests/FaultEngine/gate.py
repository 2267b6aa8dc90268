#!/usr/bin/python3
"""A gate in front of an engine, for tests: TLS with any certificate, and logins that the engine itself does not know.

  Tests/FaultEngine/gate.py URL [--upstream-ca FILE] [--as USER:PASSWORD] [--certificate FILE --key FILE [--client-ca FILE]]
                            [--bearer TOKEN | --api-key KEY | --sign-as ID:SECRET:TOKEN:REGION:SERVICE]

It prints one line, its address, when it is ready, and runs until it is ended. A request without the login that is demanded is answered as
the product would that the gate stands for: 401 of Elasticsearch, 403 of an Amazon gateway. Signatures are computed anew with botocore,
from the request as it came over the wire. `GET /_gate/counts` tells how many requests passed and how many did not.
"""

import argparse
import asyncio
import base64
import hashlib
import json
import ssl
import sys
from urllib.parse import quote, unquote

sys.dont_write_bytecode = True
from wire import Upstream, read_message, response, serve  # noqa: E402


def signature_problem(request, identity):
    """Why an Amazon gateway would refuse the request; None when it would not."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    key, secret, token, region, service = identity
    given = request.header("authorization") or ""
    if not given.startswith("AWS4-HMAC-SHA256 "):
        return "Missing Authentication Token"
    fields = dict(part.strip().split("=", 1) for part in given.removeprefix("AWS4-HMAC-SHA256 ").split(","))
    digest = request.header("x-amz-content-sha256")
    if digest is None:
        return "The header x-amz-content-sha256 is missing"
    if digest != hashlib.sha256(request.body).hexdigest():
        return "The header x-amz-content-sha256 is not that of the body"
    if token and request.header("x-amz-security-token") != token:
        return "The security token included in the request is invalid."
    if not fields["Credential"].startswith(f"{key}/"):
        return "The security token included in the request is invalid."
    moment = request.header("x-amz-date")
    if fields["Credential"] != f"{key}/{moment[:8]}/{region}/{service}/aws4_request":
        return f"Credential should be scoped to a valid region and to correct service: '{service}'."
    if not {"host", "x-amz-date", "x-amz-content-sha256"} <= set(fields["SignedHeaders"].split(";")):
        return "A header that must be signed is not"
    # The gateway decodes what it gets and encodes it in its own way: a request that spelt anything else would not match.
    path, _, query = request.target.partition("?")
    path = "/".join(quote(unquote(segment), safe="~") for segment in path.split("/"))
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    query = "&".join(sorted(f"{quote(unquote(name), safe='~')}={quote(unquote(value), safe='~')}" for name, _, value in pairs))
    copy = AWSRequest(method=request.method, url=f"https://{request.header('host')}{path}" + (f"?{query}" if query else ""))
    for name in fields["SignedHeaders"].split(";"):
        copy.headers[name] = request.header(name)
    copy.context["timestamp"] = moment
    signer = SigV4Auth(Credentials(key, secret, token or None), service, region)
    canonical = signer.canonical_request(copy)
    if signer.signature(signer.string_to_sign(copy, canonical), copy) != fields["Signature"]:
        return "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method."
    return None


class Gate:
    def __init__(self, arguments):
        self.arguments = arguments
        self.counts = {"passed": 0, "refused": 0, "problems": []}
        self.authorization = None
        if arguments.as_user:
            self.authorization = "Basic " + base64.b64encode(arguments.as_user.encode()).decode()

    def refusal(self, request):
        given = request.header("authorization") or ""
        if self.arguments.sign_as:
            problem = signature_problem(request, self.arguments.sign_as.split(":"))
            if problem is not None:
                self.counts["problems"].append(f"{request.start}: {problem}")
                return response(403, json.dumps({"message": problem}).encode())
        for scheme, wanted in (("Bearer", self.arguments.bearer), ("ApiKey", self.arguments.api_key)):
            if wanted and given != f"{scheme} {wanted}":
                reason = {"type": "security_exception", "reason": "unable to authenticate with provided credentials"}
                return response(401, json.dumps({"error": {"root_cause": [reason], **reason}, "status": 401}).encode())
        return None

    async def handle(self, reader, writer):
        upstream = Upstream(self.arguments.url, self.arguments.upstream_ca, self.authorization)
        try:
            while (request := await read_message(reader)) is not None:
                if request.path == "/_gate/counts":
                    answer = response(200, json.dumps(self.counts).encode())
                else:
                    answer = self.refusal(request)
                    self.counts["passed" if answer is None else "refused"] += 1
                    answer = answer or await upstream.ask(request)
                writer.write(answer.serialized(with_body=request.method != "HEAD"))
                await writer.drain()
        finally:
            upstream.close()

    def context(self):
        if not self.arguments.certificate:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.arguments.certificate, self.arguments.key)
        if self.arguments.client_ca:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.arguments.client_ca)
        return context


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--upstream-ca")
    parser.add_argument("--as", dest="as_user")
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--client-ca")
    parser.add_argument("--bearer")
    parser.add_argument("--api-key")
    parser.add_argument("--sign-as")
    gate = Gate(parser.parse_args())
    asyncio.run(serve(gate.handle, gate.context()))
