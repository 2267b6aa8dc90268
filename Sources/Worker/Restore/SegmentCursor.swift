/// Where a unit of a restore begins: a segment of the index's manifest and a frame in it. Written `segment:frame`.
struct SegmentCursor: Equatable {
    var segment: Int
    var frame: Int

    init(segment: Int, frame: Int) {
        self.segment = segment
        self.frame = frame
    }

    /// Nil unless `text` is what `text` below writes.
    init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).compactMap { Int($0) }
        guard parts.count == 2, parts[0] >= 0, parts[1] >= 0, "\(parts[0]):\(parts[1])" == text else { return nil }
        self.init(segment: parts[0], frame: parts[1])
    }

    var text: String { "\(segment):\(frame)" }
}
