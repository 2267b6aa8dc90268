#!/usr/bin/env python3
"""Reads a repository of sheaf without sheaf. Needs Python 3.9 and: pip install zstandard cryptography

usage: recover.py PATH list
       recover.py PATH show SNAPSHOT
       recover.py PATH cat SNAPSHOT --index NAME [--exact]
       recover.py PATH definition SNAPSHOT --index NAME
       recover.py PATH objects SNAPSHOT
       recover.py PATH segment ID
       recover.py PATH check [--full]

PATH is the folder that holds FORMAT: the repository, or a copy of its bucket. SNAPSHOT is an id, a part that no other has, or latest.
The password of an encrypted repository is what --password-file FILE holds, or SHEAF_PASSWORD, or RESTIC_PASSWORD.

list         each snapshot with its moment, target, indices, documents, tags
show         the outcome's summary of one snapshot, and its tags, as JSON
cat          the documents as lines that _bulk takes; raw line ends in a document become spaces, or with --exact it is printed as it is stored
definition   settings, mappings and aliases of an index, as JSON
objects      templates, pipelines and what else was saved, a line of JSON each
segment      the plain bytes of one segment, for example of documents that a restore's target refused
check        looks for damage: every object but documents; with --full every stored byte. A line a finding

exit status: 0 done, nothing found; 1 damage; 2 cannot be done as asked; 3 the password opens nothing

Written from docs/repository-format.md alone, whose sections the comments name.
"""
import argparse
import hashlib
import hmac
import io
import json
import os
import re
import struct
import sys

SMALL = 64 << 20  # bytes of a line, of an object that is held whole, and of a segment's table: more is damage
CHUNK = 1 << 20  # plain bytes of a sealed object's chunk; also what is read at a time
HEX = "[0-9a-f]"
NAME = "[A-Za-z0-9_~-][A-Za-z0-9._~-]*"
KINDS = {"bulk": 1, "exact": 2}

# Section 1: every name that an object may have.
NAMES = {
    "fixed": re.compile("FORMAT|RECOVERY\\.md|recover\\.py"),
    "key": re.compile(f"keys/({HEX}{{32}})"),
    "segment": re.compile(f"segments/({HEX}{{2}})/(\\1{HEX}{{62}})"),
    "inventory": re.compile(f"inventory/({HEX}{{2}})/(\\1{HEX}{{62}})"),
    "manifest": re.compile(f"manifests/({HEX}{{64}})"),
    "entry": re.compile("sessions/([a-z0-9-]{1,64})/(begin|plan|final|(view|done)/(\\d+)/(\\d+)|(part)/(\\d+)/(\\d+)-(\\d+))"),
    "outcome": re.compile("outcomes/(\\d{8}T\\d{6}Z-[a-z0-9-]{1,64})"),
    "mark": re.compile(f"marks/({NAME})/(\\d{{8}})"),
    "forgotten": re.compile(f"forgotten/({NAME})"),
    "pin": re.compile(f"pins/({NAME})"),
    "collection": re.compile(f"gc/({NAME})"),
    "check": re.compile(f"checks/({NAME})"),
    "probe": re.compile(f"probe/({NAME})"),
}
# Members that the objects must have, by kind of object or of entry (section 6, docs/protocol.md).
MEMBERS = {
    "begin": {"nonce": str, "digest": str, "startedAt": str, "deadline": str},
    "plan": {"nonce": str, "indices": list, "slices": list, "window": int},
    "view": {"nonce": str, "documents": int, "openedAt": str},
    "part": {"nonce": str, "documents": int, "bytes": int, "storedBytes": int, "segments": list},
    "done": {"nonce": str, "parts": int, "documents": int, "bytes": int, "storedBytes": int},
    "final": {"nonce": str, "status": dict},
    "outcome": {"nonce": str, "decidedAt": str, "verdict": dict},
    "mark": {"nonce": str, "at": str},
    "forgotten": {"nonce": str, "at": str},
    "pin": {"nonce": str, "at": str, "until": str},
    "collection": {"nonce": str, "at": str, "keys": list},
    "check": {},
}


class Damage(Exception):
    """Stored bytes are not what was written, or are gone."""


class Refusal(Exception):
    """What was asked cannot be done; the repository may be whole."""

    status = 2


class WrongPassword(Refusal):
    status = 3


try:
    import zstandard
except ImportError:
    sys.exit("recover.py: this needs a package that is not installed; run: python3 -m pip install zstandard cryptography")


def require(condition, what):
    if not condition:
        raise Damage(what)


def parse(text, what):
    """JSON; objects with two members of one name are damage."""

    def members(pairs):
        found = dict(pairs)
        require(len(found) == len(pairs), f"{what}: a member stands twice")
        return found

    try:
        return json.loads(text, object_pairs_hook=members)
    except (ValueError, RecursionError):
        raise Damage(f"{what}: it is not JSON") from None


