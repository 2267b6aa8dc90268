/// What a snapshot says of the objects beside its indices, the objects apart: the first line of their `manifests/<sha256>`.
package struct ObjectManifest: Hashable, Sendable, Codable {
    package static let currentVersion = 1

    package let version: Int
    /// `elasticsearch` or `opensearch`: which language the bodies, and the definitions of the indices, are written in.
    package let distribution: String
    /// Version of the cluster, such as `8.19.21`.
    package let serverVersion: String
    /// As `IndexManifest.session`.
    package let session: String?

    package init(distribution: String, serverVersion: String, session: String? = nil) {
        version = ObjectManifest.currentVersion
        self.distribution = distribution
        self.serverVersion = serverVersion
        self.session = session
    }
}

/// One object of a manifest.
package struct StoredObject: Hashable, Sendable, Codable {
    /// In the words of docs/elasticsearch.md, such as `indexTemplates`.
    package let kind: String
    package let name: String
    /// JSON text that the object is made of again, kept as text so that no number is re-encoded.
    package let body: String

    package init(kind: String, name: String, body: String) {
        self.kind = kind
        self.name = name
        self.body = body
    }
}

/// One line of a manifest of objects: an object with one member, whose name tells what the line is.
enum ObjectManifestLine: Codable {
    case objects(ObjectManifest)
    case object(StoredObject)
    case end(ObjectTotals)

    private enum Name: String, CodingKey {
        case objects
        case object
        case end
    }

    init(from decoder: any Decoder) throws {
        let line = try decoder.container(keyedBy: Name.self)
        if let object = try line.decodeIfPresent(StoredObject.self, forKey: .object) {
            self = .object(object)
        } else if let end = try line.decodeIfPresent(ObjectTotals.self, forKey: .end) {
            self = .end(end)
        } else {
            self = .objects(try line.decode(ObjectManifest.self, forKey: .objects))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var line = encoder.container(keyedBy: Name.self)
        switch self {
        case .objects(let header): try line.encode(header, forKey: .objects)
        case .object(let object): try line.encode(object, forKey: .object)
        case .end(let totals): try line.encode(totals, forKey: .end)
        }
    }
}

/// The last line: what the lines before it add up to.
struct ObjectTotals: Hashable, Codable {
    var objects = 0
    /// Bytes of the bodies as UTF-8, before they are escaped.
    var bytes = 0

    mutating func add(_ object: StoredObject) {
        objects += 1
        bytes += object.body.utf8.count
    }
}
