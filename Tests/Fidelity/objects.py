"""The cases of objects beside indices (es-dump.md, sections 1.1 and 3.9), and how each kind is read by itself."""

from case import ES7, ES8, OS, ObjectCase
from search_engine import encoded

# By kind, as `objects` names it: where one object is found, and its body in the answer.
PATHS = {
    "componentTemplates": "/_component_template/",
    "indexTemplates": "/_index_template/",
    "legacyTemplates": "/_template/",
    "ingestPipelines": "/_ingest/pipeline/",
    "searchPipelines": "/_search/pipeline/",
}

SETTING = "cluster.metadata.fid"

CASES = [
    ObjectCase(
        "component-settings",
        "a component template of settings",
        "componentTemplates",
        "fid-settings",
        {"template": {"settings": {"number_of_shards": 2, "analysis": {"filter": {"s": {"type": "stop", "stopwords": ["ö"]}}}}}, "version": 3},
    ),
    ObjectCase(
        "component-mappings",
        "a component template of mappings and aliases, _meta with numbers",
        "componentTemplates",
        "fid-mappings",
        {
            "template": {"mappings": {"properties": {"n": {"type": "long"}}, "_meta": {"f": 1.50}}, "aliases": {"fid-of-template": {"filter": {"term": {"n": 1}}}}},
            "_meta": {"big": 12345678901234567890, "one": 1.0},
        },
    ),
    ObjectCase(
        "template-composed",
        "an index template of two components, which must be there first",
        "indexTemplates",
        "fid-a-composed",
        {"index_patterns": ["fid-made-*", "fid-é-*"], "composed_of": ["fid-settings", "fid-mappings"], "priority": 600, "version": 7, "_meta": {"by": "x"}},
    ),
    ObjectCase(
        "template-alone",
        "an index template of its own",
        "indexTemplates",
        "fid-alone",
        {"index_patterns": ["fid-alone-*"], "priority": 601, "template": {"settings": {"index": {"number_of_replicas": "0"}}, "mappings": {"dynamic": "strict"}}},
    ),
    ObjectCase(
        "template-setting-unknown",
        "an index template with a setting that the other product lacks",
        "indexTemplates",
        "fid-merging",
        {"index_patterns": ["fid-merging-*"], "priority": 602, "template": {"settings": {"index": {"merge_on_flush.enabled": False}}}},
        on=(OS,),
        adapted={
            ES8: (
                {"index_patterns": ["fid-merging-*"], "template": {"settings": {}}, "composed_of": [], "priority": "602"},
                ("fid-merging", "merge_on_flush"),
            )
        },
    ),
    ObjectCase(
        "template-legacy",
        "a legacy template with order, version and alias",
        "legacyTemplates",
        "fid-legacy",
        {
            "index_patterns": ["fid-legacy-*"],
            "order": 3,
            "version": 2,
            "settings": {"number_of_replicas": 0},
            "mappings": {"properties": {"k": {"type": "keyword"}}},
            "aliases": {"fid-legacy-all": {"index_routing": "a"}},
        },
    ),
    ObjectCase(
        "pipeline-empty",
        "an ingest pipeline with version and a description of signs",
        "ingestPipelines",
        "fid-pipeline",
        {"description": "\"quoted\" é \\ 😀", "version": 12, "processors": []},
    ),
    ObjectCase(
        "pipeline-meta",
        "an ingest pipeline with _meta, which OpenSearch does not know",
        "ingestPipelines",
        "fid-meta",
        {"processors": [], "_meta": {"f": 1.5, "z": 1, "a": 2}},
        on=(ES8,),
        adapted={OS: ({"processors": []}, ("fid-meta", "_meta"))},
    ),
    ObjectCase(
        "pipeline-processor",
        "an ingest pipeline with a processor that the other product lacks",
        "ingestPipelines",
        "fid-user",
        {"processors": [{"set_security_user": {"field": "u", "properties": ["username"]}}]},
        on=(ES8,),
        refused={OS: ("fid-user", "set_security_user")},
    ),
    ObjectCase(
        "search-pipeline",
        "a search pipeline, a kind of OpenSearch",
        "searchPipelines",
        "fid-search",
        {"description": "é", "version": 4, "request_processors": [], "response_processors": []},
        on=(OS,),
        absent={ES8: ("fid-search",)},
    ),
    ObjectCase("cluster-setting", "a persistent setting of the cluster, asked for by name", "clusterSettings", SETTING, "a \"b\" é"),
]

# What a backup and a restore are asked for; nothing of others on the same servers.
SELECTION = ",".join(f"{kind}:fid-*" for kind in PATHS) + f",clusterSettings:{SETTING}*"


def selection(target):
    """What a restore asks for: all but what that target refuses."""
    return SELECTION + "".join(f",-{case.kind}:{case.path}" for case in CASES if target in case.refused)


def make(engine, case):
    if case.kind == "clusterSettings":
        engine.call("PUT", "/_cluster/settings", {"persistent": {case.path: case.body}})
    else:
        engine.call("PUT", PATHS[case.kind] + encoded(case.path), case.body)


def read(engine, case):
    """The object as the server shows it, or None."""
    if case.kind == "clusterSettings":
        return engine.call("GET", "/_cluster/settings?flat_settings=true")["persistent"].get(case.path)
    status, _ = engine.send("GET", PATHS[case.kind] + encoded(case.path))
    if status != 200:
        return None
    answer = engine.get(PATHS[case.kind] + encoded(case.path))
    if case.kind == "componentTemplates":
        return answer["component_templates"][0]["component_template"]
    if case.kind == "indexTemplates":
        return answer["index_templates"][0]["index_template"]
    return answer.get(case.path)


def delete(engine, cases):
    """Deletes what the corpus made, index templates before their components; what is not there, or no kind, is fine."""
    for case in reversed(cases):
        if case.kind == "clusterSettings":
            engine.call("PUT", "/_cluster/settings", {"persistent": {case.path: None}})
        else:
            engine.send("DELETE", PATHS[case.kind] + encoded(case.path))
