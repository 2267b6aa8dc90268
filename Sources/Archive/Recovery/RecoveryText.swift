/// The object `RECOVERY.md`: how to get the documents back when this program is gone.
enum RecoveryText {
    static func text(for format: RepositoryFormat) -> String {
        """
        # How to restore without sheaf

        This folder or bucket is a backup of Elasticsearch or OpenSearch indices, made by sheaf (repository \(format.repository),
        format \(format.version), encryption \(format.algorithms.encryption)). `sheaf restore` is the easy way. Without it the script `recover.py` beside this text
        reads everything, with Python 3.9 or newer and two packages:

            python3 -m pip install zstandard cryptography

        It works on a folder. A bucket is fetched first, whole, with any of

            mkdir backup
            aws s3 sync s3://BUCKET/PREFIX backup
            gsutil -m rsync -r gs://BUCKET/PREFIX backup
            azcopy copy 'https://ACCOUNT.blob.core.windows.net/CONTAINER/PREFIX/*?SAS' backup --recursive
            rclone copy REMOTE:BUCKET/PREFIX backup

        All that follows is run in the folder where this text lies:

            cd backup

        An encrypted repository needs its password, as RESTIC_PASSWORD of the Secret was: in a file (`--password-file FILE`, behind the path), or in
        the environment as SHEAF_PASSWORD. There is no way without it.

            python3 recover.py . check --full                      # is every stored byte whole?
            python3 recover.py . list                              # the snapshots
            python3 recover.py . show SNAPSHOT                     # its indices; SNAPSHOT is an id or latest
            python3 recover.py . definition SNAPSHOT --index NAME  # settings, mappings, aliases
            python3 recover.py . objects SNAPSHOT                  # templates, pipelines and so on, a line each

        Restore one index: create it with what you want to keep of its definition, then load its documents, some thousand a request:

            TARGET=https://localhost:9200/restored-index
            python3 recover.py . cat SNAPSHOT --index NAME | split -l 10000 --filter='curl -sS --fail-with-body \\
              -H "Content-Type: application/x-ndjson" --data-binary @- "'"$TARGET"'/_bulk?filter_path=errors,items.*.error"'
            curl -sS -X POST "$TARGET/_refresh" && curl -sS "$TARGET/_count"    # as many documents as show says?

        `cat` checks each segment before it prints a document of it, and ends with status 1 at the first that is damaged.


        """ + (format.algorithms.encryption == "none" ? byHand : sealed) + """

            Nothing here is ever changed after it was written: a copy made by any tool, `outcomes/` first and the rest after it, is a good
            copy.

            """
    }

    private static let sealed = """
        Documents here are encrypted, so that nothing else reads them. The script is plain text, a few hundred lines, and says at each step
        what it does: another program can do the same.

        """

    private static let byHand = """
        ## By hand

        This repository is not encrypted, so `zstd`, `jq` and `curl` are enough. What is here:

        - `outcomes/<time>-<session>`: JSON. One that committed is a snapshot and names the manifests of its indices.
        - `manifests/<sha256>`: lines of JSON, one file an index. The first line is `{"index":…}`: its name, how many documents it
          had, and `definition`, the JSON text of its settings, mappings and aliases. Each line `{"segment":…}` names a segment by
          `id`. The last line is `{"end":…}` with totals.
        - `segments/<first two digits>/<sha256>`: zstd files of documents. `kind` in the manifest says which sort:
          - `bulk`: lines in pairs, an action and a document, just as `_bulk` takes them.
          - `exact`: the action has a `length`; that many bytes of document follow after its line feed, then a line feed. These are
            the few documents that hold raw line feeds.

        Restore one index:

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

        `zstd -t <segment>` checks a segment without loading it.

        """
}
