/// The object `RECOVERY.md`: how to get the documents back with zstd and curl when this program is gone.
enum RecoveryText {
    static func text(for format: RepositoryFormat) -> String {
        """
        # How to restore by hand

        This folder or bucket is a backup of Elasticsearch or OpenSearch indices, made by sheaf (repository \(format.repository),
        format \(format.version)). `sheaf restore` is the easy way. Without it you need only `zstd` and `curl`.

        ## What is here

        - `outcomes/<time>-<session>`: JSON. One that committed is a snapshot and names the manifests of its indices.
        - `manifests/<sha256>`: lines of JSON, one file an index. The first line is `{"index":…}`: its name, how many documents it
          had, and `definition`, the JSON text of its settings, mappings and aliases. Each line `{"segment":…}` names a segment by
          `id`. The last line is `{"end":…}` with totals.
        - `segments/<first two digits>/<sha256>`: zstd files of documents. `kind` in the manifest says which sort:
          - `bulk`: lines in pairs, an action and a document, just as `_bulk` takes them.
          - `exact`: the action has a `length`; that many bytes of document follow after its line feed, then a line feed. These are
            the few documents that hold raw line feeds.

        ## Restore one index

            MANIFEST=manifests/<sha256>          # e.g. grep -l '"name":"my-index"' manifests/*
            TARGET=https://localhost:9200/restored-index
            # 1. Create TARGET with what you want to keep of the definition:
            head -n 1 "$MANIFEST" | jq -r .index.definition
            # 2. Check that each segment is whole, then load it, some thousand documents a request:
            jq -r 'select(.segment.kind == "bulk") | .segment.id' "$MANIFEST" | while read -r id; do
              file="segments/$(echo "$id" | cut -c1-2)/$id"
              echo "$id  $file" | sha256sum --check --quiet || exit 1
              zstd -dc "$file" | split -l 10000 --filter='curl -sS --fail-with-body -H "Content-Type: application/x-ndjson" \\
                --data-binary @- "'"$TARGET"'/_bulk?filter_path=errors,items.*.error"'
            done
            # 3. Compare the count with "documents" of the first line:
            curl -sS -X POST "$TARGET/_refresh" && curl -sS "$TARGET/_count"

        A segment of kind `exact` is loaded document by document:

            zstd -dc segments/<aa>/<id> | python3 -c '
            import json, sys, urllib.parse, urllib.request
            stream = sys.stdin.buffer
            for line in stream:
                action = json.loads(line)
                source = stream.read(action["length"]); stream.read(1)
                target = action.get("index") or action.get("create")
                address = sys.argv[1] + "/_doc/" + urllib.parse.quote(target["_id"], safe="")
                if "routing" in target: address += "?routing=" + urllib.parse.quote(target["routing"], safe="")
                request = urllib.request.Request(address, source, {"Content-Type": "application/json"}, method="PUT")
                urllib.request.urlopen(request)
            ' "$TARGET"

        `zstd -t <segment>` checks a segment without loading it. Nothing here is ever changed after it was written: a copy made
        by any tool, `outcomes/` first and the rest after it, is a good copy.
        """ + "\n"
    }
}
