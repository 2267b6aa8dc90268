import Elasticsearch
import Messages
import Runtime
import Sessions
import Testing

@testable import Worker

/// What a restore makes of the objects of a snapshot.
@Suite struct ObjectPlannerTests {
    private static let template = ClusterObject(
        kind: .indexTemplates, name: "logs",
        body: #"{"index_patterns":["logs-*"],"data_stream":{},"composed_of":["base"],"priority":7}"#)
    private static let base = ClusterObject(kind: .componentTemplates, name: "base", body: #"{"template":{}}"#)
    private static let pipelines = ["b", "a"].map {
        ClusterObject(kind: .ingestPipelines, name: $0, body: #"{"processors":[]}"#)
    }
    private static let stream = ClusterObject(
        kind: .dataStreams, name: "logs-app", body: #"{"template":"logs","indices":[{"name":".ds-logs-app-000001","uuid":"u"}]}"#)

    private func plan(
        _ objects: [ClusterObject], selection: ObjectSelection = .all, policy: ObjectConflictPolicy = .skip,
        distribution: ClusterIdentity.Distribution = .opensearch, standing: [ClusterObject] = [],
        streams: [PlannedObject] = [], configure: (inout ObjectCatalog) -> Void = { _ in }
    ) throws -> ObjectPlanner.Plan {
        var target = ObjectCatalog()
        target.objects = standing
        configure(&target)
        return try ObjectPlanner(
            snapshot: SnapshotObjects(objects), selection: selection, policy: policy, distribution: distribution, target: target
        ).plan(streams: streams)
    }

    private func planned(_ name: String, as targetName: String) -> PlannedObject {
        PlannedObject(kind: .dataStreams, name: name, targetName: targetName, action: .create)
    }

    @Test func objectsKeepTheOrderOfTheSnapshotWithinTheirKind() throws {
        let plan = try plan(Self.pipelines + [Self.base, Self.template, Self.stream])
        #expect(plan.objects.map(\.name) == ["b", "a", "base", "logs"])
        #expect(plan.objects.allSatisfy { $0.action == .create })
        #expect(plan.notes.isEmpty && plan.problems.isEmpty)
    }

    @Test func onlySelectedObjectsAreTaken() throws {
        let selection = ObjectSelection("ingestPipelines:a*,indexTemplates") { Issue.record("\($0)") }
        let plan = try plan(Self.pipelines + [Self.base, Self.template], selection: selection)
        #expect(plan.objects.map(\.name) == ["a", "logs"])
        #expect(plan.notes == ["indexTemplates:logs is composed of base, which is neither restored nor there"])
    }

    @Test func equalObjectsAreLeftWhateverTheirSpelling() throws {
        let spelled = ClusterObject(
            kind: .indexTemplates, name: "logs",
            body:
                #"{"priority":7,"composed_of":["base"],"data_stream":{"timestamp_field":{"name":"@timestamp"}},"index_patterns":["logs-*"]}"#
        )
        let plan = try plan([Self.base, Self.template], policy: .fail, standing: [spelled])
        #expect(plan.objects.map(\.action) == [.create, .unchanged])
        #expect(plan.problems.isEmpty)
    }

    @Test(arguments: [
        (ObjectConflictPolicy.skip, PlannedObject.Action.skip, 1, 0), (.overwrite, .overwrite, 0, 0), (.fail, .skip, 0, 1),
    ])
    func differentObjectsFollowThePolicy(
        policy: ObjectConflictPolicy, action: PlannedObject.Action, notes: Int, problems: Int
    ) throws {
        let other = ClusterObject(kind: .componentTemplates, name: "base", body: #"{"template":{},"version":2}"#)
        let plan = try plan([Self.base], policy: policy, standing: [other])
        #expect(plan.objects.map(\.action) == [action])
        #expect(plan.notes.count == notes && plan.problems.count == problems)
    }

    @Test func kindsThatTheTargetLacksAreNamedAndTheirObjectsUnsupported() throws {
        let policies = ["p", "q"].map { ClusterObject(kind: .ilmPolicies, name: $0, body: "{}") }
        let plan = try plan(policies) { $0.absent = [.ilmPolicies] }
        #expect(plan.objects.map(\.action) == [.unsupported, .unsupported])
        #expect(plan.notes == ["the target has no ILM policies; not restored: p, q"])
        #expect(plan.problems.isEmpty)
    }

    @Test func whatCannotBeComparedIsNotOverwritten() throws {
        let plan = try plan([Self.base], policy: .overwrite) { $0.unreadable = [.componentTemplates: "403"] }
        #expect(plan.problems.count == 1)
        #expect(plan.objects.map(\.action) == [.unsupported])
    }

    @Test func lossesAndForeignFieldsAreSaidBeforeAnythingIsWritten() throws {
        let template = ClusterObject(
            kind: .indexTemplates, name: "t",
            body:
                #"{"index_patterns":["t"],"template":{"settings":{"index.lifecycle.name":"p"},"mappings":{"properties":{"v":{"type":"dense_vector"}}}}}"#
        )
        let plan = try plan([template])
        #expect(plan.notes == ["indexTemplates:t: left out index.lifecycle.name, which OpenSearch does not know"])
        #expect(plan.problems.first?.contains("field v of type dense_vector") == true)
    }

    @Test func aStreamBringsItsTemplateAndThatsPartsAlong() throws {
        let plan = try plan(
            [Self.base, Self.template, Self.stream], selection: .none, streams: [planned("logs-app", as: "logs-app")])
        #expect(plan.objects.map(\.name) == ["base", "logs", "logs-app"])
        #expect(plan.notes.isEmpty && plan.problems.isEmpty)
    }

    @Test func aStreamWhoseNameTheTargetCoversBringsNothing() throws {
        let other = ClusterObject(
            kind: .indexTemplates, name: "all", body: #"{"index_patterns":["*"],"data_stream":{},"priority":1}"#)
        let plan = try plan(
            [Self.base, Self.template, Self.stream], selection: .none, standing: [other],
            streams: [planned("logs-app", as: "new")])
        #expect(plan.objects.map(\.name) == ["logs-app"])
    }

    @Test func aRenamedStreamGetsACopyOfItsTemplate() throws {
        let plan = try plan([Self.base, Self.template, Self.stream], streams: [planned("logs-app", as: "copy")])
        let templates = plan.objects.filter { $0.kind == .indexTemplates }
        #expect(templates.map(\.targetName) == ["logs", "copy"])
        #expect(templates.map(\.name) == ["logs", "logs"])
        #expect(plan.notes.count == 1)
    }

    @Test func aStreamWithoutTemplateIsRefused() throws {
        let plan = try plan([Self.stream], streams: [planned("logs-app", as: "logs-app")])
        #expect(plan.problems.count == 1 && plan.problems[0].contains("data stream logs-app has no index template"))
    }

    /// The engines let the template of the highest priority decide, whatever it is for.
    @Test(arguments: [(6, 0, 2), (7, 1, 1), (8, 1, 1)])
    func aTemplateThatMakesNoStreamsMustNotCount(priority: Int, problems: Int, objects: Int) throws {
        let plain = ClusterObject(
            kind: .indexTemplates, name: "plain", body: #"{"index_patterns":["copy*"],"priority":\#(priority)}"#)
        let weak = ClusterObject(
            kind: .indexTemplates, name: "weak", body: #"{"index_patterns":["*"],"data_stream":{},"priority":1}"#)
        let plan = try plan(
            [Self.template, Self.stream], selection: .none, standing: [plain, weak, Self.base],
            streams: [planned("logs-app", as: "copy")])
        #expect(plan.problems.count == problems && plan.objects.count == objects)
        #expect(plan.problems.allSatisfy { $0.contains("indexTemplates:plain, which makes no data streams") })
    }

    @Test func aCopyReplacesNoOtherTemplateOfItsName() throws {
        let other = ClusterObject(kind: .indexTemplates, name: "copy", body: #"{"index_patterns":["x"],"data_stream":{}}"#)
        let plan = try plan(
            [Self.base, Self.template, Self.stream], selection: .none, standing: [other],
            streams: [planned("logs-app", as: "copy")])
        #expect(plan.problems.count == 1 && plan.problems[0].contains("indexTemplates:copy is another one"))
        #expect(plan.objects.map(\.kind) == [.dataStreams])
    }

    @Test func whatAnotherRestoreLeftBehindCoversNothing() throws {
        let leftover = ClusterObject(
            kind: .indexTemplates, name: ".sheaf-abc-0",
            body: #"{"index_patterns":["copy"],"data_stream":{},"priority":4000000000000000000}"#)
        let plan = try plan(
            [Self.base, Self.template, Self.stream], selection: .none, standing: [leftover],
            streams: [planned("logs-app", as: "copy")])
        #expect(plan.objects.map(\.targetName).contains("copy") && plan.objects.count == 3 && plan.problems.isEmpty)
    }
}
