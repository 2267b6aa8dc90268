import Testing

@testable import Worker

/// A cursor comes back from a message: only what this program writes is one.
@Suite struct SegmentCursorTests {
    @Test(arguments: [(0, 0, "0:0"), (12, 3, "12:3"), (159_999, 63, "159999:63")])
    func aCursorIsWrittenAndReadBack(segment: Int, frame: Int, text: String) {
        let cursor = SegmentCursor(segment: segment, frame: frame)
        #expect(cursor.text == text)
        #expect(SegmentCursor(text) == cursor)
    }

    @Test(arguments: [
        "", ":", "1", "1:", ":1", "1:2:3", "-1:0", "0:-1", "+1:0", "01:0", "1:02", " 1:0", "1: 0", "a:b", "1;2", "1:2x3:4",
        "99999999999999999999:0",
    ])
    func anythingElseIsNoCursor(text: String) {
        #expect(SegmentCursor(text) == nil)
    }
}