def member(value, name, kind, what):
    """A member of the type; numbers are not negative."""
    require(isinstance(value, dict), f"{what}: it is no JSON object")
    found = value.get(name)
    good = isinstance(found, kind) and not (kind is int and (isinstance(found, bool) or found < 0))
    require(good, f"{what}: its member {name} is missing or no {kind.__name__}")
    return found


def digits(value, count, what):
    """The bytes of so many hexadecimal digits."""
    require(isinstance(value, str) and re.fullmatch(f"{HEX}{{{count}}}", value), f"{what}: it has not {count} hexadecimal digits")
    return bytes.fromhex(value)


def derive(key, salt, info):
    """HKDF-SHA256 (RFC 5869), one block of 32 bytes."""
    return hmac.new(hmac.new(salt, key, hashlib.sha256).digest(), info + b"\x01", hashlib.sha256).digest()


def cipher(key):
    """AES-256-GCM; its decrypt takes nonce, ciphertext with tag, associated data."""
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError:
        raise Refusal("an encrypted repository needs one more package; run: python3 -m pip install cryptography") from None
    return AESGCM(key)


def unseal(key, nonce, text, associated, what):
    from cryptography.exceptions import InvalidTag

    require(len(text) >= 16, f"{what}: it is too short to be sealed")
    try:
        return cipher(key).decrypt(nonce, text, associated)
    except InvalidTag:
        raise Damage(f"{what}: it was changed, or stands in another's place") from None


def scrypt(password, salt, log_n, r, p):
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    return Scrypt(salt=salt, length=32, n=1 << log_n, r=r, p=p).derive(password)


class KeyObject:
    """Section 5.1: the repository's epochs, wrapped with one password."""

    def __init__(self, text, what, repository):
        value = parse(text, what)
        stated = member(value, "check", str, what)
        # The members are sorted, so the check comes first; what is left without it and the line feed is digested.
        prefix = f'{{"check":"{stated}",'.encode()
        rest = b"{" + text[len(prefix) : -1]
        whole = text.startswith(prefix) and text.endswith(b"\n") and hashlib.sha256(rest).hexdigest() == stated
        require(whole, f"{what}: its bytes are not those of its check")
        if member(value, "version", int, what) != 1:
            raise Refusal(f"{what}: version {value['version']} is newer than this script")
        # Of a creator that came second and died: nobody's (section 5.1).
        self.is_foreign = member(value, "repository", str, what) != repository
        self.epochs = [digits(epoch, 32, what) for epoch in member(value, "epochs", list, what)]
        kdf = member(value, "kdf", dict, what)
        self.cost = [member(kdf, name, int, what) for name in ("logN", "r", "p")]
        bounds = zip(self.cost, (10, 1, 1), (21, 16, 1))
        good = kdf.get("name") == "scrypt" and all(low <= n <= high for n, low, high in bounds)
        require(good and 128 * self.cost[1] << self.cost[0] <= 256 << 20, f"{what}: its kdf is out of bounds")
        self.salt = digits(kdf.get("salt"), 64, what)
        sealed = member(value, "sealed", str, what)
        require(re.fullmatch(f"({HEX}{HEX}){{28,}}", sealed), f"{what}: sealed is too short")
        self.sealed, self.what, self.repository = bytes.fromhex(sealed), what, repository

    def open(self, password):
        """Epochs by id; none where the password is another."""
        try:
            key = scrypt(password, self.salt, *self.cost)
            plain = unseal(key, self.sealed[:12], self.sealed[12:], self.repository.encode(), self.what)
        except Damage:
            return {}
        epochs = member(parse(plain, self.what), "epochs", list, self.what)
        keys = [(member(epoch, "id", str, self.what), member(epoch, "key", str, self.what)) for epoch in epochs]
        keys = {digits(id, 32, self.what): digits(key, 64, self.what) for id, key in keys}
        require(list(keys) == self.epochs, f"{self.what}: it holds other epochs than it names")
        return keys


