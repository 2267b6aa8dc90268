/// What an AppBinding says of its cluster (`spec.parameters.sheaf`) against what the cluster says of itself, for servers behind proxies.
package struct CapabilityOverrides: Sendable, Equatable {
    package var distribution: ClusterIdentity.Distribution?
    /// Such as `8.19.21`.
    package var version: String?
    package var reader: ClusterCapabilities.Reader?

    package init(
        distribution: ClusterIdentity.Distribution? = nil, version: String? = nil, reader: ClusterCapabilities.Reader? = nil
    ) {
        self.distribution = distribution
        self.version = version
        self.reader = reader
    }
}
