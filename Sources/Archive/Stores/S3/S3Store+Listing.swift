import FoundationEssentials
import HTTP
import Runtime

extension S3Store {
    /// Keys that one answer holds at most.
    private static let pageLimit = 1_000

    package func list(_ prefix: String, after: ObjectKey?, limit: Int) throws(ArchiveError) -> [ObjectInfo] {
        guard ObjectKey.isValidPrefix(prefix) else { throw malformedPrefix(prefix) }
        let action = "list \"\(prefix)\""
        var objects: [ObjectInfo] = []
        var order = ListOrder(prefix: address.prefix, of: prefix, after: after, in: location)
        var token: String?
        while objects.count < limit {
            // What is no key of ours is left out below, so a page may need more than one answer.
            var query = [
                ("list-type", "2"), ("max-keys", "\(min(limit - objects.count, S3Store.pageLimit))"),
                ("prefix", address.prefix + prefix),
            ]
            if let token {
                query.append(("continuation-token", token))
            } else if let after {
                query.append(("start-after", address.prefix + after.text))
            }
            let page = try XMLElement(
                parsing: send("GET", address.url(query), to: action, accepting: [200]).body)
            guard page.name == "ListBucketResult" else {
                throw ArchiveError(.unsupported, "cannot \(action) in \(location): the answer is no list")
            }
            for entry in page.all("Contents") {
                guard let name = entry.text(of: "Key"), let size = entry.text(of: "Size").flatMap({ Int($0) }),
                    let modified = try modified(entry, "LastModified")
                else { throw ArchiveError(.unsupported, "cannot \(action) in \(location): the answer lacks key, size or time") }
                guard let key = try order.key(of: name) else { continue }
                objects.append(ObjectInfo(key: key, size: size, modified: modified))
            }
            guard page.text(of: "IsTruncated") == "true" else { break }
            token = page.text(of: "NextContinuationToken")
            guard token != nil else {
                throw ArchiveError(.unsupported, "cannot \(action) in \(location): the answer does not say where it goes on")
            }
        }
        return Array(objects.prefix(limit))
    }

    /// A time in an entry of a list, by the store's clock.
    func modified(_ entry: XMLElement, _ name: String) throws(ArchiveError) -> Date? {
        // Text that is no time is none.
        entry.text(of: name).flatMap { try? Timestamp(parsing: $0) }.map { Date(timeIntervalSince1970: $0.secondsSinceEpoch) }
    }
}
