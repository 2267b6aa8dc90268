/// What a snapshot says of one index, its segments apart: the first line of `manifests/<sha256>`.
package struct IndexManifest: Hashable, Sendable, Codable {
    package static let currentVersion = 1

    /// A point in time that one shard, or the whole index, was read at.
    package struct View: Hashable, Sendable, Codable {
        /// `nil` for the whole index.
        package let shard: Int?
        package let epoch: Int
        /// What the view itself counted.
        package let documents: Int
        /// When it was opened: RFC 3339 text, as its journal entry has it.
        package let opened: String

        package init(shard: Int?, epoch: Int, documents: Int, opened: String) {
            self.shard = shard
            self.epoch = epoch
            self.documents = documents
            self.opened = opened
        }
    }

    package let version: Int
    package let name: String
    package let uuid: String
    package let shards: Int
    /// JSON text of settings, mappings and aliases as the engine sent it, kept as text so that no number is re-encoded.
    package let definition: String
    /// The sums over all segments, known from the slices' entries before the first line is written.
    package let documents: Int
    package let plainBytes: Int
    package let views: [View]
    /// The session that made it, so that no two sessions share a manifest, which garbage collection could be about to delete. Nil in those
    /// of versions before it.
    package let session: String?

    package init(
        name: String, uuid: String, shards: Int, definition: String, documents: Int, plainBytes: Int, views: [View],
        session: String? = nil
    ) {
        version = IndexManifest.currentVersion
        self.name = name
        self.uuid = uuid
        self.shards = shards
        self.definition = definition
        self.documents = documents
        self.plainBytes = plainBytes
        self.views = views
        self.session = session
    }
}

/// One line of a manifest: an object with one member, whose name tells what the line is.
enum ManifestLine: Codable {
    case index(IndexManifest)
    case segment(SegmentReference)
    case end(ManifestTotals)

    private enum Name: String, CodingKey {
        case index
        case segment
        case end
    }

    init(from decoder: any Decoder) throws {
        let line = try decoder.container(keyedBy: Name.self)
        if let segment = try line.decodeIfPresent(SegmentReference.self, forKey: .segment) {
            self = .segment(segment)
        } else if let end = try line.decodeIfPresent(ManifestTotals.self, forKey: .end) {
            self = .end(end)
        } else {
            self = .index(try line.decode(IndexManifest.self, forKey: .index))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var line = encoder.container(keyedBy: Name.self)
        switch self {
        case .index(let index): try line.encode(index, forKey: .index)
        case .segment(let segment): try line.encode(segment, forKey: .segment)
        case .end(let totals): try line.encode(totals, forKey: .end)
        }
    }
}

/// The last line: what the lines before it add up to.
struct ManifestTotals: Hashable, Codable {
    var segments = 0
    var documents = 0
    var plainBytes = 0
    var storedBytes = 0

    mutating func add(_ segment: SegmentReference) {
        segments += 1
        documents += segment.documents
        plainBytes += segment.plainBytes
        storedBytes += segment.storedBytes
    }
}
