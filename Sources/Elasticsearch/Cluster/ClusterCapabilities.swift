import FoundationEssentials

/// What a cluster can do, as one probe at a session's begin found it; the plan keeps it for the units.
///
/// Optional answers: nil means that the user may not ask, or that the server did not say.
package struct ClusterCapabilities: Codable, Sendable, Equatable {
    /// How a slice is read.
    package enum Reader: String, Codable, Sendable {
        case pointInTime
        /// Where there is no point in time. A page cannot be read again.
        case scroll
    }

    package var identity: ClusterIdentity
    package var reader: Reader
    /// Searches take `_source: {"exclude_vectors": false}`, without which servers may leave vectors out.
    package var sendsVectorsOnRequest: Bool
    package var hasDataStreams: Bool?
    /// `_data_stream/_modify` makes an index a stream's backing index.
    package var hasDataStreamModify: Bool?
    package var hasILM: Bool?
    package var hasISM: Bool?
    package var hasSearchPipelines: Bool?
    package var hasComposableTemplates: Bool?
    package var hasStoredScripts: Bool?
    /// Views of the reader's kind that one node lets be open; a view of an index counts once for each shard.
    package var openViewLimit: Int?
    /// Bytes that a request's body may have, of the strictest node.
    package var maxContentBytes: Int?
    /// Seconds that the cluster's clock is ahead of this machine's.
    package var clockSkew: Double?

    package init(identity: ClusterIdentity, overrides: CapabilityOverrides = CapabilityOverrides()) {
        self.identity = identity
        reader = overrides.reader ?? (Self.hasPointInTime(identity) ? .pointInTime : .scroll)
        sendsVectorsOnRequest =
            identity.isAtLeast(.elasticsearch, 9, 2)
            || (identity.isAtLeast(.elasticsearch, 8, 19) && !identity.isAtLeast(.elasticsearch, 9))
    }

    /// Whether the server itself has points in time, whatever reader was chosen.
    package var hasPointInTime: Bool { Self.hasPointInTime(identity) }

    /// Elasticsearch 7.10 brought it as a part of x-pack, which the Apache-licensed build lacks; OpenSearch 2.4.
    private static func hasPointInTime(_ identity: ClusterIdentity) -> Bool {
        identity.isAtLeast(.opensearch, 2, 4) || (identity.isAtLeast(.elasticsearch, 7, 10) && identity.flavor != .oss)
    }
}

extension ClusterCapabilities {
    /// For the plan: JSON text.
    package func text() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    /// - Returns: nil for what another version of the program wrote otherwise; the cluster can be asked again.
    package init?(text: String) {
        guard let value = try? JSONDecoder().decode(Self.self, from: Data(text.utf8)) else { return nil }
        self = value
    }
}
