import Testing

@testable import Elasticsearch

/// Actions become `create` ones; sources stay byte for byte.
@Suite struct BulkRewriterTests {
    private func rewrite(_ lines: String, _ identity: BulkRewriter.Identity) throws -> (text: String, documents: Int) {
        let rewriter = BulkRewriter(identity)
        let documents = lines.split(separator: "\n").count / 2
        let output = UnsafeMutableRawBufferPointer.allocate(
            byteCount: rewriter.capacity(bytes: lines.utf8.count, documents: documents), alignment: 1)
        defer { output.deallocate() }
        let written = try Array(lines.utf8).withUnsafeBytes { try rewriter.rewrite($0, into: output) }
        return (String(decoding: output[..<written.bytes], as: UTF8.self), written.documents)
    }

    private let lines = #"""
        {"index":{"_id":"a"}}
        { "index" : 1.0 }
        {"index":{"_id":"é\"}}\\","routing":"r\"1"}}
        {"b":"\"_id\""}

        """#

    @Test func idsAndRoutingsAreKept() throws {
        let written = try rewrite(lines, .kept)
        #expect(
            written.text == #"""
                {"create":{"_id":"a"}}
                { "index" : 1.0 }
                {"create":{"_id":"é\"}}\\","routing":"r\"1"}}
                {"b":"\"_id\""}

                """#)
        #expect(written.documents == 2)
    }

    @Test func newIdsNumberTheDocuments() throws {
        let written = try rewrite(lines, .numbered(prefix: "0aF_"))
        #expect(
            written.text == #"""
                {"create":{"_id":"0aF_-0"}}
                { "index" : 1.0 }
                {"create":{"_id":"0aF_-1","routing":"r\"1"}}
                {"b":"\"_id\""}

                """#)
    }

    @Test func numbersHaveAllTheirDigits() throws {
        let many = (0..<1_101).map { "{\"index\":{\"_id\":\"\($0)\"}}\n{}\n" }.joined()
        let ids = try rewrite(many, .numbered(prefix: "p")).text.split(separator: "\n").enumerated()
            .filter { $0.offset.isMultiple(of: 2) }.map { String($0.element) }
        #expect(ids == (0..<1_101).map { "{\"create\":{\"_id\":\"p-\($0)\"}}" })
        #expect(BulkRewriter(.numbered(prefix: "p")).id(at: 1_100) == "\"p-1100\"")
        #expect(BulkRewriter(.kept).id(at: 0) == nil)
    }

    @Test func actionsOfOtherWritersAreUnderstood() throws {
        let other = "{ \"index\": {\"routing\": \"r\", \"_id\": \"x\"} }\n{}\n{\"create\":{\"_id\":\"y\"}}\n{}\n"
        #expect(
            try rewrite(other, .kept).text
                == "{\"create\":{\"routing\":\"r\",\"_id\":\"x\"}}\n{}\n{\"create\":{\"_id\":\"y\"}}\n{}\n")
    }

    @Test(arguments: [
        "{\"index\":{\"_id\":\"a\"}}\n", "{\"index\":{\"_id\":\"a\"}}\n{}", "{\"delete\":{\"_id\":\"a\"}}\n{}\n",
        "{\"index\":{}}\n{}\n", "nonsense\n{}\n", "{\"index\":{\"_id\":\"a\n{}\n",
    ]) func whatIsNoDocumentIsRefused(_ lines: String) {
        let error = #expect(throws: ElasticsearchError.self) { try rewrite(lines, .kept) }
        #expect(error?.code == .badRequest)
    }
}
