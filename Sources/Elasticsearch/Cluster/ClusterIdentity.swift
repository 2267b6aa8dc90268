import Runtime

/// Which server software a cluster runs and which cluster it is.
package struct ClusterIdentity: Codable, Sendable, Equatable {
    package enum Distribution: String, Codable, Sendable {
        case elasticsearch
        case opensearch
    }

    /// How Elasticsearch was built (`build_flavor`): `oss` lacks all that is not under the Apache licence.
    package enum Flavor: String, Codable, Sendable {
        case `default`
        case oss
        case serverless
        case unknown
    }

    /// Empty when the server tells nobody, as is the id.
    package let name: String
    package let uuid: String
    /// Such as `8.19.21`; of the oldest node when they differ.
    package let version: String
    package let distribution: Distribution
    package let flavor: Flavor

    package init(name: String, uuid: String, version: String, distribution: Distribution, flavor: Flavor = .unknown) {
        self.name = name
        self.uuid = uuid
        self.version = version
        self.distribution = distribution
        self.flavor = flavor
    }

    /// Whether the cluster is of a distribution and of this version or a later one; a version without numbers is none.
    package func isAtLeast(_ distribution: Distribution, _ major: Int, _ minor: Int = 0) -> Bool {
        let parts = ClusterIdentity.numbers(version)
        guard self.distribution == distribution, let first = parts.first else { return false }
        return (first, parts.count > 1 ? parts[1] : 0) >= (major, minor)
    }
}

extension ElasticsearchClient {
    /// Asks once and remembers. `GET /` may be forbidden or absent: then nodes and cluster state are asked.
    ///
    /// What the configuration overrides wins; where it names distribution and version, a server that tells neither is fine.
    package func identity() throws(ElasticsearchError) -> ClusterIdentity {
        if let knownIdentity { return knownIdentity }
        let what = "identify the cluster"
        // A proxy may have a page of its own there.
        let root = try sendJSON("GET", "/", repeatable: true, tolerating: [200, 403, 404, 405], attempting: what)
        let identity =
            if let known = ClusterIdentity(root: root.value) {
                configuration.overrides.applied(to: known)
            } else {
                try identityFromNodes(attempting: what)
            }
        knownIdentity = identity
        return identity
    }

    private func identityFromNodes(attempting what: String) throws(ElasticsearchError) -> ClusterIdentity {
        let overrides = configuration.overrides
        // Where the override says all that is needed, the server may refuse or lack these paths too.
        let tolerated = overrides.isSufficient ? [400, 401, 403, 404, 405] : []
        func ask(_ path: String) throws(ElasticsearchError) -> JSONValue {
            try sendJSON("GET", path, repeatable: true, tolerating: tolerated, attempting: what).value
        }
        let filter = "filter_path=cluster_name,nodes.*.version,nodes.*.build_flavor,nodes.*.modules.opensearch_version"
        let nodes = try ask("/_nodes/_all/plugins?\(filter)")
        let state = try ask("/_cluster/state/version?filter_path=cluster_name,cluster_uuid")
        let members = nodes["nodes"]?.members ?? []
        let versions = members.compactMap { $0.value["version"]?.string }.sorted {
            ClusterIdentity.numbers($0).lexicographicallyPrecedes(ClusterIdentity.numbers($1))
        }
        guard let version = versions.first ?? overrides.version, let uuid = state["cluster_uuid"]?.string ?? overrides.unknownID
        else {
            throw malformed(
                "neither GET / nor _nodes says which server this is (spec.parameters.sheaf can: distribution and version)",
                attempting: what)
        }
        let isOpenSearch = members.contains { node in
            (node.value["modules"]?.array ?? []).contains { $0["opensearch_version"] != nil }
        }
        let flavor = members.compactMap { $0.value["build_flavor"]?.string }.first
        return overrides.applied(
            to: ClusterIdentity(
                name: nodes["cluster_name"]?.string ?? state["cluster_name"]?.string ?? "", uuid: uuid, version: version,
                distribution: isOpenSearch ? .opensearch : .elasticsearch, flavor: ClusterIdentity.Flavor(name: flavor)))
    }
}

extension CapabilityOverrides {
    /// Distribution and version are all that a client must know.
    fileprivate var isSufficient: Bool { distribution != nil && version != nil }

    /// Stands for the id of a cluster that does not tell it.
    fileprivate var unknownID: String? { isSufficient ? "" : nil }

    fileprivate func applied(to identity: ClusterIdentity) -> ClusterIdentity {
        ClusterIdentity(
            name: identity.name, uuid: identity.uuid, version: version ?? identity.version,
            distribution: distribution ?? identity.distribution, flavor: identity.flavor)
    }
}

extension ClusterIdentity.Flavor {
    /// - Parameter name: as the server writes it.
    fileprivate init(name: String?) { self = name.flatMap { Self(rawValue: $0) } ?? .unknown }
}

extension ClusterIdentity {
    fileprivate init?(root: JSONValue) {
        guard let name = root["cluster_name"]?.string, let uuid = root["cluster_uuid"]?.string,
            let version = root[path: ["version", "number"]]?.string
        else { return nil }
        let isOpenSearch =
            root[path: ["version", "distribution"]]?.string == "opensearch"
            || root["tagline"]?.string?.contains("OpenSearch") == true
        self.init(
            name: name, uuid: uuid, version: version, distribution: isOpenSearch ? .opensearch : .elasticsearch,
            flavor: Flavor(name: root[path: ["version", "build_flavor"]]?.string))
    }

    fileprivate static func numbers(_ version: String) -> [Int] { version.split { !$0.isNumber }.map { Int($0) ?? 0 } }
}
