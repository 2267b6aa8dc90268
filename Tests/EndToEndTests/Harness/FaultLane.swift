import Runtime
import Testing

/// One cluster behind a fault engine, with an index and objects of its own, backed up and restored again and again; each session is
/// checked against the engine itself.
///
/// The index that a round restored is what the next one backs up.
final class FaultLane: Sendable {
    /// What the engine has of the lane.
    private struct State: Equatable {
        var index: Engine.Observation
        /// A pipeline and a template, as the engine shows them.
        var objects: [JSONValue]
    }

    static let documents = 3_000

    let name: String
    let server: TestServer
    let faults: FaultEngine
    private let site: Site
    private let engine: Engine
    private let wanted: State

    private static let total = documents + NastyDocument.all.count

    /// Declares cluster and plan; before the programs of the site start.
    init(_ number: Int, _ server: TestServer, on site: Site) async throws {
        name = "faults-\(site.prefix)-\(number)"
        self.site = site
        self.server = server
        engine = try Engine(server)
        faults = try await site.startFaultEngine(before: server)
        try await engine.fill(name, documents: Self.documents, filling: 120, shards: 2)
        for document in NastyDocument.all { try await engine.put(document, in: name) }
        try await engine.call("PUT", "/_ingest/pipeline/\(name)", ["description": .string(name), "processors": []])
        let template: JSONValue = ["settings": ["index.number_of_shards": "3"]]
        try await engine.call(
            "PUT", "/_index_template/\(name)", ["index_patterns": [.string("none-" + name)], "template": template])
        wanted = try await Self.state(of: name, on: engine)
        try #require(wanted.index.documents == Self.total)
        try site.declare(ClusterLogin(name, faults.url), indices: name, parameters: ["objects": objects])
    }

    private var objects: String { "ingestPipelines:\(name),indexTemplates:\(name)" }

    private static func state(of name: String, on engine: Engine) async throws -> State {
        State(
            index: try await engine.observe(name, documents: NastyDocument.all, isNumbered: true),
            objects: [
                try await engine.call("GET", "/_ingest/pipeline/\(name)"),
                try await engine.call("GET", "/_index_template/\(name)"),
            ])
    }

    func remove() async throws {
        try await engine.delete(name)
        for path in ["_ingest/pipeline", "_index_template"] { _ = try await engine.send("DELETE", "/\(path)/\(name)") }
    }

    /// Backs up while the engine makes mistakes; a backup that failed has left nothing, and the next one is whole.
    ///
    /// - Returns: the session under faults, and a snapshot to restore.
    func backup(_ what: String) async throws -> (session: SessionLine, snapshot: String) {
        let session = try await site.backup(name).session
        try await faults.stop()
        if session.phase == "Succeeded" {
            #expect(session.documents == Self.total, "\(what): \(session.json)")
            return (session, try #require(session.snapshot))
        }
        expectReason(session, what)
        let left = try await site.snapshots().filter { $0["id"]?.string?.hasSuffix(session.id) == true }
        #expect(left.isEmpty, "\(what): a backup that failed left a snapshot")
        let again = try await site.backup(name).session
        try #require(again.phase == "Succeeded", "\(what), without faults: \(again.json)")
        return (session, try #require(again.snapshot))
    }

    /// Restores while the engine makes mistakes; a restore that failed has left no index, and the next one is whole. Either way the target is
    /// afterwards what was backed up, byte for byte.
    func restore(_ snapshot: String, _ what: String, round: Int) async throws -> SessionLine {
        let session = try await site.restore(try file("\(name)-\(round)", snapshot)).session
        try await faults.stop()
        if session.phase != "Succeeded" {
            expectReason(session, what)
            #expect(try await !engine.exists(name), "\(what): a restore that failed left an index")
            try await remove()
            let again = try await site.restore(try file("\(name)-\(round)-again", snapshot)).session
            try #require(again.phase == "Succeeded", "\(what), without faults: \(again.json)")
        }
        let found = try await Self.state(of: name, on: engine)
        #expect(found.index.documents == Self.total, "\(what): \(found.index.documents) documents, \(session.json)")
        #expect(found == wanted, "\(what): not the same, \(session.json)")
        return session
    }

    private func file(_ name: String, _ snapshot: String) throws -> String {
        try site.restoreFile(name, snapshot: snapshot, cluster: self.name, parameters: ["objects": objects])
    }

    private func expectReason(_ session: SessionLine, _ what: String) {
        #expect(session.phase == "Failed" && session.error.count > 20, "\(what) ended without a reason: \(session.json)")
    }
}
