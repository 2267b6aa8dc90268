import Archive
import Crypto
import Messages

/// What a key of a repository names, by docs/repository-format.md section 1: whatever is not listed there is nobody's to delete.
enum CollectorObject: Hashable {
    /// `FORMAT`, the texts beside it and the keys: never garbage.
    case foundation
    case segment(Digest)
    case inventory(Digest)
    case manifest(Digest)
    case journal(SessionID, JournalPart)
    case outcome(SnapshotID)
    case mark(SnapshotID)
    case forgotten(SnapshotID)
    case pin
    case collection
    case check
    case probe

    enum JournalPart {
        case begin
        case final
        /// Plan, views, parts and done entries: of use until the session is over.
        case work
    }

    /// - Returns: nil for a name that the format does not know.
    init?(_ key: ObjectKey) {
        let parts = key.components
        switch (parts[0], parts.count) {
        case ("FORMAT", 1), ("RECOVERY.md", 1), ("recover.py", 1): self = .foundation
        case ("keys", 2):
            guard Self.isHex(parts[1], count: 32) else { return nil }
            self = .foundation
        case ("segments", 3), ("inventory", 3):
            guard let id = Digest(hex: parts[2]), parts[2].hasPrefix(parts[1]), parts[1].utf8.count == 2 else { return nil }
            self = parts[0] == "segments" ? .segment(id) : .inventory(id)
        case ("manifests", 2):
            guard let id = Digest(hex: parts[1]) else { return nil }
            self = .manifest(id)
        case ("sessions", 3...):
            guard let session = SessionID(String(parts[1])), let part = Self.part(parts.dropFirst(2)) else { return nil }
            self = .journal(session, part)
        case ("outcomes", 2), ("forgotten", 2), ("marks", 3):
            guard let snapshot = SnapshotID(String(parts[1])) else { return nil }
            self = parts[0] == "outcomes" ? .outcome(snapshot) : parts[0] == "marks" ? .mark(snapshot) : .forgotten(snapshot)
        case ("pins", 2):
            guard Self.endsWithNonce(parts[1]) else { return nil }
            self = .pin
        case ("gc", 2), ("checks", 2):
            guard Self.beginsWithTime(parts[1]), Self.endsWithNonce(parts[1]) else { return nil }
            self = parts[0] == "gc" ? .collection : .check
        case ("probe", 2):
            guard Self.isHex(parts[1], count: 32) else { return nil }
            self = .probe
        default: return nil
        }
    }

    /// Objects that nothing but a repository has: documents, and what leads to them.
    var isContent: Bool {
        switch self {
        case .segment, .manifest, .journal, .outcome: true
        default: false
        }
    }

    private static func isHex(_ text: Substring, count: Int) -> Bool {
        text.utf8.count == count && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    /// `…-<16 hexadecimal digits>`.
    private static func endsWithNonce(_ name: Substring) -> Bool {
        guard let dash = name.lastIndex(of: "-") else { return false }
        return isHex(name[name.index(after: dash)...], count: 16)
    }

    /// `20261126T224500Z-…`, perhaps with a fraction of a second behind the digits.
    private static func beginsWithTime(_ name: Substring) -> Bool {
        let time = name.prefix { $0 != "-" }.utf8
        func isDigits(_ part: Substring.UTF8View.SubSequence) -> Bool { part.allSatisfy { (0x30...0x39).contains($0) } }
        return time.count >= 16 && isDigits(time.prefix(8)) && time.dropFirst(8).first == UInt8(ascii: "T")
            && isDigits(time.dropFirst(9).dropLast()) && time.last == UInt8(ascii: "Z")
    }

    private static func part(_ parts: ArraySlice<Substring>) -> JournalPart? {
        switch (parts.first, parts.count) {
        case ("begin", 1): .begin
        case ("final", 1): .final
        case ("plan", 1), ("view", 3), ("part", 3), ("done", 3): .work
        default: nil
        }
    }
}

extension SnapshotID {
    /// The session that committed it, by its name: `<time>-<session>`.
    var session: SessionID? {
        guard let dash = text.firstIndex(of: "-") else { return nil }
        return SessionID(String(text[text.index(after: dash)...]))
    }
}
