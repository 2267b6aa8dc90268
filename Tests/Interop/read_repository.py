#!/usr/bin/env python3
"""Reads a repository from docs/repository-format.md alone: checks every manifest and segment, prints the documents.

usage: read_repository.py REPOSITORY [--print]      needs PyPI's zstandard; exits 1 at the first damage
"""
import hashlib
import json
import pathlib
import struct
import sys

import zstandard

HEADER, ENTRY, BASE = 52, 64, 120


def fail(what):
    sys.exit(f"damaged: {what}")


def check(condition, what):
    if not condition:
        fail(what)


def read_segment(path):
    """Yields (kind, frame bytes, documents) after every check of section 3.4 and full verification."""
    data = path.read_bytes()
    check(hashlib.sha256(data).hexdigest() == path.name, f"{path}: name")
    check(path.parent.name == path.name[:2], f"{path}: folder")
    check(data[-8:] == b"SHEAFEND", f"{path}: end mark")
    kind, encryption, version, length = struct.unpack("<BBHI", data[-48:-40])
    trailer = data[-length:]
    check(hashlib.sha256(trailer[:-40]).digest() == data[-40:-8], f"{path}: trailer digest")
    check((version, encryption) == (1, 0) and kind in (1, 2), f"{path}: version")
    check(struct.unpack("<II", trailer[:8]) == (0x184D2A5E, length - 8), f"{path}: trailer frame")
    salt = data[-80:-48]
    header = struct.pack("<II8sHBB", 0x184D2A53, 44, b"SHEAFSEG", 1, kind, 0) + salt
    check(data[:HEADER] == header, f"{path}: header")
    count, documents, plain, size = struct.unpack("<4Q", data[-112:-80])
    check(length == BASE + ENTRY * count and size == len(data), f"{path}: totals")
    position, sums = HEADER, [0, 0]
    for index in range(count):
        start = 8 + ENTRY * index
        offset, stored, plain_bytes, frame_documents = struct.unpack("<4Q", trailer[start : start + 32])
        frame = data[offset : offset + stored]
        check(offset == position, f"{path}: frame {index} offset")
        check(hashlib.sha256(frame).digest() == trailer[start + 32 : start + 64], f"{path}: frame {index} digest")
        content = zstandard.ZstdDecompressor().decompress(frame, max_output_size=plain_bytes)
        check(len(content) == plain_bytes, f"{path}: frame {index} size")
        check(sum(1 for _ in documents_of(kind, content)) == frame_documents, f"{path}: frame {index} documents")
        position += stored
        sums = [sums[0] + frame_documents, sums[1] + plain_bytes]
        yield kind, content, frame_documents
    check(position + length == len(data) and sums == [documents, plain], f"{path}: sums")


def documents_of(kind, content):
    """Yields (action, source bytes)."""
    position = 0
    while position < len(content):
        end = content.index(b"\n", position)
        action = json.loads(content[position:end])
        if kind == 1:
            last = content.index(b"\n", end + 1)
        else:
            last = end + 1 + action.pop("length")
        check(content[last : last + 1] == b"\n", "document without its line feed")
        yield action, content[end + 1 : last]
        position = last + 1


def read_manifest(path):
    """Returns (index, segments) of a checked manifest."""
    data = path.read_bytes()
    check(hashlib.sha256(data).hexdigest() == path.name, f"{path}: name")
    lines = [json.loads(line) for line in data.decode().splitlines()]
    check(all(len(line) == 1 for line in lines), f"{path}: members")
    index, end = lines[0]["index"], lines[-1]["end"]
    segments = [line["segment"] for line in lines[1:-1]]
    check(end["segments"] == len(segments), f"{path}: number of segments")
    for name in ("documents", "plainBytes", "storedBytes"):
        check(end[name] == sum(segment[name] for segment in segments), f"{path}: {name}")
    check((end["documents"], end["plainBytes"]) == (index["documents"], index["plainBytes"]), f"{path}: totals of the index")
    json.loads(index["definition"])
    return index, segments


def read_objects(path):
    """Returns (header, objects) of a checked manifest of objects."""
    data = path.read_bytes()
    check(hashlib.sha256(data).hexdigest() == path.name, f"{path}: name")
    lines = [json.loads(line) for line in data.decode().split("\n")[:-1]]
    check(all(len(line) == 1 for line in lines), f"{path}: members")
    objects, end = [line["object"] for line in lines[1:-1]], lines[-1]["end"]
    check(end["objects"] == len(objects), f"{path}: number of objects")
    check(end["bytes"] == sum(len(object["body"].encode()) for object in objects), f"{path}: bytes")
    for object in objects:
        json.loads(object["body"])
    return lines[0]["objects"], objects


def main():
    root = pathlib.Path(sys.argv[1])
    stamp = json.loads((root / "FORMAT").read_text())
    check((stamp["format"], stamp["version"]) == ("sheaf", 1), "FORMAT")
    check(not stamp["features"]["read"] and stamp["algorithms"]["encryption"] == "none", "FORMAT: unknown feature")
    for path in sorted((root / "manifests").iterdir()):
        if path.read_bytes().startswith(b'{"objects":'):
            header, objects = read_objects(path)
            if "--print" not in sys.argv:
                print(f"{header['distribution']} {header['serverVersion']}: {len(objects)} objects, whole")
            continue
        index, segments = read_manifest(path)
        for segment in segments:
            total = 0
            for kind, content, documents in read_segment(root / "segments" / segment["id"][:2] / segment["id"]):
                check(kind == {"bulk": 1, "exact": 2}[segment["kind"]], f"{segment['id']}: kind")
                total += documents
                if "--print" in sys.argv:
                    for action, source in documents_of(kind, content):
                        sys.stdout.buffer.write(json.dumps(action, separators=(",", ":")).encode() + b"\n" + source + b"\n")
            check(total == segment["documents"], f"{segment['id']}: documents")
        if "--print" not in sys.argv:
            print(f"{index['name']}: {index['documents']} documents in {len(segments)} segments, whole")


main()
