import Runtime
import Testing

@testable import Elasticsearch

/// What a mapping and settings say of documents before any is read.
struct SourceFidelityTests {
    @Test(
        arguments: [
            (#"{}"#, "{}", []), (#"{"_source":{}}"#, #"{"index.mode":"standard"}"#, []),
            (#"{"_source":{"enabled":true}}"#, "{}", []), (#"{"_source":{"enabled":false}}"#, "{}", [.disabled]),
            (#"{"_source":{"enabled":"false"}}"#, "{}", [.disabled]), (#"{"_source":{"mode":"disabled"}}"#, "{}", [.disabled]),
            ("{}", #"{"index.mapping.source.mode":"disabled"}"#, [.disabled]),
            (
                #"{"_source":{"excludes":["a.*","b"]}}"#, "{}", [.filtered(includes: [], excludes: ["a.*", "b"])]
            ),
            (#"{"_source":{"includes":"a","excludes":[]}}"#, "{}", [.filtered(includes: ["a"], excludes: [])]),
            (#"{"_source":{"mode":"synthetic"}}"#, "{}", [.synthetic(by: "_source mode synthetic")]),
            ("{}", #"{"index.mapping.source.mode":"SYNTHETIC"}"#, [.synthetic(by: "_source mode synthetic")]),
            ("{}", #"{"index.mode":"logsdb"}"#, [.synthetic(by: "index.mode logsdb")]),
            ("{}", #"{"index.mode":"time_series"}"#, [.synthetic(by: "index.mode time_series")]),
            ("{}", #"{"index.mode":"logsdb","index.mapping.source.mode":"stored"}"#, []),
            (#"{"_source":{"mode":"stored"}}"#, #"{"index.mode":"logsdb"}"#, []),
            ("{}", #"{"index.derived_source.enabled":"true"}"#, [.synthetic(by: "index.derived_source.enabled")]),
        ] as [(String, String, [SourceFidelity.Flaw])])
    func flawsAreFoundByName(_ mappings: String, _ settings: String, _ flaws: [SourceFidelity.Flaw]) throws {
        #expect(try fidelity(mappings, settings).flaws == flaws)
    }

    private let vectors = """
        {"properties":{"v":{"type":"dense_vector"},"t":{"type":"text","fields":{"k":{"type":"keyword"}}},
        "o":{"properties":{"w":{"type":"sparse_vector"},"n":{"type":"nested","properties":{"k":{"type":"knn_vector"}}}}}}}
        """

    @Test func vectorsThatStayBehindAreNamed() throws {
        let excluding = #"{"index.mapping.exclude_source_vectors":"true"}"#
        let fields = ["v", "o.w", "o.n.k"]
        #expect(try fidelity(vectors, excluding).flaws == [.withoutVectors(fields)])
        #expect(try fidelity(vectors, excluding, sendsVectors: true).flaws == [], "they are asked for")
        #expect(try fidelity(vectors, "{}").flaws == [])
        #expect(try fidelity(vectors, #"{"index.knn.derived_source.enabled":"true"}"#).flaws == [.derivedVectors(fields)])
        #expect(try fidelity("{}", excluding).flaws == [], "no vectors, nothing left out")
    }

    @Test func explanationsNameTheFields() {
        let flaw = SourceFidelity.Flaw.filtered(includes: ["a"], excludes: ["a.b", "c*"])
        #expect(flaw.explanation.hasSuffix("only a; not a.b, c*"))
        #expect(SourceFidelity.Flaw.withoutVectors(["v", "w"]).explanation.contains("v, w"))
    }

    private func fidelity(_ mappings: String, _ settings: String, sendsVectors: Bool = false) throws -> SourceFidelity {
        SourceFidelity(
            mappings: try JSONValue(parsing: Array(mappings.utf8)), settings: try JSONValue(parsing: Array(settings.utf8)),
            sendsVectors: sendsVectors)
    }
}
