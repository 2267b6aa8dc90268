import Runtime

/// What a user must be allowed to, in Elasticsearch's words; `docs/roles` holds the same as roles.
struct PrivilegeSet: Equatable {
    let purpose: String
    let cluster: [String]
    let index: [String]

    static let backup = PrivilegeSet(
        purpose: "backup", cluster: ["monitor", "read_ilm", "read_pipeline"],
        index: ["read", "view_index_metadata", "monitor", "maintenance"])
    static let restore = PrivilegeSet(
        purpose: "restore",
        cluster: ["monitor", "manage_ilm", "manage_index_templates", "manage_ingest_pipelines"],
        index: ["manage", "read", "write"])

    /// Body of `_security/user/_has_privileges`.
    func question(about indices: [String]) -> JSONValue {
        [
            "cluster": .array(cluster.map { .string($0) }),
            "index": [["names": .array(indices.map { .string($0) }), "privileges": .array(index.map { .string($0) })]],
        ]
    }

    /// What the answer says is missing, one sentence a privilege.
    ///
    /// - Parameter indices: those that were asked about.
    func findings(in answer: JSONValue, about indices: [String]) -> [ClusterFinding] {
        var findings: [ClusterFinding] = []
        let user = answer["username"]?.string ?? "the user"
        for privilege in cluster where answer["cluster"]?[privilege]?.bool != true {
            findings.append(
                ClusterFinding(
                    "privilege", .problem,
                    "\(purpose): user \(user) lacks the cluster privilege \(privilege); docs/roles has a role that suffices"))
        }
        for privilege in index {
            let missing = indices.filter { answer["index"]?[$0]?[privilege]?.bool != true }
            guard !missing.isEmpty else { continue }
            let named = missing.prefix(5).joined(separator: ", ") + (missing.count > 5 ? " and \(missing.count - 5) more" : "")
            findings.append(
                ClusterFinding(
                    "privilege", missing.count == indices.count ? .problem : .warning,
                    "\(purpose): user \(user) lacks the index privilege \(privilege) on \(named); docs/roles has a role that suffices"
                ))
        }
        guard findings.isEmpty else { return findings }
        return [ClusterFinding("privilege", .fine, "\(purpose): user \(user) has all privileges")]
    }
}
