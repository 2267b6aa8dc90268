"""What a case of the corpus is: something that exists on a server before a backup, and what must hold after a restore."""

from dataclasses import dataclass, field

ES8, OS, ES7 = "es8", "os", "es7"
EVERYWHERE = (ES8, OS, ES7)
NAMES = {ES8: "Elasticsearch 8.19", OS: "OpenSearch 2.19", ES7: "Elasticsearch 7.10"}

# Source and target of each direction.
DIRECTIONS = [(ES8, ES8), (OS, OS), (ES7, OS), (ES8, OS), (OS, ES8)]

# Begins the names of all that the corpus makes; of what is restored in a session of its own.
PREFIX = "fid-"
SOLO = "fidsolo-"


@dataclass(frozen=True)
class Document:
    """A document as it is sent: the source's bytes, whatever they are."""

    id: str
    source: bytes
    routing: str | None = None


@dataclass
class Solo:
    """A case that has its sessions to itself, since one of them must fail.

    `backup` and `restore` are the expected phases; None: there is no such session. Each word must stand in what that session says.
    """

    backup: str = "Succeeded"
    backup_says: tuple = ()
    restore: str | None = None
    restore_says: tuple = ()
    parameters: dict = field(default_factory=dict)
    restore_parameters: dict = field(default_factory=dict)
    # Indices that are on the target after the restore, by the names of the case's own, each with its number of documents.
    leaves: dict = field(default_factory=dict)
    # Requests to the target between backup and restore.
    meanwhile: list = field(default_factory=list)


@dataclass
class Case:
    """An index with documents. `{index}` in names, aliases and steps stands for its name."""

    name: str
    what: str
    on: tuple = EVERYWHERE
    index: str | None = None  # the rest of its name; the case's own name when None
    settings: dict = field(default_factory=dict)
    mappings: dict = field(default_factory=dict)
    aliases: dict = field(default_factory=dict)
    documents: list = field(default_factory=list)
    # Requests after the documents: (method, path, body), with `{index}` in the path.
    steps: list = field(default_factory=list)
    # Written with this query, such as `pipeline=_none`.
    writing: str = ""
    # Sources are equal by value, since the server itself writes them anew.
    canonical: bool = False
    # By target: names of settings that it does not have; each must be gone and be told of.
    lost: dict = field(default_factory=dict)
    # Words that the backup must say, whatever the target.
    backup_says: tuple = ()
    # By target: how its own sessions go, where they are not those of the corpus.
    solo: dict = field(default_factory=dict)
    # Names of further indices that the steps make.
    also: tuple = ()
    # Not in the snapshot, since nobody asked for it.
    is_left_out: bool = False

    def index_name(self, prefix):
        return self.absolute_name(prefix, self.index or self.name)

    def indices(self, prefix):
        """All of its indices, its own first."""
        own = self.index_name(prefix)
        return [own] + [name.format(index=own) for name in self.also]

    @staticmethod
    def absolute_name(prefix, rest):
        return "." + prefix + rest[1:] if rest.startswith(".") else prefix + rest



@dataclass
class DocumentCase:
    """Documents that stand in the index of all document cases, which maps no field."""

    name: str
    what: str
    documents: list
    on: tuple = EVERYWHERE


@dataclass
class ObjectCase:
    """An object beside indices. `path` reads, makes and deletes it; `read` finds it in the answer, without what the server made."""

    name: str
    what: str
    kind: str
    path: str
    body: dict
    on: tuple = EVERYWHERE
    # By target: words that the restore must say, since that kind is not there.
    absent: dict = field(default_factory=dict)
    # By target: words that a restore of it must fail with.
    refused: dict = field(default_factory=dict)
    # By target: what it is there without what that product lacks, and words that the restore must say.
    adapted: dict = field(default_factory=dict)
