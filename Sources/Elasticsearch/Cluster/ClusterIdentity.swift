import HTTP
import Runtime

/// Which server software a cluster runs and which cluster it is.
package struct ClusterIdentity: Codable, Sendable, Equatable {
    package enum Distribution: String, Codable, Sendable {
        case elasticsearch
        case opensearch
    }

    package let name: String
    package let uuid: String
    /// Such as `8.19.21`; of the oldest node when they differ.
    package let version: String
    package let distribution: Distribution

    package init(name: String, uuid: String, version: String, distribution: Distribution) {
        self.name = name
        self.uuid = uuid
        self.version = version
        self.distribution = distribution
    }

    /// Elasticsearch 7.10 (default distribution) and OpenSearch 2.4 brought it.
    var hasPointInTime: Bool {
        let parts = version.split(separator: ".").map { Int($0) ?? 0 }
        guard parts.count >= 2 else { return true }
        return switch distribution {
        case .elasticsearch: (parts[0], parts[1]) >= (7, 10)
        case .opensearch: (parts[0], parts[1]) >= (2, 4)
        }
    }
}

extension ElasticsearchClient {
    /// Asks once and remembers. `GET /` may be forbidden or absent: then nodes and cluster state are asked.
    package func identity() throws(ElasticsearchError) -> ClusterIdentity {
        if let knownIdentity { return knownIdentity }
        let what = "identify the cluster"
        let root = try send("GET", "/", repeatable: true, allowing: [403, 404, 405], attempting: what)
        let identity =
            if root.isSuccess, let answer = try? JSONValue(parsing: root.body), let known = ClusterIdentity(root: answer) {
                known
            } else {
                try identityFromNodes(attempting: what)
            }
        knownIdentity = identity
        return identity
    }

    private func identityFromNodes(attempting what: String) throws(ElasticsearchError) -> ClusterIdentity {
        let filter = "filter_path=cluster_name,nodes.*.version,nodes.*.modules.opensearch_version"
        let nodes = try sendJSON("GET", "/_nodes/_all/plugins?\(filter)", repeatable: true, attempting: what).value
        let state = try sendJSON(
            "GET", "/_cluster/state/version?filter_path=cluster_name,cluster_uuid", repeatable: true, attempting: what
        ).value
        let members = nodes["nodes"]?.members ?? []
        let versions = members.compactMap { $0.value["version"]?.string }.sorted { ClusterIdentity.isOlder($0, than: $1) }
        guard let version = versions.first, let uuid = state["cluster_uuid"]?.string else {
            throw malformed("neither GET / nor _nodes says which server this is", attempting: what)
        }
        let isOpenSearch = members.contains { node in
            (node.value["modules"]?.array ?? []).contains { $0["opensearch_version"] != nil }
        }
        let name = nodes["cluster_name"]?.string ?? state["cluster_name"]?.string ?? ""
        return ClusterIdentity(
            name: name, uuid: uuid, version: version, distribution: isOpenSearch ? .opensearch : .elasticsearch)
    }
}

extension ClusterIdentity {
    fileprivate init?(root: JSONValue) {
        guard let name = root["cluster_name"]?.string, let uuid = root["cluster_uuid"]?.string,
            let version = root[path: ["version", "number"]]?.string
        else { return nil }
        let isOpenSearch =
            root[path: ["version", "distribution"]]?.string == "opensearch"
            || root["tagline"]?.string?.contains("OpenSearch") == true
        self.init(name: name, uuid: uuid, version: version, distribution: isOpenSearch ? .opensearch : .elasticsearch)
    }

    fileprivate static func isOlder(_ one: String, than other: String) -> Bool {
        func numbers(_ text: String) -> [Int] { text.split { !$0.isNumber }.map { Int($0) ?? 0 } }
        return numbers(one).lexicographicallyPrecedes(numbers(other))
    }
}
