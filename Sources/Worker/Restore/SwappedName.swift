import Messages

/// Names of the indices that restores with `conflict: swap-alias` make: `<name>-<snapshot time>`, or `<name>-<snapshot time>-<mark>` where that
/// is taken, the mark being the first eight characters of the session's id.
enum SwappedName {
    static let markLength = 8

    /// The name that such an index stands for, nil when it is none of the snapshot's.
    static func original(of name: String, snapshot: SnapshotID) -> String? {
        let time = "-\(snapshot.timeInNames)"
        return name.ranges(of: time).last { isMark(name[$0.upperBound...]) }.map { String(name[..<$0.lowerBound]) }
    }

    /// Whether the index is replaced when aliases move away from a name: it has the name, or is of an earlier restore beside it.
    static func isReplaced(_ holder: String, by original: String) -> Bool {
        guard holder != original else { return true }
        guard holder.hasPrefix(original + "-") else { return false }
        let rest = holder.dropFirst(original.count + 1)
        return isTime(rest.prefix(timeLength)) && isMark(rest.dropFirst(timeLength))
    }

    private static let timeLength = "20261123t140211z".count

    private static func isMark(_ text: Substring) -> Bool {
        guard let first = text.first else { return true }
        let mark = text.dropFirst()
        return first == "-" && (1...markLength).contains(mark.utf8.count)
            && mark.utf8.allSatisfy { (0x61...0x7A).contains($0) || isDigit($0) || $0 == UInt8(ascii: "-") }
    }

    private static func isTime(_ text: Substring) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count == timeLength, bytes[8] == UInt8(ascii: "t"), bytes[15] == UInt8(ascii: "z") else { return false }
        return (bytes[0..<8] + bytes[9..<15]).allSatisfy(isDigit)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