class Repository:
    """Objects of a folder as plain bytes."""

    def __init__(self, root, password):
        self.root, self.password = root, password
        if not os.path.isfile(self.path("FORMAT")):
            raise Refusal(f"{root} holds no FORMAT, so it is no repository: give the folder that does")
        stamp = parse(self.stored("FORMAT"), "FORMAT")
        if (stamp.get("format"), stamp.get("version")) != ("sheaf", 1):  # Section 2: before anything else
            raise Refusal(f"FORMAT is of {stamp.get('format')!r}, version {stamp.get('version')!r}; this script reads sheaf, version 1")
        features = member(stamp, "features", dict, "FORMAT")
        algorithms = member(stamp, "algorithms", dict, "FORMAT")
        unknown = [f"feature {name}" for name in member(features, "read", list, "FORMAT")]
        known = {"digest": ("sha-256",), "compression": ("zstd",), "encryption": ("none", "aes-256-gcm")}
        unknown += [f"{name} {algorithms.get(name)}" for name in known if algorithms.get(name) not in known[name]]
        if unknown:
            raise Refusal(f"FORMAT asks for what this script does not know: {', '.join(unknown)}")
        self.id = member(stamp, "repository", str, "FORMAT")
        digits(self.id, 32, "FORMAT: repository")
        self.is_encrypted = algorithms["encryption"] != "none"
        if password is not None and not self.is_encrypted:  # Somebody may have put another FORMAT there (section 2).
            raise Refusal("the repository is not encrypted, and a password was given: is this the FORMAT that was made? If so, give none")
        self.first_key = stamp.get("key")
        self.epochs, self.untried = {}, None

    def path(self, key):
        return os.path.join(self.root, *key.split("/"))

    def keys(self, prefix=""):
        """Keys in order; names with a leading dot are no objects (section 1)."""
        base = self.path(prefix) if prefix else self.root
        for folder, folders, files in os.walk(base):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(files):
                if not name.startswith("."):
                    yield os.path.relpath(os.path.join(folder, name), self.root).replace(os.sep, "/")

    def exists(self, key):
        return os.path.isfile(self.path(key))

    def open(self, key):
        try:
            return open(self.path(key), "rb")
        except FileNotFoundError:
            raise Damage(f"{key}: it is missing") from None

    def stored(self, key):
        with self.open(key) as file:
            require(os.fstat(file.fileno()).st_size <= SMALL, f"{key}: it has more than {SMALL} bytes")
            return file.read(SMALL + 1)

    def key_objects(self):
        """What the password can be tried on: what FORMAT names, then the others (section 5.1)."""
        if self.password is None:
            raise Refusal("the repository is encrypted: give --password-file FILE, or SHEAF_PASSWORD")
        first = f"keys/{self.first_key}"
        self.damaged, found = [], []
        for name in sorted(self.keys("keys"), key=lambda name: (name != first, name)):
            try:
                found.append(KeyObject(self.stored(name), name, self.id))
            except (Damage, Refusal) as unreadable:  # Another one may open.
                self.damaged.append(str(unreadable))
        if found and found[0].what == first and found[0].is_foreign:
            raise Damage(f"FORMAT: it says repository {self.id}, and {first}, which it names, is of another: restore FORMAT from a copy")
        found = [key for key in found if not key.is_foreign]
        if not found and not self.damaged:
            raise Damage(f"FORMAT: it names key {self.first_key}, and keys/ has none")
        self.tried = len(found)
        return found

    def epoch(self, id, what):
        """The key of an epoch. Each try costs a run of scrypt: once something has opened, only what names the epoch is tried."""
        if self.untried is None:
            self.untried = self.key_objects()
        for key in list(self.untried):
            if id in self.epochs:
                break
            if self.epochs and id not in key.epochs:
                continue
            self.untried.remove(key)
            try:
                self.epochs.update(key.open(self.password))
            except Damage as damage:
                self.damaged.append(str(damage))
        if not self.epochs and self.damaged:
            raise Damage(f"no key object can be opened, and some cannot be read: {'; '.join(self.damaged)}")
        if not self.epochs:
            raise WrongPassword(f"the password opens none of {self.tried} keys of repository {self.id}")
        require(id in self.epochs, f"{what}: it needs epoch {id.hex()}, which no key object that the password opens holds")
        return self.epochs[id]

    def unlock(self):
        """Tells a wrong password before anything is read."""
        if self.is_encrypted:
            try:
                self.epoch(b"", "")
            except Damage:
                if not self.epochs:
                    raise

    def chunks(self, key):
        """The plain bytes of an object, some at a time; of a sealed one each is opened before it is handed out (section 5.3)."""
        with self.open(key) as file:
            if not self.is_encrypted:
                while chunk := file.read(CHUNK):
                    yield chunk
                return
            head = file.read(64)
            require(len(head) == 64 and head[:8] == b"SHEAFOBJ", f"{key}: it is not sealed, as all of this repository are")
            if head[8] != 1 or head[9] != 1:
                raise Refusal(f"{key}: version {head[8]} with encryption {head[9]} is unknown to this script")
            require(head[10:16] == bytes(6), f"{key}: its head is damaged")
            secret = derive(self.epoch(head[16:32], key), head[32:64], f"sheaf object 1 {self.id}".encode())
            chunk, number = file.read(CHUNK + 16), 0
            while True:
                following = file.read(CHUNK + 16)
                nonce = struct.pack("<QI", number, 0 if following else 1)
                yield unseal(secret, nonce, chunk, key.encode(), key)
                if not following:
                    return
                chunk, number = following, number + 1

    def read(self, key):
        """A small object's plain bytes."""
        text = bytearray()
        for chunk in self.chunks(key):
            text += chunk
            require(len(text) <= SMALL, f"{key}: it has more than {SMALL} bytes")
        return bytes(text)

    def json(self, key, kind):
        value = parse(self.read(key), key)
        require(isinstance(value, dict), f"{key}: it is no JSON object")
        for name, type_ in MEMBERS[kind].items():
            member(value, name, type_, key)
        return value


