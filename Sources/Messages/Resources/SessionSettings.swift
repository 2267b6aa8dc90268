/// The engine that Stash would use. Sheaf accepts only `Restic`, which here means: documents through the REST API.
package enum BackupDriver: String, Codable, Sendable, Hashable, CaseIterable {
    case restic = "Restic"
    case volumeSnapshotter = "VolumeSnapshotter"
}

/// Scratch space of a session in Stash; Sheaf keeps the values and needs none of them.
package struct TempDir: Codable, Sendable, Hashable {
    package var medium: String?
    package var sizeLimit: String?
    @OmittedWhenEmpty package var disableCaching: Bool

    package init(medium: String? = nil, sizeLimit: String? = nil, disableCaching: Bool = false) {
        self.medium = medium
        self.sizeLimit = sizeLimit
        self.disableCaching = disableCaching
    }
}
