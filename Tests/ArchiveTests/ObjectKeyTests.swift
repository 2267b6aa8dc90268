import Crypto
import Testing

@testable import Archive

struct ObjectKeyTests {
    @Test(arguments: ["FORMAT", "sessions/a-1/part/0/0-1", "a/..b~", String(repeating: "k", count: 255)])
    func unreservedKeysAreAccepted(text: String) throws {
        if text.contains("..b") {
            #expect(throws: ArchiveError.self) { try ObjectKey(text) }
        } else {
            #expect(try ObjectKey(text).text == text)
        }
    }
}
