import Glibc

/// Writes each record as one line of JSON, whole lines only, on standard error unless told otherwise.
///
/// The members are `time`, `level`, `logger`, `message`, then the metadata by name. Metadata of one of these names gets a `_`
/// behind it. Lines that could not be written (disk full, reader gone) are counted and told as `dropped` by the next one.
package final class JSONLogHandler: LogHandler {
    private let file: CInt
    private let dropped = Lock(0)

    /// - Parameter file: an open file descriptor, not closed here.
    package init(file: CInt = STDERR_FILENO) {
        self.file = file
    }

    package func log(_ record: LogRecord) {
        let members = Self.members(of: record)
        // The lock is held while writing: two lines must not mix even when the descriptor takes them in pieces.
        dropped.withLock { dropped in
            var members = members
            if dropped > 0 { members.append(JSONValue.Member(name: "dropped", value: JSONValue(dropped))) }
            var line = JSONValue.object(members).serializedBytes()
            line.append(0x0A)
            dropped = Self.write(line, to: file) ? 0 : dropped + 1
        }
    }

    static func members(of record: LogRecord) -> [JSONValue.Member] {
        let fixed = [
            ("time", record.time.description), ("level", record.level.rawValue), ("logger", record.label),
            ("message", record.message),
        ]
        let names = fixed.map(\.0) + ["dropped"]
        return fixed.map { JSONValue.Member(name: $0.0, value: .string($0.1)) }
            + record.metadata.sorted { $0.key < $1.key }.map { key, value in
                JSONValue.Member(name: names.contains(key) ? key + "_" : key, value: value.json)
            }
    }

    private static func write(_ line: [UInt8], to file: CInt) -> Bool {
        line.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Glibc.write(file, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count > 0 {
                    rest = rest.dropFirst(count)
                } else if count == 0 || errno != EINTR {
                    return false
                }
            }
            return true
        }
    }
}
