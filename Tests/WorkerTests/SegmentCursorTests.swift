import Testing

@testable import Worker

@Suite struct SegmentCursorTests {
    @Test(arguments: [(0, 0), (3, 17), (159_999, 63)])
    func whatIsWrittenIsRead(segment: Int, frame: Int) {
        let cursor = SegmentCursor(segment: segment, frame: frame)
        #expect(SegmentCursor(cursor.text) == cursor)
    }

    @Test(arguments: ["", ":", "1", "1:", "1:2:3", "-1:0", "0:-1", "01:2", "1:+2", " 1:2", "a:b", "99999999999999999999:0"])
    func anythingElseIsNoCursor(text: String) {
        #expect(SegmentCursor(text) == nil)
    }
}
