"""Cases of which a session must say why it fails, or what it keeps: each has its sessions to itself."""

from case import Case, Solo
from indices import doc, docs

CLOSED = [("POST", "/{index}/_close", None)]
NO_SOURCE = {"_source": {"enabled": False}, "properties": {"n": {"type": "long", "store": True}}}


def blocked(name, what):
    steps = [("PUT", "/{index}/_settings", {f"index.blocks.{name}": True})]
    return {"steps": steps, "documents": docs(2), "what": what}


def everywhere(solo):
    return {"es8": solo, "os": solo, "es7": solo}


CASES = [
    Case(
        "closed",
        "a closed index is refused by name",
        documents=docs(2),
        steps=CLOSED,
        solo=everywhere(Solo(backup="Failed", backup_says=("{index}", "closed"))),
    ),
    Case(
        "closed-definition",
        "a closed index of which the definition alone is asked for",
        documents=docs(2),
        steps=CLOSED,
        solo=everywhere(
            Solo(
                backup_says=("{index}", "closed"),
                parameters={"closedIndices": "definition"},
                restore="Succeeded",
                leaves={"{index}": 0},
            )
        ),
    ),
    Case(
        "no-source",
        "an index without sources is refused by name before the dump",
        mappings=NO_SOURCE,
        documents=docs(2),
        solo=everywhere(Solo(backup="Failed", backup_says=("{index}", "_source"))),
    ),
    Case(
        "no-source-partial",
        "the definition alone of an index without sources, and the session is Failed all the same",
        mappings=NO_SOURCE,
        documents=docs(2),
        solo=everywhere(
            Solo(backup="Failed", backup_says=("{index}", "_source", "PartiallyCompleted"), parameters={"allowPartial": "true"})
        ),
    ),
    Case("block-read", solo=everywhere(Solo(backup="Failed", backup_says=("{index}", "block"))), **blocked("read", "an index that may not be read")),
    Case(
        "block-metadata",
        solo=everywhere(Solo(backup="Failed", backup_says=("{index}", "block"))),
        **blocked("metadata", "an index whose definition may not be read"),
    ),
    Case(
        "nothing-matches",
        "a backup of nothing is a failure",
        index="nothing-matches",
        solo=everywhere(Solo(backup="Failed", backup_says=("no index",), parameters={"indices": "fidsolo-not-there-*"})),
    ),
    Case(
        "allow-empty",
        "a backup of nothing that was asked for",
        solo=everywhere(Solo(parameters={"indices": "fidsolo-not-there-*", "allowEmpty": "true"})),
    ),
    Case(
        "target-there",
        "an index that is there is not touched, and the restore is refused by its name",
        documents=docs(2),
        solo=everywhere(
            Solo(
                restore="Failed",
                restore_says=("{index}", "already there"),
                meanwhile=[("PUT", "/{index}", {}), ("PUT", "/{index}/_doc/other?refresh=true", {"a": 1})],
                leaves={"{index}": 1},
            )
        ),
    ),
    Case(
        "documents-refused",
        "documents that the target refuses: listed with the reason, the session Failed",
        documents=doc('{"n":1}', "good") + doc('{"n":"no number"}', "bad-one"),
        mappings={"properties": {"n": {"type": "keyword"}}},
        solo=everywhere(
            Solo(
                restore="Failed",
                restore_says=("{index}", "refused 1 of 2", "parse"),
                restore_parameters={"conflict": "append"},
                meanwhile=[("PUT", "/{index}", {"mappings": {"properties": {"n": {"type": "integer"}}}})],
            )
        ),
    ),
]
