import HTTP
import Runtime

extension ClusterExamination {
    /// Asks where the product can be asked, and tries elsewhere.
    func privileges() -> [ClusterFinding] {
        guard case .none = client.configuration.credential else { return asked() ?? tried() }
        return tried()
    }

    /// nil where there is no such question: without security, and on OpenSearch.
    private func asked() -> [ClusterFinding]? {
        var findings: [ClusterFinding] = []
        for wanted in [PrivilegeSet.backup, .restore] {
            guard let all = answer(to: wanted.question(about: ["*"])) else { return nil }
            let overAll = wanted.findings(in: all, about: ["*"])
            let names = visibleIndices()
            guard overAll.contains(where: { $0.verdict != .fine }), !names.isEmpty,
                let some = answer(to: wanted.question(about: names))
            else {
                findings += overAll
                continue
            }
            // A user for some indices is meant to be one: those that can be seen count.
            findings += wanted.findings(in: some, about: names)
        }
        return findings
    }

    private func answer(to question: JSONValue) -> JSONValue? {
        let request = client.request(
            "POST", "/_security/user/_has_privileges", body: .bytes(question.serializedBytes()), contentType: "application/json")
        guard let response = try? client.http.send(request), response.isSuccess else { return nil }
        return try? JSONValue(parsing: response.body)
    }

    private func visibleIndices() -> [String] {
        let names = read("/_all/_settings?expand_wildcards=open&flat_settings=true&filter_path=*.settings.index.uuid")
        return Array((names?.members ?? []).map(\.name).filter { !$0.hasPrefix(".") }.prefix(500))
    }

    /// Requests of a backup that read. What a restore may is not tried, since that would write.
    private func tried() -> [ClusterFinding] {
        let trials: [(method: String, path: String, what: String)] = [
            ("GET", "/_cat/indices?format=json&expand_wildcards=all&h=index", "list the indices"),
            ("GET", "/_all/_settings?flat_settings=true&filter_path=*.settings.index.uuid", "read settings of indices"),
            ("GET", "/_all/_mapping?filter_path=*.mappings._source", "read mappings of indices"),
            ("GET", "/_search?size=0&allow_partial_search_results=true", "search all indices"),
            ("GET", "/_cluster/health", "read the cluster's health"),
            ("GET", "/_cluster/settings", "read the cluster's settings"),
            ("GET", "/_nodes/http", "read the nodes"),
        ]
        let refusals = trials.compactMap { refusal($0.method, $0.path, attempting: $0.what) }
        guard !refusals.isEmpty else {
            return [ClusterFinding("privilege", .fine, "backup: what was tried may be read; a restore's rights were not tried")]
        }
        return refusals.map { error in
            ClusterFinding("privilege", error.code == .forbidden ? .problem : .warning, "backup: \(error.message)")
        }
    }
}
