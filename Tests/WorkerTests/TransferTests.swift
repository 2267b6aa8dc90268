import Archive
import Elasticsearch
import Foundation
import Messages
import Runtime
import Snapshots
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
        ("\u{FEFF}{\"a\":1}", .documents), ("{\"a\":1 /* } */}", .documents),
        (#"{"error":{"line":3,"status":0,"type":"malformed_line","reason":"r"},"line":"x"}"#, .dump),
        (#"{"error":{"line":3,"status":0,"type":"malformed_line","reason":"r"},"line":"x","level":"warn"}"#, .documents),
        (#"{"error":{"code":3},"line":"a log's"}"#, .documents),
    ])
    func theFirstLineTellsTheFormat(line: String, format: ImportFormat) {
        #expect(ImportFormat(firstLine: Array(line.utf8)) == format)
    }

    @Test(arguments: ["", "[1]", "{", "{\"a\"}", "{\"a\":1}x", "a,b", "{\"a\":}"])
    func whatIsNoObjectHasNoFormat(line: String) { #expect(ImportFormat(firstLine: Array(line.utf8)) == nil) }

    // MARK: - Import

    /// Runs an import of a text into the index `new` of `server`.
    private func load(
        _ text: String, into server: ImportServer = ImportServer(), pipeline: String? = nil, conflict: ConflictPolicy = .fail,
        allowsEmpty: Bool = false, isStopped: @escaping @Sendable () -> Bool = { false }
    ) throws -> (report: DocumentImport.Report, rejects: [String], requests: [StubServer.Request]) {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/lines"
        try Data(text.utf8).write(to: URL(filePath: path))
        let handle = try FileHandle(forReadingFrom: URL(filePath: path))
        defer { handle.closeFile() }
        return try server.load(
            handle.fileDescriptor, pipeline: pipeline, conflict: conflict, allowsEmpty: allowsEmpty, isStopped: isStopped)
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
        let error = #expect(throws: TransferError.self) { _ = try load("{}", into: ImportServer(exists: true)) }
        #expect(error?.code == .refused && error?.message.contains("--conflict append") == true)
        #expect(try load("{}", into: ImportServer(exists: true), conflict: .skip).report.accepted == 0)
        let added = try load("{}", into: ImportServer(exists: true), conflict: .append)
        #expect(added.report.accepted == 1 && !added.requests.contains { $0.method == "PUT" || $0.method == "DELETE" })
    }

    @Test func theFileOfRefusedDocumentsIsReadAgain() throws {
        let lines = ["nonsense", #"{"_id":"1","_source":{"a":"bad"}}"#, #"{"_id":"3","_routing":"r","_source":{"a":"bad"}}"#]
        let first = try load("{\"_id\":\"2\",\"_source\":{}}\n" + lines.joined(separator: "\n"))
        #expect(first.report.accepted == 1 && first.rejects.count == 3)
        // The malformed line is the first: nothing of it may become a document.
        let again = try load(first.rejects.joined().replacingOccurrences(of: "bad", with: "good"))
        #expect(
            bulk(again.requests) == [
                #"{"index":{"_id":"1"}}"#, #"{"a":"good"}"#, #"{"index":{"_id":"3","routing":"r"}}"#, #"{"a":"good"}"#,
            ])
        #expect(again.report.accepted == 2 && again.report.rejected == 1)
        #expect(again.rejects.first?.contains(#""line":"nonsense""#) == true, "\(again.rejects)")
        // Its user has put it right.
        let mended = try load(again.rejects[0].replacingOccurrences(of: "nonsense", with: #"{\"_id\":\"9\",\"_source\":{}}"#))
        #expect(bulk(mended.requests) == [#"{"index":{"_id":"9"}}"#, "{}"])
    }

    @Test func aRefusedSourceThatIsNoJSONKeepsItsId() throws {
        let first = try load(#"{"_id":"1","_source":{"a":"bad" /* why */}}"#)
        let line = try #require(first.rejects.first)
        #expect(line.contains(#""line":"{"#), "\(line)")
        let again = try load(line.replacingOccurrences(of: "bad", with: "good"))
        #expect(bulk(again.requests) == [#"{"index":{"_id":"1"}}"#, #"{"a":"good" /* why */}"#])
    }

    @Test func longLinesAndALastOneWithoutItsEndAreRead() throws {
        let long = "{\"a\":\"\(String(repeating: "x", count: 3 << 20))\"}"
        let done = try load("\(long)\n{\"b\":1}\n\(long)")
        #expect(done.report.accepted == 3 && done.report.bytes == 2 * long.utf8.count + 7)
    }

    @Test(arguments: ["latest", "20200101t000000z-zzzzzz", "zzzz"])
    func anExportOfASnapshotThatIsNotThereSaysSo(selector: String) throws {
        let folder = try TemporaryFolder()
        let export = SnapshotExport(store: RepositoryStore(try LocalStore(folder.path)))
        let error = #expect(throws: SnapshotError.self) {
            _ = try export.run(selector, indices: ["*"], format: .bulk) { _ in }
        }
        #expect(error?.code == .notFound, "\(String(describing: error))")
    }
}
