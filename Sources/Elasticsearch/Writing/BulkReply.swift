import Glibc
import Runtime

/// The reply to `_bulk`, filtered to status and error of each item.
enum BulkReply {
    struct Item {
        let status: Int
        let error: JSONValue?

        var isAccepted: Bool { (200..<300).contains(status) && error == nil }

        var reason: ServerReason? { error.map { ServerReason(error: $0) } }

        /// The same document may be accepted later.
        var isPutOff: Bool {
            // A mapping update that the busy master did not confirm in time comes as 500 or 503.
            status == 429 || status == 503
                || (status >= 500 && reason?.types.contains("process_cluster_event_timeout_exception") == true)
        }
    }

    /// All items succeeded.
    case accepted
    case items([Item])

    /// nil when the reply is not about exactly `count` items.
    init?(_ body: [UInt8], count: Int) {
        // The usual reply is only counted: without errors it holds nothing but statuses.
        if BulkReply.occurrences(of: #""errors":false"#, in: body) == 1, BulkReply.occurrences(of: #""error""#, in: body) == 0 {
            let statuses = BulkReply.occurrences(of: #""status":"#, in: body)
            if statuses == count, BulkReply.occurrences(of: #""status":2"#, in: body) == count {
                self = .accepted
                return
            }
        }
        guard let reply = try? JSONValue(parsing: body), let entries = reply["items"]?.array, entries.count == count else {
            return nil
        }
        var items: [Item] = []
        for entry in entries {
            guard let result = entry.members?.first?.value, let status = result["status"]?.int else { return nil }
            items.append(Item(status: status, error: result["error"]))
        }
        self = .items(items)
    }

    /// Whether some documents must be sent again.
    var isPutOff: Bool {
        guard case .items(let items) = self else { return false }
        return items.contains { $0.isPutOff }
    }

    private static func occurrences(of text: String, in body: [UInt8]) -> Int {
        let wanted = Array(text.utf8)
        return wanted.withUnsafeBytes { wanted in
            body.withUnsafeBytes { body in
                guard let start = body.baseAddress, let first = wanted.baseAddress else { return 0 }
                var found = 0
                var place = 0
                while place + wanted.count <= body.count,
                    let next = memchr(start + place, Int32(wanted[0]), body.count - place - wanted.count + 1)
                {
                    place = start.distance(to: UnsafeRawPointer(next))
                    let isFound = memcmp(start + place, first, wanted.count) == 0
                    found += isFound ? 1 : 0
                    place += isFound ? wanted.count : 1
                }
                return found
            }
        }
    }
}