def lines_of(chunks, what):
    """Lines without their ends; the last must have one."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole
        require(len(rest) <= SMALL, f"{what}: a line has more than {SMALL} bytes")
    require(not rest, f"{what}: its last line has no end")


def decompress(frame, plain, what):
    """Section 3.2: one zstd frame with checksum and content size, and nothing behind it."""
    try:
        stated = zstandard.get_frame_parameters(frame)
        require(frame[:4] == b"\x28\xb5\x2f\xfd" and stated.has_checksum, f"{what}: it is no zstd frame with a checksum")
        # A block of at most 128 KiB takes 4 bytes at least, so that no table can ask for memory that nothing will fill.
        require(stated.content_size == plain <= len(frame) << 15, f"{what}: its size is not the table's")
        return zstandard.ZstdDecompressor().decompress(frame, max_output_size=max(1, plain), allow_extra_data=False)
    except (zstandard.ZstdError, MemoryError, ValueError) as error:
        raise Damage(f"{what}: it does not decode: {error}") from None


def documents_of(kind, content, what):
    """Yields (action line, source, length member) of a frame (section 3.2)."""
    position = 0
    while position < len(content):
        end = content.find(b"\n", position)
        require(end >= 0, f"{what}: an action line has no end")
        action, length = content[position:end], None
        if kind == KINDS["bulk"]:
            last = content.find(b"\n", end + 1)
        else:
            length = re.search(rb',"length":(\d{1,18})\}\Z', action)
            require(length, f"{what}: an action line has no length")
            last = end + 1 + int(length.group(1))
        require(end < last < len(content) and content[last] == 10, f"{what}: a document has no end")
        yield action, content[end + 1 : last], length
        position = last + 1


def id_of(action, what):
    """The _id of an action line: of its one member index or create."""
    value = parse(action, what)
    target = value.get("index", value.get("create")) if isinstance(value, dict) else None
    return member(target, "_id", str, f"{what}: an action line")


class Segment:
    """Section 3: the table of a segment, checked; frames as they are asked for."""

    def __init__(self, repository, id):
        self.repository, self.id, self.key = repository, id, f"segments/{id[:2]}/{id}"
        with repository.open(self.key) as file:
            self.stored = os.fstat(file.fileno()).st_size
            require(self.stored >= 52 + 120 + 64, f"{self.key}: it is too short")
            file.seek(self.stored - 48)
            tail = file.read(48)
            require(tail[-8:] == b"SHEAFEND", f"{self.key}: it does not end as a segment does")
            self.kind, encryption, version, length = struct.unpack("<BBHI", tail[:8])
            require(120 + 64 <= length <= min(SMALL, self.stored - 52), f"{self.key}: the length of its table cannot be")
            file.seek(self.stored - length)
            table = file.read(length)
            require(hashlib.sha256(table[:-40]).digest() == table[-40:-8], f"{self.key}: its table is damaged")
            if version != 1 or encryption > 1:
                raise Refusal(f"{self.key}: layout {version} with encryption {encryption} is unknown to this script")
            file.seek(0)
            self.header = file.read(52)
        base = 152 if encryption else 120
        self.salt = table[-80:-48]
        count, self.documents, self.plain, size = struct.unpack("<4Q", table[-112:-80])
        require(self.kind in KINDS.values(), f"{self.key}: kind {self.kind} is unknown")
        require(length == base + 64 * count and count > 0 and size == self.stored, f"{self.key}: its table does not fit it")
        require(struct.unpack("<II", table[:8]) == (0x184D2A5E, length - 8), f"{self.key}: its table is no skippable frame")
        # Section 5.2: where objects are sealed, segments are; whoever can write could bring plain ones in otherwise.
        require(bool(encryption) == repository.is_encrypted, f"{self.key}: its encryption is not the repository's")
        self.secret = None
        if encryption:
            self.secret = derive(
                repository.epoch(table[-144:-128], self.key), self.salt, f"sheaf segment 1 {repository.id}".encode()
            )
            signed = table[:-128] + bytes(16) + table[-112:-40]
            unseal(self.secret, struct.pack("<QI", count, 0xFFFFFFFF), table[-128:-112], signed, self.key)
        expected = struct.pack("<II8sHBB", 0x184D2A53, 44, b"SHEAFSEG", 1, self.kind, encryption) + self.salt
        require(self.header == expected, f"{self.key}: its header is not the one that its table tells of")
        self.frames, position = [], 52
        for index in range(count):
            entry = table[8 + 64 * index : 72 + 64 * index]
            offset, stored, plain, documents = struct.unpack("<4Q", entry[:32])
            require(offset == position, f"{self.key}: frame {index} is not where the one before ends")
            self.frames.append((offset, stored, plain, documents, entry[32:]))
            position += stored
        totals = [sum(frame[3] for frame in self.frames), sum(frame[2] for frame in self.frames)]
        require(position + length == self.stored and totals == [self.documents, self.plain], f"{self.key}: its totals are wrong")

    def check_name(self):
        digest = hashlib.sha256()
        with self.repository.open(self.key) as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
        require(digest.hexdigest() == self.id, f"{self.key}: its bytes are not those of its name")

    def contents(self):
        """The plain bytes of each frame, all checks done."""
        with self.repository.open(self.key) as file:
            for index, (offset, stored, plain, documents, digest) in enumerate(self.frames):
                what = f"{self.key}: frame {index}"
                file.seek(offset)
                frame = file.read(stored)
                require(hashlib.sha256(frame).digest() == digest, f"{what}: it does not match its digest")
                if self.secret:
                    associated = self.salt + struct.pack("<QB", index, self.kind)
                    frame = unseal(self.secret, struct.pack("<QI", index, 0), frame, associated, what)
                content = decompress(frame, plain, what)
                found = sum(1 for _ in documents_of(self.kind, content, what))
                require(found == documents, f"{what}: it holds {found} documents where its table says {documents}")
                yield what, content


def manifest_lines(repository, id):
    """Yields (name, value) of each line of a manifest (section 4); after the last one its digest has held."""
    key, digest = f"manifests/{id}", hashlib.sha256()

    def digested():
        for chunk in repository.chunks(key):
            digest.update(chunk)
            yield chunk

    ended = False
    for line in lines_of(digested(), key):
        value = parse(line, key)
        require(isinstance(value, dict) and len(value) == 1 and not ended, f"{key}: a line is not what it should be")
        ((name, inner),) = value.items()
        require(isinstance(inner, dict), f"{key}: a line is not what it should be")
        ended = name == "end"
        yield name, inner
    require(ended, f"{key}: it ends before its totals")
    require(digest.hexdigest() == id, f"{key}: its bytes are not those of its name")


def index_manifest(repository, id, visit=lambda segment: None):
    """The first line of an index's manifest and its totals, all checks done; `visit` sees segments before that."""
    key, header = f"manifests/{id}", None
    sums = dict.fromkeys(("segments", "documents", "plainBytes", "storedBytes"), 0)
    for name, value in manifest_lines(repository, id):
        require((name == "index") == (header is None), f"{key}: it does not begin with an index, or has two")
        if name == "index":
            header = value
            if member(value, "version", int, key) != 1:
                raise Refusal(f"{key}: version {value['version']} is newer than this script")
            parse(member(value, "definition", str, key), f"{key}: definition")
        elif name == "segment":
            digits(value.get("id"), 64, f"{key}: a segment's id")
            require(value.get("kind") in KINDS, f"{key}: kind {value.get('kind')!r} is unknown")
            sums["segments"] += 1
            for count in list(sums)[1:]:
                sums[count] += member(value, count, int, key)
            visit(value)
        else:
            require(name == "end", f"{key}: a line is a {name!r}")
            require({count: value.get(count) for count in sums} == sums, f"{key}: its segments do not add up to its totals")
    for count in ("documents", "plainBytes"):
        require(header.get(count) == sums[count], f"{key}: its segments do not add up to {count} of its first line")
    return header, sums


