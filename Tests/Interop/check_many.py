"""Checks many repositories by recover.py, in one process.

usage: check_many.py LIST PASSWORD_FILE

LIST has a line a repository: its folder, a tab, and the key of an object that a test has spoiled, or nothing. A spoiled object must be found
where it is found at all; anything else that is found is told. Prints the number of objects looked at last.
"""

import contextlib
import functools
import io
import pathlib
import sys

sys.dont_write_bytecode = True  # the folder is one of the sources
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Sources/Archive/Recovery"))
import recover  # noqa: E402

# All are copies of one repository, so their keys need opening once.
recover.scrypt = functools.cache(recover.scrypt)


def check(root, spoiled, password):
    """Returns the number of objects and the findings that the spoiled object does not explain."""
    repository = recover.Repository(root, password)
    repository.unlock()
    run = recover.Check(repository, True)
    with contextlib.redirect_stdout(io.StringIO()) as said:
        run.run()
    findings = [line for line in said.getvalue().splitlines() if not spoiled or spoiled not in line]
    return run.objects, findings


def main():
    password = pathlib.Path(sys.argv[2]).read_bytes()
    objects, broken = 0, 0
    for line in pathlib.Path(sys.argv[1]).read_text().split("\n"):
        root, spoiled = line.split("\t")
        number, findings = check(root, spoiled, password)
        objects += number
        for finding in findings:
            broken += 1
            print(f"{root}: {finding}")
    print(objects)
    sys.exit(1 if broken else 0)


main()
