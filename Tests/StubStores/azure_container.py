"""Makes a container in an Azure Blob Storage, if it is not there: Azurite starts without any.

  Tests/StubStores/azure_container.py URL ACCOUNT KEY CONTAINER

URL is the server's, to which the account's name is added, as Azurite has it.
"""

import base64
import hashlib
import hmac
import sys
from email.utils import formatdate
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

VERSION = "2021-12-02"


def main():
    url, account, key, container = sys.argv[1:]
    date = formatdate(usegmt=True)
    # "Authorize with Shared Key": twelve lines, of which this request needs the first alone, then headers and resource.
    text = "PUT" + "\n" * 12 + f"x-ms-date:{date}\nx-ms-version:{VERSION}\n/{account}/{account}/{container}\nrestype:container"
    code = hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()
    headers = {
        "Authorization": f"SharedKey {account}:{base64.b64encode(code).decode()}",
        "Content-Length": "0",
        "x-ms-date": date,
        "x-ms-version": VERSION,
    }
    request = Request(f"{url}/{account}/{container}?restype=container", method="PUT", headers=headers)
    try:
        build_opener(ProxyHandler({})).open(request, timeout=30).close()
    except HTTPError as error:
        if error.headers.get("x-ms-error-code") != "ContainerAlreadyExists":
            raise


if __name__ == "__main__":
    main()