def objects_manifest(repository, id, visit=lambda value: None):
    """Section 4.1: the first line and the number of objects, all checks done."""
    key, header, number, size = f"manifests/{id}", None, 0, 0
    for name, value in manifest_lines(repository, id):
        require((name == "objects") == (header is None), f"{key}: it does not begin with objects, or twice")
        if name == "objects":
            header = value
            if member(value, "version", int, key) != 1:
                raise Refusal(f"{key}: version {value['version']} is newer than this script")
            require(value.get("distribution") in ("elasticsearch", "opensearch"), f"{key}: its distribution is unknown")
        elif name == "object":
            body = member(value, "body", str, key)
            member(value, "kind", str, key), member(value, "name", str, key), parse(body, f"{key}: a body")
            number, size = number + 1, size + len(body.encode("utf-8", "surrogatepass"))
            visit(value)
        else:
            good = name == "end" and (value.get("objects"), value.get("bytes")) == (number, size)
            require(good, f"{key}: its objects do not add up to its totals")
    return header, number


class Snapshot:
    """A committed outcome (docs/protocol.md) with its marks."""

    def __init__(self, repository, id, entry):
        key = f"outcomes/{id}"
        result = member(member(entry["verdict"], "commit", dict, key), "result", dict, key)
        self.id, self.summary, self.manifests = id, member(result, "summary", dict, key), member(result, "manifests", list, key)
        self.objects, self.indices = result.get("objects"), member(self.summary, "indices", list, key)
        require(self.summary.get("id") == id, f"{key}: it is the outcome of {self.summary.get('id')!r}")
        for manifest in self.manifests + [self.objects] * (self.objects is not None):
            digits(manifest, 64, f"{key}: a manifest's id")
        require(len(self.manifests) == len(self.indices), f"{key}: it has {len(self.manifests)} manifests of {len(self.indices)} indices")
        for index in self.indices:
            for name in ("documents", "bytes", "storedBytes", "segments"):
                member(index, name, int, key)
            member(index, "name", str, key)
        marks = sorted(name for name in repository.keys(f"marks/{id}") if NAMES["mark"].fullmatch(name))
        mark = repository.json(marks[-1], "mark") if marks else {}
        self.tags, self.is_kept = mark.get("tags") or [], mark.get("kept") is True
        self.is_forgotten = repository.exists(f"forgotten/{id}") and not self.is_kept

    def manifest(self, index):
        for position, value in enumerate(self.indices):
            if value["name"] == index:
                return self.manifests[position]
        names = ", ".join(value["name"] for value in self.indices)
        raise Refusal(f"snapshot {self.id} has no index {index!r}; it has: {names}")


