/// What an AppBinding says of its cluster, which then is not asked for.
package struct CapabilityOverrides: Sendable, Equatable {
    package enum Reader: String, Sendable {
        case pointInTime
        case scroll
    }

    package var distribution: ClusterIdentity.Distribution?
    package var version: String?
    package var reader: Reader?

    package init(distribution: ClusterIdentity.Distribution? = nil, version: String? = nil, reader: Reader? = nil) {
        self.distribution = distribution
        self.version = version
        self.reader = reader
    }
}
