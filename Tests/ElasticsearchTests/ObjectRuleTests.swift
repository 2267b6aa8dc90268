import Runtime
import Testing

@testable import Elasticsearch

/// What two objects have in common, what a product takes, and in which order: rules without a server.
@Suite struct ObjectRuleTests {
    private func object(_ kind: ObjectKind, _ body: String, name: String = "x") -> ClusterObject {
        ClusterObject(kind: kind, name: name, body: body)
    }

    @Test(arguments: [
        (
            ObjectKind.indexTemplates,
            #"{"index_patterns":"a","priority":5,"template":{"settings":{"number_of_shards":1,"index":{"x":true}}}}"#,
            #"{"priority":5,"template":{"settings":{"index":{"x":"true","number_of_shards":"1"}}},"index_patterns":["a"],"composed_of":[]}"#
        ),
        (
            .indexTemplates, #"{"data_stream":{},"_meta":{"n":1.50}}"#,
            #"{"data_stream":{"timestamp_field":{"name":"@timestamp"}},"_meta":{"n":15e-1}}"#
        ),
        (
            .indexTemplates, #"{"data_stream":{}}"#,
            #"{"data_stream":{"hidden":false,"allow_custom_routing":false},"template":{}}"#
        ),
        (
            .componentTemplates, #"{"template":{"aliases":{"a":{"routing":"1"}}}}"#,
            #"{"template":{"aliases":{"a":{"search_routing":"1","index_routing":"1"}},"mappings":{}}}"#
        ),
        (
            .legacyTemplates, #"{"index_patterns":["a"],"settings":{"index.codec":"default"}}"#,
            #"{"order":0,"index_patterns":["a"],"settings":{"index":{"codec":"default"}},"mappings":{},"aliases":{}}"#
        ),
        (
            .ilmPolicies, #"{"policy":{"phases":{"delete":{"actions":{"delete":{}}}}}}"#,
            #"{"policy":{"phases":{"delete":{"min_age":"0ms","actions":{"delete":{"delete_searchable_snapshot":true}}}}}}"#
        ),
        (.ismPolicies, #"{"policy":{"states":[]}}"#, #"{"policy":{"error_notification":null,"states":[]}}"#),
        (.clusterSettings, "10", #""10""#),
    ])
    func spellingsOfOneObjectAreEqual(kind: ObjectKind, one: String, other: String) throws {
        #expect(try object(kind, one).means(theSameAs: object(kind, other)))
    }

    @Test(arguments: [
        (ObjectKind.indexTemplates, #"{"priority":5}"#, #"{"priority":6}"#),
        (.indexTemplates, #"{"data_stream":{"hidden":true}}"#, #"{"data_stream":{}}"#),
        (.indexTemplates, "{}", #"{"data_stream":{}}"#),
        (
            .ingestPipelines, #"{"processors":[{"set":{"value":1}},{"drop":{}}]}"#,
            #"{"processors":[{"drop":{}},{"set":{"value":1}}]}"#
        ),
        (.ingestPipelines, #"{"processors":[{"set":{"value":"1"}}]}"#, #"{"processors":[{"set":{"value":1}}]}"#),
        (.scripts, #"{"script":{"source":"a"}}"#, #"{"script":{"source":"a "}}"#),
    ])
    func differentObjectsDiffer(kind: ObjectKind, one: String, other: String) throws {
        #expect(try !object(kind, one).means(theSameAs: object(kind, other)))
    }

    @Test(arguments: [
        ("1.50", "15e-1"), ("0", "-0.0"), ("100", "1E2"), ("-1.50e0", "-1.5"),
        ("9007199254740993", "9007199254740993.0"),
    ]) func numbersHaveOneForm(one: String, other: String) {
        #expect(ObjectForm.number(one) == ObjectForm.number(other))
        #expect(ObjectForm.number(one) != ObjectForm.number(one + "1"))
    }

    @Test func templatesLoseWhatTheOtherProductHasAlone() throws {
        let template = object(
            .indexTemplates,
            #"{"index_patterns":["a"],"allow_auto_create":true,"data_stream":{"hidden":false,"allow_custom_routing":true},"template":{"settings":{"index":{"lifecycle":{"name":"p"},"mode":"logsdb","codec":"best_compression"}},"lifecycle":{"enabled":true}}}"#
        )
        let adapted = try ObjectDialect.adapt(template, to: .opensearch)
        #expect(
            adapted.dropped
                == [
                    "allow_auto_create", "data_stream.allow_custom_routing", "template.lifecycle", "index.lifecycle.name",
                    "index.mode",
                ])
        #expect(
            adapted.object.body
                == #"{"index_patterns":["a"],"data_stream":{},"template":{"settings":{"index.codec":"best_compression"}}}"#)
        #expect(try ObjectDialect.adapt(template, to: .elasticsearch) == ObjectDialect.Adapted(object: template))
        let pipeline = try ObjectDialect.adapt(object(.ingestPipelines, #"{"processors":[],"_meta":{"a":1}}"#), to: .opensearch)
        #expect(pipeline.object.body == #"{"processors":[]}"# && pipeline.dropped == ["_meta"])
        let back = try ObjectDialect.adapt(
            object(.indexTemplates, #"{"data_stream":{"timestamp_field":{"name":"@timestamp"}},"context":{"name":"logs"}}"#),
            to: .elasticsearch)
        #expect(back.object.body == #"{"data_stream":{}}"# && back.dropped == ["context"])
    }

    @Test func fieldsOfTheOtherProductAreRefusedByName() throws {
        let mapping =
            #"{"properties":{"user":{"properties":{"v":{"type":"dense_vector"}}},"t":{"type":"text","fields":{"f":{"type":"flattened"}}}}}"#
        let json = try JSONValue(parsing: Array(mapping.utf8))
        #expect(FieldTypes.foreign(in: json, to: .opensearch).map(\.name) == ["user.v", "t.f"])
        #expect(FieldTypes.foreign(in: json, to: .elasticsearch).isEmpty)
        #expect(
            FieldTypes.foreign(in: ["properties": ["k": ["type": "knn_vector"]]], to: .elasticsearch)
                == [.init(name: "k", type: "knn_vector")])
        #expect(FieldTypes.foreign(in: ["runtime": ["r": ["type": "long"]]], to: .opensearch).map(\.type) == ["runtime long"])
        // A field may be called like a type.
        #expect(FieldTypes.foreign(in: ["properties": ["flattened": ["type": "keyword"]]], to: .opensearch).isEmpty)
        let refusal = try ObjectDialect.adapt(
            object(.componentTemplates, #"{"template":{"mappings":\#(mapping)}}"#), to: .opensearch
        ).refusal
        #expect(
            refusal == "componentTemplates:x has field user.v of type dense_vector, which OpenSearch does not know; "
                + "leave it out with objects: -componentTemplates:x")
    }

    @Test(arguments: [
        ("index.lifecycle.name", "p", true, false), ("index.xpack.ccr.following_index", "x", true, false),
        ("index.mapping.source.mode", "synthetic", true, false), ("index.time_series.start_time", "x", true, false),
        ("index.routing_path", "a", true, false), ("index.replication.type", "DOCUMENT", false, true),
        ("index.knn", "true", false, true), ("index.plugins.index_state_management.policy_id", "p", false, true),
        ("index.codec", "zstd", false, true), ("index.codec", "legacy_default", true, false),
        ("index.codec", "best_compression", false, false), ("index.number_of_shards", "2", false, false),
        ("index.analysis.analyzer.knn.type", "custom", false, false), ("index.max_result_window", "9", false, false),
    ])
    func settingsOfOneFamilyAreForeignToTheOther(name: String, value: String, toOpenSearch: Bool, toElasticsearch: Bool) {
        #expect(IndexSettings.isForeign(name, .string(value), to: .opensearch) == toOpenSearch)
        #expect(IndexSettings.isForeign(name, .string(value), to: .elasticsearch) == toElasticsearch)
    }

    @Test func definitionsAreAdaptedWithTheirLosses() {
        let definition = IndexDefinition(
            name: "i", uuid: "u", numberOfShards: 1, settings: ["index.mode": "logsdb", "index.number_of_shards": "1"],
            mappings: ["properties": ["v": ["type": "sparse_vector"]]])
        let adapted = definition.adapted(to: .opensearch)
        #expect(adapted.dropped == ["index.mode"])
        #expect(adapted.definition.settings == ["index.number_of_shards": "1"])
        #expect(adapted.unknown == .init(name: "v", type: "sparse_vector"))
    }

    @Test func pipelinesStandBehindThoseThatTheyCall() throws {
        func pipeline(_ name: String, calling others: [String]) -> ClusterObject {
            let calls = others.map { #"{"foreach":{"field":"f","processor":{"pipeline":{"name":"\#($0)"}}}}"# }
            return object(
                .ingestPipelines, #"{"processors":[{"set":{"on_failure":[\#(calls.joined(separator: ","))]}}]}"#, name: name)
        }
        let sorted = try ObjectOrder.sorted([
            object(.indexTemplates, "{}", name: "t"), pipeline("a", calling: ["c", "missing"]), pipeline("b", calling: []),
            pipeline("c", calling: ["b"]), object(.scripts, "{}", name: "s"),
        ])
        #expect(sorted.objects.map(\.name) == ["s", "b", "c", "a", "t"])
        #expect(sorted.notes.isEmpty)
        let round = try ObjectOrder.sorted([pipeline("a", calling: ["b"]), pipeline("b", calling: ["a"])])
        #expect(round.objects.map(\.name) == ["b", "a"])
        #expect(round.notes.count == 1 && round.notes[0].contains("ingestPipelines:a calls itself"))
    }

    @Test func aStreamsTemplateIsTheOneItNamesOrTheStrongest() throws {
        let weak = object(
            .indexTemplates,
            #"{"index_patterns":["logs-*"],"data_stream":{},"priority":1,"composed_of":["a","b"],"ignore_missing_component_templates":["b"]}"#,
            name: "weak")
        let strong = object(.indexTemplates, #"{"index_patterns":["logs-a*"],"data_stream":{},"priority":2}"#, name: "strong")
        let plain = object(.indexTemplates, #"{"index_patterns":["logs-*"],"priority":3}"#, name: "plain")
        var stream = try DataStream(object(.dataStreams, #"{"indices":[]}"#, name: "logs-ab"))
        #expect(try StreamTemplates.template(of: stream, among: [weak, strong, plain]) == strong)
        stream.template = "weak"
        #expect(try StreamTemplates.template(of: stream, among: [weak, strong, plain]) == weak)
        #expect(try StreamTemplates.components(of: weak) == ["a"])
        #expect(
            try StreamTemplates.copy(of: strong, for: "new").body == #"{"index_patterns":["new"],"data_stream":{},"priority":2}"#)
    }
}
