import Foundation
import Runtime
import Testing

/// `Stash/`: the manifests that Stash documents, with the addresses of a test's servers put in (Stash/README.md).
struct StashFolder {
    private static let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path + "/Stash"

    private let elasticsearch: String
    private let bucket = EndToEnd.StoreRoundTripTests.Bucket.s3

    /// - Parameter elasticsearch: its address.
    init(elasticsearch: String) { self.elasticsearch = elasticsearch }

    /// - Parameter snapshot: in place of the one that the documentation names.
    func text(_ name: String, snapshot: String? = nil) throws -> String {
        let backend = try #require(try bucket.backend(prefix: "")["s3"])
        let credentials = try bucket.credentials()
        let values = [
            ("http://elasticsearch.example:9200", elasticsearch), ("http://s3.example:9000", backend["endpoint"]?.string),
            ("stash-testing", backend["bucket"]?.string), ("<key>", credentials["AWS_ACCESS_KEY_ID"]?.string),
            ("<secret>", credentials["AWS_SECRET_ACCESS_KEY"]?.string), ("4bc21d6f", snapshot),
        ]
        var text = try String(contentsOfFile: "\(Self.path)/\(name).yaml", encoding: .utf8)
        for case (let word, let value?) in values { text = text.replacing(word, with: value) }
        return text
    }

    /// - Returns: the path of the file.
    @discardableResult func write(_ name: String, snapshot: String? = nil, to folder: String) throws -> String {
        try Data(try text(name, snapshot: snapshot).utf8).write(to: URL(filePath: "\(folder)/\(name).yaml"))
        return "\(folder)/\(name).yaml"
    }

    /// All that there are, by their names.
    static func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }
    }
}