def outcome(repository, key):
    """The snapshot, or None of a session that was aborted."""
    entry = repository.json(key, "outcome")
    verdict = entry["verdict"]
    require(len(verdict) == 1 and ("commit" in verdict or "abort" in verdict), f"{key}: it is neither a commit nor an abort")
    return Snapshot(repository, NAMES["outcome"].fullmatch(key).group(1), entry) if "commit" in verdict else None


def snapshots(repository):
    """What is listed: committed and not forgotten, oldest first. Damage of one is told and the others are listed."""
    for key in repository.keys("outcomes"):
        if NAMES["outcome"].fullmatch(key):
            try:
                snapshot = outcome(repository, key)
                if snapshot and not snapshot.is_forgotten:
                    yield snapshot
            except Damage as damage:
                print(f"recover.py: damaged: {damage}", file=sys.stderr)


def choose(repository, name):
    found = list(snapshots(repository))
    if name == "latest":
        found = found[-1:]
    else:
        found = [snapshot for snapshot in found if snapshot.id == name] or [snapshot for snapshot in found if name in snapshot.id]
    if len(found) != 1:
        raise Refusal(f"{name!r} names {len(found)} snapshots; see them with: recover.py {repository.root} list")
    return found[0]


def flattened(source):
    """Section 3.2: line ends and comments outside strings become a space each."""
    token = rb'"(?:[^"\\]|\\.)*"?|//[^\n\r]*|/\*.*?(?:\*/|\Z)|[\n\r]'
    return re.sub(token, lambda match: match[0] if match[0][:1] == b'"' else b" ", source, flags=re.DOTALL)


def cat(repository, manifest, exact, write):
    """Writes an index's documents; no segment before its name, counts and frames hold. Holds one frame."""
    segments = []
    index_manifest(repository, manifest, segments.append)  # All checks of the manifest before the first document.
    for reference in segments:
        segment = checked_segment(repository, reference, full=False)
        segment.check_name()
        for what, content in segment.contents():
            if exact or segment.kind == KINDS["bulk"]:
                write(content)
                continue
            for action, source, length in documents_of(segment.kind, content, what):
                write(action[: length.start()] + b"}\n" + flattened(source) + b"\n")


def checked_segment(repository, reference, full):
    """The segment that a manifest's line tells of, its counts compared."""
    segment = Segment(repository, reference["id"])
    told = [KINDS[reference["kind"]], reference["documents"], reference["plainBytes"], reference["storedBytes"]]
    found = [segment.kind, segment.documents, segment.plain, segment.stored]
    require(told == found, f"{segment.key}: kind, documents and bytes are {found}, its manifest says {told}")
    if full:
        check_segment(repository, segment)
    return segment


def check_segment(repository, segment):
    """Every byte of a segment, and its inventory against it (section 3.5)."""
    segment.check_name()
    key = f"inventory/{segment.id[:2]}/{segment.id}"
    ids = inventory(repository, key) if repository.exists(key) else None
    for what, content in segment.contents():
        for action, _, _ in documents_of(segment.kind, content, what):
            id = id_of(action, what)
            require(ids is None or next(ids, None) == id, f"{key}: it does not name the documents of its segment in their order")
    require(ids is None or next(ids, None) is None, f"{key}: it names more documents than its segment has")


def inventory(repository, key):
    """The ids that an inventory names."""
    decoder = zstandard.ZstdDecompressor().decompressobj()

    def plain():
        for chunk in repository.chunks(key):
            for start in range(0, len(chunk), 4096):
                require(not decoder.eof, f"{key}: something stands behind its frame")
                yield decoder.decompress(chunk[start : start + 4096])
        require(decoder.eof and not decoder.unused_data, f"{key}: it is not one whole zstd frame")

    try:
        for line in lines_of(plain(), key):
            id = parse(line, key)
            require(isinstance(id, str), f"{key}: a line is no JSON string")
            yield id
    except zstandard.ZstdError as error:
        raise Damage(f"{key}: it does not decode: {error}") from None


