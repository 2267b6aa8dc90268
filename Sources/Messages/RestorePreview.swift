/// What a restore would do: the answer to a dry run.
package struct RestorePreview: Codable, Sendable, Equatable {
    package struct Index: Codable, Sendable, Equatable {
        package var name: String
        package var targetName: String
        /// The data stream that it becomes a part of, under its new name.
        package var dataStream: String?
        package var documents: Int
        package var bytes: Int
        /// What happens: `create`, `append`, `overwrite`, `swap-alias`, `skip`, or `conflict` where the restore would be refused.
        package var action: String
        /// Settings of the snapshot that are left out, by name.
        package var strippedSettings: [String]
        /// Aliases that it gets, under their new names.
        package var aliases: [String]

        package init(
            name: String, targetName: String, dataStream: String? = nil, documents: Int, bytes: Int, action: String,
            strippedSettings: [String] = [], aliases: [String] = []
        ) {
            self.name = name
            self.targetName = targetName
            self.dataStream = dataStream
            self.documents = documents
            self.bytes = bytes
            self.action = action
            self.strippedSettings = strippedSettings
            self.aliases = aliases
        }
    }

    package struct Object: Codable, Sendable, Equatable {
        package var kind: ClusterObjectKind
        package var name: String
        /// `create`, `overwrite`, `unchanged`, `skip`, `conflict`, or `unsupported` where the target has no such objects.
        package var action: String

        package init(kind: ClusterObjectKind, name: String, action: String) {
            self.kind = kind
            self.name = name
            self.action = action
        }
    }

    package var snapshot: SnapshotID
    package var target: String
    package var indices: [Index]
    package var objects: [Object]
    package var notes: [String]
    /// Why the restore would be refused as it is; empty when it can begin.
    package var problems: [String]
    /// Address of the target's cluster.
    package var cluster: String?

    package init(
        snapshot: SnapshotID, target: String, indices: [Index], objects: [Object], notes: [String], problems: [String],
        cluster: String? = nil
    ) {
        self.snapshot = snapshot
        self.target = target
        self.indices = indices
        self.objects = objects
        self.notes = notes
        self.problems = problems
        self.cluster = cluster
    }

    private struct Essence: Encodable {
        var restore: RestoreSession
        var snapshot: SnapshotID
        var target: String
        var cluster: String?
        var indices: [Index]
        var objects: [Object]
    }

    /// Everything that the restore depends on and would do; its SHA-256 in hexadecimal digits is the plan's hash.
    package func essence(of restore: RestoreSession) throws -> [UInt8] {
        try MessageCoding.encode(
            Essence(
                restore: restore, snapshot: snapshot, target: target, cluster: cluster, indices: indices, objects: objects))
    }
}
