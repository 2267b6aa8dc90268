package import Archive
package import Crypto

/// What manifests say of a segment.
package struct SegmentFacts: Hashable, Sendable {
    package let kind: SegmentKind
    package let documents: Int
    package let plainBytes: Int
    package let storedBytes: Int

    package init(_ reference: SegmentReference) {
        kind = reference.kind
        documents = reference.documents
        plainBytes = reference.plainBytes
        storedBytes = reference.storedBytes
    }
}

/// Which segments a verification reads whole.
package enum VerificationPlan {
    /// - Returns: in an order that the seed decides, else by name; of a sample at least one where there is any.
    package static func segments(of all: some Collection<Digest>, mode: VerificationMode) -> [Digest] {
        switch mode {
        case .quick: return []
        case .full: return all.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
        case .sampled(let percent, let seed):
            let count = Int((Double(all.count) * percent / 100).rounded(.up))
            return all.map { (rank(of: $0, seed: seed), $0) }
                .sorted { $0.0 != $1.0 ? $0.0 < $1.0 : $0.1.bytes.lexicographicallyPrecedes($1.1.bytes) }
                .prefix(max(0, count)).map(\.1)
        }
    }

    /// A digest is random already; the seed shuffles it by the finalizer of SplitMix64.
    private static func rank(of id: Digest, seed: Int) -> UInt64 {
        var mixed =
            id.bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) } &+ UInt64(bitPattern: Int64(seed)) &* 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