class Check:
    """Section 8: every invariant that the objects alone can show."""

    def __init__(self, repository, full):
        self.repository, self.full = repository, full
        self.findings, self.objects, self.documents, self.snapshots = 0, 0, 0, 0
        self.seen = {}  # segments: what their first reference said, or None where they are damaged
        self.read = set()  # manifests
        self.sessions = {}

    def attempt(self, body, *arguments):
        """Runs a step; what it finds is told and the check goes on."""
        try:
            return body(*arguments)
        except (Damage, Refusal) as finding:
            if isinstance(finding, WrongPassword):
                raise
            self.findings += 1
            print(finding)
        except OSError as error:
            self.findings += 1
            print(f"{error.filename}: it cannot be read: {error.strerror}")

    def run(self):
        found = []
        for key in self.repository.keys():
            self.objects += 1
            self.attempt(self.look, key, found)
        for id, entries in self.sessions.items():
            self.attempt(self.session, id, entries)
        for snapshot in found:
            if not snapshot.is_forgotten:
                self.snapshots += 1
                self.attempt(self.snapshot, snapshot)
        if self.full:
            for key in self.repository.keys("manifests"):
                self.attempt(self.unnamed_manifest, key)
            for key in self.repository.keys("segments"):
                self.attempt(self.unnamed_segment, key)
            for key in self.repository.keys("inventory"):
                self.attempt(self.lone_inventory, key)

    def look(self, key, found):
        kind, match = next(((kind, match) for kind, name in NAMES.items() if (match := name.fullmatch(key))), (None, None))
        require(kind, f"{key}: no object of a repository has such a name")
        if kind == "key":
            KeyObject(self.repository.stored(key), key, self.repository.id)
        elif kind == "entry":
            name = match.group(2).split("/")[0]
            self.sessions.setdefault(match.group(1), {})[match.group(2)] = self.repository.json(key, name)
        elif kind == "outcome":
            snapshot = outcome(self.repository, key)
            self.sessions.setdefault(key.split("Z-", 1)[1], {})["outcome"] = key
            found += [snapshot] if snapshot else []
        elif kind in MEMBERS:
            value = self.repository.json(key, kind)
            if kind == "collection":
                require(all(isinstance(name, str) for name in value["keys"]), f"{key}: its keys are no names")

    def session(self, id, entries):
        """A journal: parts add up, chains have no gap, an open session's segments are there, the outcome has its own name."""
        base, begin, decided = f"sessions/{id}", entries.get("begin"), entries.get("outcome")
        if begin and decided:
            time = re.sub("[-:]", "", begin["startedAt"][:19]) + "Z"
            require(decided == f"outcomes/{time}-{id}", f"{decided}: its session began at {begin['startedAt']}")
        if "final" in entries:
            return  # From then on garbage collection may have taken some of the journal (section 7).
        for name, entry in entries.items():
            if name.startswith("part/"):
                self.attempt(self.part, f"{base}/{name}", entry, begin is not None and decided is None)
            elif name.startswith("done/") and not entry.get("failure"):
                self.attempt(self.chain, f"{base}/{name}", entry, entries, name[5:])

    def part(self, key, part, is_open):
        for count in ("documents", "bytes", "storedBytes"):
            total = sum(member(segment, count, int, key) for segment in part["segments"])
            require(total == part[count], f"{key}: {count} of its segments add up to {total}, not {part[count]}")
        for segment in part["segments"] if is_open else []:
            id = segment.get("id")
            digits(id, 64, f"{key}: a segment's id")
            require(self.repository.exists(f"segments/{id[:2]}/{id}"), f"{key}: its segment {id} is missing")

    def chain(self, key, done, entries, slice):
        parts = [entries.get(f"part/{slice}-{number}") for number in range(min(done["parts"], len(entries) + 1))]
        require(parts and None not in parts, f"{key}: a part of its slice is missing")
        cursors = [part.get("begin") for part in parts] + [None], [None] + [part.get("end") for part in parts]
        require(cursors[0] == cursors[1], f"{key}: the parts of its slice have a gap")
        for count in ("documents", "bytes", "storedBytes"):
            require(sum(part[count] for part in parts) == done[count], f"{key}: its parts do not add up to its {count}")

    def snapshot(self, snapshot):
        for index, manifest in zip(snapshot.indices, snapshot.manifests):
            self.attempt(self.index, snapshot, index, manifest)
        if snapshot.objects:
            _, number = objects_manifest(self.repository, snapshot.objects)
            self.read.add(snapshot.objects)
            told = snapshot.summary.get("objects")
            require(told == number, f"outcomes/{snapshot.id}: it tells of {told} objects, its manifest has {number}")

    def index(self, snapshot, index, manifest):
        self.read.add(manifest)
        header, sums = index_manifest(self.repository, manifest, lambda segment: self.attempt(self.segment, segment, manifest))
        told = [index["name"], index["documents"], index["bytes"], index["storedBytes"], index["segments"]]
        found = [header.get("name"), sums["documents"], sums["plainBytes"], sums["storedBytes"], sums["segments"]]
        require(told == found, f"outcomes/{snapshot.id}: it says {told} of an index whose manifest {manifest} says {found}")
        viewed = sum(member(view, "documents", int, f"manifests/{manifest}") for view in member(header, "views", list, manifest))
        require(index.get("missing") or viewed == sums["documents"], f"manifests/{manifest}: its views counted {viewed} documents")
        self.documents += sums["documents"]

    def segment(self, reference, manifest):
        id, told = reference["id"], [reference[name] for name in ("kind", "documents", "plainBytes", "storedBytes")]
        if id not in self.seen:
            self.seen[id] = None
            checked_segment(self.repository, reference, self.full)
            self.seen[id] = told
        known = self.seen[id]
        require(known == told, f"manifests/{manifest}: it needs segment {id}, which is " + ("another" if known else "damaged"))

    def unnamed_manifest(self, key):
        id = key.split("/")[-1]
        if id not in self.read and NAMES["manifest"].fullmatch(key):
            for _ in manifest_lines(self.repository, id):
                pass

    def unnamed_segment(self, key):
        match = NAMES["segment"].fullmatch(key)
        if match and match.group(2) not in self.seen:
            self.seen[match.group(2)] = None
            check_segment(self.repository, Segment(self.repository, match.group(2)))

    def lone_inventory(self, key):
        match = NAMES["inventory"].fullmatch(key)
        if match and match.group(2) not in self.seen:
            for _ in inventory(self.repository, key):
                pass


