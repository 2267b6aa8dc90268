import FoundationEssentials
import Runtime

/// An object as the JSON API describes it.
struct GCSObject {
    let name: String
    let size: Int
    let modified: Date

    init(_ json: JSONValue, in location: String) throws(ArchiveError) {
        guard let name = json["name"]?.string, let size = json["size"]?.string.flatMap({ Int($0) }),
            let text = json["updated"]?.string, let updated = try? Timestamp(parsing: text)
        else {
            throw ArchiveError(
                .unreachable,
                "\(location) describes an object without name, size or updated: check that it is Google Cloud Storage")
        }
        self.name = name
        self.size = size
        modified = Date(timeIntervalSince1970: updated.secondsSinceEpoch)
    }
}
