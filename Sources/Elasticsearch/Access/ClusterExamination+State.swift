import Runtime

/// How the cluster fares, what it limits, and what its indices have that a backup or a restore stumbles over.
extension ClusterExamination {
    /// Bytes of one bulk request, which a server must take.
    private static let bulkBytes = 5_000_000
    /// Slices that one session has at work at once.
    private static let window = 16

    func health() -> [ClusterFinding] {
        guard let health = read("/_cluster/health"), let status = health["status"]?.string else {
            return [ClusterFinding("health", .warning, "the user may not read the cluster's health (privilege monitor)")]
        }
        var findings: [ClusterFinding] = []
        if status == "red" {
            let rows = read("/_cat/shards?format=json&h=index,shard,prirep,state")?.array ?? []
            let lost = rows.filter { $0["prirep"]?.string == "p" && $0["state"]?.string != "STARTED" }
            let names = lost.compactMap { row in row["index"]?.string.map { "\($0) \(row["shard"]?.string ?? "")" } }
            findings.append(
                ClusterFinding(
                    "health", .problem,
                    "the cluster is red: primary shards are not assigned (\(Self.listed(names))); a backup of their indices fails"
                ))
        } else {
            findings.append(ClusterFinding("health", .fine, status))
        }
        for row in read("/_cat/allocation?format=json&h=node,disk.percent")?.array ?? [] {
            guard let node = row["node"]?.string, let used = row["disk.percent"]?.string.flatMap({ Int($0) }), used >= 85 else {
                continue
            }
            findings.append(
                ClusterFinding(
                    "disk", used >= 90 ? .problem : .warning,
                    "node \(node) uses \(used) % of its disk; from 85 % on it takes no new shards, from 95 % on indices are blocked; free space"
                ))
        }
        return findings
    }

    func limits() -> [ClusterFinding] {
        var findings: [ClusterFinding] = []
        let settings = read("/_cluster/settings?include_defaults=true&flat_settings=true")
        func number(_ name: String) -> Int? {
            ["transient", "persistent", "defaults"].lazy.compactMap { settings?[$0]?[name] }
                .compactMap { $0.string.flatMap { Int($0) } ?? $0.int }.first
        }
        for name in ["search.max_open_scroll_context", "search.max_open_pit_context"] {
            guard let limit = number(name), limit >= 0, limit < 2 * Self.window else { continue }
            findings.append(
                ClusterFinding(
                    "limit", .warning,
                    "\(name) is \(limit): a backup reads at most \(limit / 2) shards at once; raise it for more"))
        }
        for member in read("/_nodes/http?filter_path=nodes.*.http.max_content_length_in_bytes")?["nodes"]?.members ?? [] {
            guard let limit = member.value[path: ["http", "max_content_length_in_bytes"]]?.int, limit < Self.bulkBytes else {
                continue
            }
            findings.append(
                ClusterFinding(
                    "limit", .warning,
                    "http.max_content_length is \(limit) bytes: bulk requests are cut in halves, and bigger documents are refused; raise it"
                ))
            break
        }
        return findings.isEmpty && settings != nil ? [ClusterFinding("limit", .fine, "none that matters")] : findings
    }

    func indices() -> [ClusterFinding] {
        var findings: [ClusterFinding] = []
        func add(_ names: [String], _ verdict: ClusterFinding.Verdict, _ sentence: String) {
            if !names.isEmpty { findings.append(ClusterFinding("index", verdict, "\(Self.listed(names)) \(sentence)")) }
        }
        let rows = read("/_cat/indices?format=json&expand_wildcards=all&h=index,status")?.array ?? []
        add(
            rows.filter { $0["status"]?.string == "close" }.compactMap { $0["index"]?.string }, .warning,
            "closed: a backup refuses a closed index; open it, leave it out, or set closedIndices: definition")
        let filter = "filter_path=*.settings.index.blocks.*,*.settings.index.max_result_window"
        let settings = read("/_all/_settings?expand_wildcards=open&\(filter)")?.members ?? []
        func names(_ condition: (JSONValue) -> Bool) -> [String] {
            settings.filter { $0.value[path: ["settings", "index"]].map(condition) ?? false }.map(\.name)
        }
        add(
            names { $0[path: ["blocks", "read_only_allow_delete"]]?.string == "true" }, .problem,
            "blocked (read_only_allow_delete): a disk was full; free space and remove the block")
        add(
            names { $0["max_result_window"]?.string.flatMap { Int($0) }.map { $0 < 1_000 } ?? false }, .warning,
            "with a max_result_window below 1,000: pages are that small, and the backup is slow")
        let mappings = read("/_all/_mapping?expand_wildcards=open&filter_path=*.mappings._source")?.members ?? []
        func sources(_ condition: (JSONValue) -> Bool) -> [String] {
            mappings.filter { $0.value[path: ["mappings", "_source"]].map(condition) ?? false }.map(\.name)
        }
        add(
            sources { $0["enabled"]?.bool == false || $0["mode"]?.string == "disabled" }, .warning,
            "without _source: their documents cannot be backed up")
        add(
            sources { $0["includes"] != nil || $0["excludes"] != nil }, .warning,
            "with a filtered _source: the fields that it leaves out do not come back")
        return findings
    }

    private static func listed(_ names: [String]) -> String {
        names.prefix(5).joined(separator: ", ") + (names.count > 5 ? " and \(names.count - 5) more" : "")
    }
}
