package import Runtime

/// How much of the documents a verification reads.
package enum VerificationMode: Hashable, Sendable {
    /// Outcomes, manifests and the sizes of segments.
    case quick
    /// Also so many per cent of the segments, above 0 to 100, chosen by the seed: the same seed chooses the same segments.
    case sampled(percent: Double, seed: Int)
    /// Every byte.
    case full

    package var name: String {
        switch self {
        case .quick: "quick"
        case .sampled: "sampled"
        case .full: "full"
        }
    }
}

/// What a verification found: the object `checks/<time>-<random>`.
package struct VerificationReport: Codable, Hashable, Sendable {
    package enum Kind: String, Codable, Hashable, Sendable {
        /// An object that should be there is not.
        case missing
        case damaged
    }

    /// One thing that is wrong with one snapshot.
    package struct Finding: Codable, Hashable, Sendable {
        /// As the outcome's name has it.
        package var snapshot: String
        /// Nil for the outcome, or the objects beside indices.
        package var index: String?
        /// Nil for a manifest.
        package var segment: String?
        /// Nil where no frame of the segment can be read, or its header alone is damaged.
        package var frame: Int?
        /// Documents that the snapshot cannot give back because of this.
        package var documents: Int
        package var kind: Kind
        /// What is wrong, for people.
        package var cause: String
    }

    package var nonce: String
    package var at: Timestamp
    package var finishedAt: Timestamp
    /// `quick`, `sampled` or `full`.
    package var mode: String
    package var percent: Double?
    package var seed: Int?
    /// How many there are, and how many of them are whole.
    package var snapshots = 0
    package var wholeSnapshots = 0
    package var manifests = 0
    /// Each once, however many snapshots have it.
    package var segments = 0
    package var storedBytes = 0
    package var segmentsRead = 0
    package var bytesRead = 0
    /// The first ones, by snapshot, and how many more there are.
    package var findings: [Finding] = []
    package var furtherFindings = 0

    package init(nonce: String, at: Timestamp, mode: VerificationMode) {
        self.nonce = nonce
        self.at = at
        finishedAt = at
        self.mode = mode.name
        if case .sampled(let percent, let seed) = mode { (self.percent, self.seed) = (percent, seed) }
    }

    package var isWhole: Bool { findings.isEmpty }

    /// Documents that cannot be read, of all snapshots; one that is in two snapshots counts twice.
    package var lostDocuments: Int { findings.reduce(0) { $0 + $1.documents } }
}
