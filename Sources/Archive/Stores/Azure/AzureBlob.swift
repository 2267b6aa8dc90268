import FoundationEssentials
import HTTP
import Runtime

/// A blob as a list of its container describes it.
struct AzureBlob {
    let name: String
    let size: Int
    let modified: Date

    /// - Returns: nil for a folder, which accounts with a hierarchical namespace list too.
    init?(_ entry: XMLElement, in location: String) throws(ArchiveError) {
        let properties = entry["Properties"]
        guard properties?.text(of: "ResourceType") != "directory" else { return nil }
        guard let name = entry.text(of: "Name"), let size = properties?.text(of: "Content-Length").flatMap({ Int($0) }),
            let modified = properties?.text(of: "Last-Modified").flatMap(HTTPDate.timestamp)
        else {
            throw ArchiveError(
                .unsupported, "\(location) lists a blob without name, size or time: check that it is Azure Blob Storage")
        }
        self.name = name
        self.size = size
        self.modified = Date(timeIntervalSince1970: modified.secondsSinceEpoch)
    }
}
