import Runtime

/// The reply to `_bulk`, filtered to status and error of each item.
enum BulkReply {
    struct Item {
        let status: Int
        let error: JSONValue?
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

    private static func occurrences(of text: String, in body: [UInt8]) -> Int {
        let wanted = Array(text.utf8)
        return body.withUnsafeBufferPointer { body in
            var found = 0
            var place = 0
            while place + wanted.count <= body.count {
                if body[place] == wanted[0], (1..<wanted.count).allSatisfy({ body[place + $0] == wanted[$0] }) {
                    found += 1
                    place += wanted.count
                } else {
                    place += 1
                }
            }
            return found
        }
    }
}
