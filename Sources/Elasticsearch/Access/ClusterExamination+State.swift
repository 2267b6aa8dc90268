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
                    "the cluster is red: primary shards are not assigned (\(Self.listed(names))); a backup refuses their indices"
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

    func limits(_ capabilities: ClusterCapabilities) -> [ClusterFinding] {
        var findings: [ClusterFinding] = []
        if let limit = capabilities.openViewLimit, limit >= 0, limit < 2 * Self.window {
            let name = capabilities.reader == .scroll ? "search.max_open_scroll_context" : "search.max_open_pit_context"
            findings.append(
                ClusterFinding(
                    "limit", .warning,
                    "\(name) is \(limit): a backup reads at most \(max(1, limit / 2)) shards at once; raise it for more"))
        }
        if let limit = capabilities.maxContentBytes, limit < Self.bulkBytes {
            findings.append(
                ClusterFinding(
                    "limit", .warning,
                    "http.max_content_length is \(limit) bytes: bulk requests are cut in halves, and bigger documents are refused; raise it"
                ))
        }
        return findings.isEmpty ? [ClusterFinding("limit", .fine, "none that matters")] : findings
    }

    /// Of indices whose names begin with a dot nothing is said: backups leave them out.
    ///
    /// - Parameter sendsVectors: the server gives vectors back when it is asked to.
    func indices(sendsVectors: Bool) -> [ClusterFinding] {
        var findings: [ClusterFinding] = []
        func add(_ names: [String], _ verdict: ClusterFinding.Verdict, _ sentence: String) {
            guard !names.isEmpty else { return }
            let subject = names.count == 1 ? "index \(names[0])" : "each of \(names.count) indices (\(Self.listed(names)))"
            findings.append(ClusterFinding("index", verdict, "\(subject) \(sentence)"))
        }
        let rows = read("/_cat/indices?format=json&expand_wildcards=all&h=index,status")?.array ?? []
        add(
            rows.filter { $0["status"]?.string == "close" }.compactMap { $0["index"]?.string }.filter { !$0.hasPrefix(".") },
            .warning, "is closed: a backup refuses it; open it, leave it out, or set closedIndices: definition")
        guard let settings = read("/_all/_settings?expand_wildcards=open&flat_settings=true"),
            let mappings = read(
                "/_all/_mapping?expand_wildcards=open&filter_path=*.mappings._source,*.mappings.properties.**.type")
        else {
            findings.append(
                ClusterFinding(
                    "index", .warning, "settings and mappings of all indices could not be read, so nothing is known of them"))
            return findings
        }
        let open = (settings.members ?? []).filter { !$0.name.hasPrefix(".") }
            .map { (name: $0.name, settings: $0.value["settings"] ?? [:]) }
        add(
            open.filter { $0.settings["index.blocks.read_only_allow_delete"]?.string == "true" }.map(\.name), .problem,
            "is blocked (read_only_allow_delete), since a disk was full: free space and remove the block")
        add(
            open.filter { $0.settings["index.max_result_window"]?.string.flatMap { Int($0) }.map { $0 < 1_000 } ?? false }
                .map(\.name), .warning, "has a max_result_window below 1,000: pages are that small, and the backup is slow")
        var flawed: [(explanation: String, names: [String])] = []
        for (name, settings) in open {
            let fidelity = SourceFidelity(
                mappings: mappings[name]?["mappings"] ?? [:], settings: settings, sendsVectors: sendsVectors)
            for explanation in fidelity.flaws.map(\.explanation) {
                if let place = flawed.firstIndex(where: { $0.explanation == explanation }) {
                    flawed[place].names.append(name)
                } else {
                    flawed.append((explanation, [name]))
                }
            }
        }
        for (explanation, names) in flawed { add(names, .warning, explanation) }
        return findings.isEmpty ? [ClusterFinding("index", .fine, "nothing is in a backup's way")] : findings
    }

    private static func listed(_ names: [String]) -> String {
        names.prefix(5).joined(separator: ", ") + (names.count > 5 ? " and \(names.count - 5) more" : "")
    }
}
