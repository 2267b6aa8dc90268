import Testing

@testable import Archive

struct ObjectKeyTests {
    @Test(arguments: ["FORMAT", "sessions/a-1/part/0/0-1", "a/b..c~", String(repeating: "k", count: 255)])
    func unreservedKeysAreAccepted(text: String) throws {
        #expect(try ObjectKey(text).text == text)
    }

    @Test(arguments: [
        "", "/", "/a", "a/", "a//b", "..", "a/../b", ".hidden", "a/.staging", "a b", "a%2Fb", "é", "a\0b", "a\nb", "a\\b",
        String(repeating: "k", count: 256), Array(repeating: "abc", count: 300).joined(separator: "/"),
    ])
    func otherKeysAreRefused(text: String) {
        #expect(code { _ = try ObjectKey(text) } == .invalid)
    }
}
