/// How documents stand in a segment's frames.
package enum SegmentKind: String, Hashable, Sendable, Codable {
    /// `action\nsource\n`: the body of a `_bulk` request as it is.
    case bulk
    /// `action with "length":N\n` and N raw bytes and `\n`: for sources that a line cannot hold.
    case exact

    /// The kind a source needs: one with a raw line feed would end its line early, and engines strip a carriage return
    /// before a line feed.
    package static func required(for source: UnsafeRawBufferPointer) -> SegmentKind {
        if source.last == UInt8(ascii: "\r") || firstIndex(of: UInt8(ascii: "\n"), in: source) != nil { return .exact }
        return .bulk
    }

    /// The byte that stands for it in a segment.
    var code: UInt8 {
        switch self {
        case .bulk: 1
        case .exact: 2
        }
    }

    init?(code: UInt8) {
        switch code {
        case 1: self = .bulk
        case 2: self = .exact
        default: return nil
        }
    }
}