def list_snapshots(repository):
    for snapshot in snapshots(repository):
        summary, documents = snapshot.summary, sum(index["documents"] for index in snapshot.indices)
        notes = snapshot.tags + ["kept"] * snapshot.is_kept
        notes += ["misses documents"] * bool(summary.get("missing") or any(index.get("missing") for index in snapshot.indices))
        place = f"{summary.get('namespace')}/{summary.get('target')}"
        print(f"{snapshot.id}  {summary.get('time')}  {place}  {len(snapshot.indices)} indices  {documents} documents", end="")
        print(f"  {', '.join(notes)}" if notes else "")


def run(arguments, repository):
    def write(content):
        sys.stdout.buffer.write(content)

    if arguments.command == "check":
        check = Check(repository, arguments.full)
        check.run()
        state = f"{check.findings} findings" if check.findings else "whole"
        print(f"{check.snapshots} snapshots, {check.documents} documents, {check.objects} objects: {state}")
        return 1 if check.findings else 0
    if arguments.command == "list":
        list_snapshots(repository)
        return 0
    if arguments.command == "segment":
        digits(arguments.what, 64, "ID")
        segment = Segment(repository, arguments.what)
        segment.check_name()
        for _, content in segment.contents():
            write(content)
        return 0
    snapshot = choose(repository, arguments.what)
    if arguments.command == "show":
        told = dict(snapshot.summary, tags=snapshot.tags, kept=snapshot.is_kept, manifests=snapshot.manifests)
        print(json.dumps(told, indent=2, ensure_ascii=False, sort_keys=True))
    elif arguments.command == "cat":
        cat(repository, snapshot.manifest(arguments.index), arguments.exact, write)
    elif arguments.command == "definition":
        header, _ = index_manifest(repository, snapshot.manifest(arguments.index))
        print(header["definition"])
    elif snapshot.objects:
        objects = []
        objects_manifest(repository, snapshot.objects, objects.append)
        for value in objects:
            print(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    return 0


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ", 1)[1], add_help=True)
    parser.add_argument("path")
    parser.add_argument("command", choices=["list", "show", "cat", "definition", "objects", "segment", "check"])
    parser.add_argument("what", nargs="?")
    parser.add_argument("--index")
    parser.add_argument("--exact", action="store_true")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--password-file")
    arguments = parser.parse_args()
    if arguments.command not in ("list", "check") and not arguments.what:
        parser.error(f"{arguments.command} needs a snapshot or an id: see list")
    if arguments.command in ("cat", "definition") and arguments.index is None:
        parser.error(f"{arguments.command} needs --index NAME: see show")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        password = os.environ.get("SHEAF_PASSWORD") or os.environ.get("RESTIC_PASSWORD")
        if arguments.password_file:
            with open(arguments.password_file, encoding="utf-8", newline="\n") as file:
                password = file.read()
        # Section 5.1: line ends behind it are no part of it.
        password = re.sub(r"(\r?\n)+\Z", "", password or "")
        repository = Repository(arguments.path, password.encode() if password else None)
        repository.unlock()
        status = run(arguments, repository)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except Damage as damage:
        print(f"recover.py: damaged: {damage}", file=sys.stderr)
        return 1
    except (Refusal, OSError) as refusal:
        print(f"recover.py: {refusal}", file=sys.stderr)
        return getattr(refusal, "status", 2)


if __name__ == "__main__":
    sys.exit(main())
