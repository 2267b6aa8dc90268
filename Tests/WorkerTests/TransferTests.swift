import Elasticsearch
import Foundation
import Messages
import Runtime
import Testing

@testable import Worker

/// Lines out of and into Sheaf: pure parts, and the import against a server that refuses.
@Suite struct TransferTests {
    private func flattened(_ text: String) -> String {
        Array(text.utf8).withUnsafeBytes { String(decoding: SourceLine.flattened($0), as: UTF8.self) }
    }

    @Test(arguments: [
        ("{\n  \"a\" : [ 1,\r\n 2 ]\n}", "{   \"a\" : [ 1,   2 ] }"), ("{\"a\":1 // \" }\n}", "{\"a\":1   }"),
        ("{/* \" }\n */\"a\":\"x // y /* z\"}\r", "{ \"a\":\"x // y /* z\"} "), (#"{"a":"\\"}"# + "\n", #"{"a":"\\"} "#),
        (#"{"a":"\"//"}"#, #"{"a":"\"//"}"#), ("{}//", "{} "), ("{}/*", "{} "),
    ])
    func aSourceWithLineEndsBecomesOneLine(source: String, line: String) throws {
        #expect(flattened(source) == line)
        #expect(!flattened(source).utf8.contains(0x0A))
    }

    @Test(arguments: [
        (#"{"index":{"_index":"a","_id":"1"}}"#, ImportFormat.bulk), (#"{"create":{}}"#, .bulk),
        (#"{ "delete" : {"_id":"1"} }"#, .bulk),
        (#"{"index":{"name":"a document with an object"}}"#, .documents), (#"{"index":1}"#, .documents),
        (#"{"_index":"a","_id":"1","_source":{"a":1}}"#, .dump), (#"{"a":{"_source":1}}"#, .documents), ("{}", .documents),
        ("\u{FEFF}{\"a\":1}", .documents),
    ])
    func theFirstLineTellsTheFormat(line: String, format: ImportFormat) {
        #expect(ImportFormat(firstLine: Array(line.utf8)) == format)
    }

    @Test(arguments: ["", "[1]", "{", "{\"a\"}", "{\"a\":1}x", "a,b", "{\"a\":}"])
    func whatIsNoObjectHasNoFormat(line: String) { #expect(ImportFormat(firstLine: Array(line.utf8)) == nil) }

    // MARK: - Import

    /// Runs an import of a text into the index `new` of a server that refuses documents with the word "bad".
    private func load(_ text: String, pipeline: String? = nil, exists: Bool = false, conflict: ConflictPolicy = .fail) throws -> (
        report: DocumentImport.Report, rejects: [String], requests: [StubServer.Request]
    ) {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/lines"
        try Data(text.utf8).write(to: URL(filePath: path))
        let handle = try FileHandle(forReadingFrom: URL(filePath: path))
        let server = try StubServer { request in
            switch (request.method, request.path) {
            case ("GET", "/_alias"): return StubServer.Reply(200, exists ? #"{"new":{"aliases":{}}}"# : "{}")
            case ("GET", _) where request.target.contains("filter_path=*.aliases"): return StubServer.Reply(404, "{}")
            case ("GET", "/new/_alias"): return StubServer.Reply(200, #"{"new":{"aliases":{}}}"#)
            case ("GET", _) where request.path.hasPrefix("/_alias/"):
                return StubServer.Reply(200, "{\"new\":{\"aliases\":{\"\(request.path.dropFirst(8))\":{}}}}")
            case ("POST", _) where request.path.hasSuffix("/_bulk"):
                let lines = request.text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
                let items = stride(from: 1, to: lines.count, by: 2).map { place in
                    lines[place].contains("bad")
                        ? #"{"index":{"status":400,"error":{"type":"document_parsing_exception","reason":"no"}}}"#
                        : #"{"index":{"status":201}}"#
                }
                return StubServer.Reply(
                    200, "{\"errors\":\(request.text.contains("bad")),\"items\":[\(items.joined(separator: ","))]}")
            default: return StubServer.Reply(200, #"{"acknowledged":true,"_shards":{"failed":0}}"#)
            }
        }
        let client = try ElasticsearchClient(
            configuration: ClusterConfiguration(url: server.url), retryPolicy: RetryPolicy(retries: 0))
        var rejects: [String] = []
        let report = try DocumentImport(client: client, place: "es").run(
            file: handle.fileDescriptor, name: "lines", into: "new", pipeline: pipeline, conflict: conflict
        ) { rejects.append(String(decoding: $0.bytes, as: UTF8.self)) }
        try handle.close()
        return (report, rejects, server.requests)
    }

    private func bulk(_ requests: [StubServer.Request]) -> [String] {
        requests.filter { $0.path.hasSuffix("/_bulk") }.flatMap { $0.text.split(separator: "\n").map(String.init) }
    }

    @Test func elasticdumpsLinesKeepIdRoutingAndBytes() throws {
        let line = #"{"_index":"old","_type":"_doc","_id":"7\"","_score":1,"_routing":"r","_source": {"a": 1.50e0, "b":"}"} }"#
        let done = try load(line + "\r\n\n" + #"{"_id":null,"_source":{}}"#)
        let lines = bulk(done.requests)
        #expect(lines[0] == #"{"index":{"_id":"7\"","routing":"r"}}"# && lines[1] == #"{"a": 1.50e0, "b":"}"}"#)
        #expect(lines[3] == "{}" && done.report.accepted == 2)
    }

    @Test func bulkLinesKeepActionAndPipelineIsNamed() throws {
        let done = try load("{\"create\":{\"_index\":\"old\",\"_id\":\"1\"}}\n{\"a\":1}\n", pipeline: "p\"")
        #expect(bulk(done.requests) == [#"{"create":{"_id":"1","pipeline":"p\""}}"#, #"{"a":1}"#])
        #expect(done.report == .init(accepted: 1, rejected: 0, bytes: 7))
    }

    @Test func equalDocumentsWithoutIdsStayApartAndKeepTheirIds() throws {
        let first = bulk(try load("{\"a\":1}\n{\"a\":1}\n").requests)
        #expect(first.count == 4 && first[0] != first[2])
        #expect(bulk(try load("{\"a\":1}\n{\"a\":1}\n").requests) == first)
    }

    @Test func refusedDocumentsAreHandedOutAsLinesThatCanBeImported() throws {
        let done = try load("{\"_id\":\"1\",\"_source\":{\"a\":\"bad\"}}\n{\"_id\":\"2\",\"_source\":{}}\nnonsense\n")
        #expect(done.report.accepted == 1 && done.report.rejected == 2 && done.report.bytes == 2)
        let first = Array(try #require(done.rejects.last { $0.contains("\"bad\"") }).utf8)
        #expect(ImportFormat(firstLine: first.dropLast()) == .dump)
        #expect(try JSONValue(parsing: first)[path: ["error", "line"]] == 1)
        #expect(
            done.rejects.contains { $0.contains("malformed_line") && $0.contains("\"line\":\"nonsense\"") }, "\(done.rejects)")
    }

    @Test(arguments: [
        ("{\"delete\":{\"_id\":\"1\"}}\n", "is an action delete"), ("{\"index\":{\"_id\":\"1\"}}\n", "its document is missing"),
    ])
    func whatBringsNoDocumentEndsTheImportAndLeavesNoIndex(text: String, complaint: String) {
        let error = #expect(throws: TransferError.self) { _ = try load(text) }
        #expect(error?.message.contains(complaint) == true, "\(error?.message ?? "")")
    }

    @Test func anIndexThatIsThereIsRefusedOrLeftOrAddedTo() throws {
        let error = #expect(throws: TransferError.self) { _ = try load("{}", exists: true) }
        #expect(error?.code == .refused && error?.message.contains("--conflict append") == true)
        #expect(try load("{}", exists: true, conflict: .skip).report.accepted == 0)
        let added = try load("{}", exists: true, conflict: .append)
        #expect(added.report.accepted == 1 && !added.requests.contains { $0.method == "PUT" || $0.method == "DELETE" })
    }

    @Test func longLinesAndALastOneWithoutItsEndAreRead() throws {
        let long = "{\"a\":\"\(String(repeating: "x", count: 3 << 20))\"}"
        let done = try load("\(long)\n{\"b\":1}\n\(long)")
        #expect(done.report.accepted == 3 && done.report.bytes == 2 * long.utf8.count + 7)
    }
}
