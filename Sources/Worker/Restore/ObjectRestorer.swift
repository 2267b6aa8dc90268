import Archive
import Elasticsearch
import Messages
import Runtime
import Sessions

/// Puts the objects of a plan into the target, before the indices that need them.
struct ObjectRestorer {
    let client: ElasticsearchClient
    let store: RepositoryStore
    let session: SessionID

    /// Puts every object that the plan creates or overwrites. Safe to repeat: each is put whole.
    ///
    /// - Parameter checkEnded: called before each object; throws when the session was ended meanwhile.
    /// - Throws: `WorkerError(.refused)` with all objects that the server refuses, and copies whose names somebody else has taken meanwhile.
    func prepare(_ plan: PlanEntry, checkEnded: () throws -> Void) throws {
        var refused: [String] = []
        let copies = Set(copies(plan))
        let standing = try standingTemplates(copies)
        for var object in try objects(of: plan) {
            try checkEnded()
            if object.kind == .indexTemplates, copies.contains(object.name) {
                if let standing = standing.first(where: { $0.name == object.name }), try !isOurs(standing) {
                    refused.append("\(object) was made by somebody else since the restore was planned")
                    continue
                }
                object = try object.marked(session)
            }
            do throws(ElasticsearchError) {
                _ = try client.put(object)
            } catch {
                guard error.code == .badRequest || error.code == .forbidden else { throw error }
                refused.append(error.message)
            }
        }
        guard refused.isEmpty else {
            throw WorkerError(
                .refused,
                "\(refused.joined(separator: "; ")); leave them out with the task parameter objects, as in objects: all,-scripts:mine"
            )
        }
    }

    /// Takes the session's mark off the copies, and looks at what the target made of the objects. Safe to repeat.
    /// - Returns: a sentence for each that is not what the snapshot has: the server left something out, or somebody changed it.
    func settle(_ plan: PlanEntry) throws -> [String] {
        for template in try standingTemplates(Set(copies(plan))) where try isOurs(template) {
            _ = try client.put(try template.marked(nil))
        }
        let objects = try objects(of: plan)
        guard !objects.isEmpty else { return [] }
        let standing = try client.objects(of: Set(objects.map(\.kind)), includesSystem: true)
        return try objects.compactMap { object in
            guard let found = standing.object(object.kind, object.name) else { return "\(object) is not there after the restore" }
            return try object.means(theSameAs: found)
                ? nil : "\(object) is not what the snapshot has: the server left out what it does not know"
        }
    }

    /// Deletes the templates that this session alone made: copies for data streams under new names, which are gone by
    /// then. Safe to repeat.
    func drop(_ plan: PlanEntry) throws {
        for template in try standingTemplates(Set(copies(plan))) where try isOurs(template) {
            do throws(ElasticsearchError) {
                try client.deleteIndexTemplate(template.name)
            } catch {
                // Somebody else's stream has no other.
                guard error.code == .badRequest else { throw error }
                _ = try client.put(try template.marked(nil))
            }
        }
    }

    /// Names of index templates in the target that are copies for data streams under new names.
    private func copies(_ plan: PlanEntry) -> [String] {
        (plan.plannedObjects ?? []).filter {
            $0.kind == .indexTemplates && $0.action == .create && $0.targetName != $0.name
        }.map(\.targetName)
    }

    private func standingTemplates(_ names: Set<String>) throws -> [ClusterObject] {
        guard !names.isEmpty else { return [] }
        return try client.objects(of: [.indexTemplates], includesSystem: true).objects.filter { names.contains($0.name) }
    }

    private func isOurs(_ template: ClusterObject) throws -> Bool {
        try template.json()[path: ["_meta", StreamRestorer.mark]] == .string(session.text)
    }

    /// The objects to put, in the target's words and under their names there.
    private func objects(of plan: PlanEntry) throws -> [ClusterObject] {
        let planned = (plan.plannedObjects ?? []).filter {
            $0.kind != .dataStreams && ($0.action == .create || $0.action == .overwrite)
        }
        guard !planned.isEmpty else { return [] }
        let snapshot = try SnapshotObjects(manifest: plan.objects, in: store)
        let distribution = try client.identity().distribution
        return try planned.map { planned in
            guard let kind = ObjectKind(rawValue: planned.kind.rawValue), let object = snapshot.object(kind, planned.name) else {
                throw WorkerError(.refused, "the plan names \(planned.kind.rawValue):\(planned.name), which the snapshot has not")
            }
            let adapted = try ObjectDialect.adapt(object, to: distribution).object
            guard planned.targetName != planned.name else { return adapted }
            return try StreamTemplates.copy(of: adapted, for: planned.targetName)
        }
    }
}

extension ClusterObject {
    /// A template with the session's mark; nil: with none.
    fileprivate func marked(_ session: SessionID?) throws(ElasticsearchError) -> ClusterObject {
        var body = try json()
        body[path: ["_meta", StreamRestorer.mark]] = session.map { .string($0.text) }
        if body["_meta"]?.members?.isEmpty == true { body["_meta"] = nil }
        return ClusterObject(kind: kind, name: name, body: body.serialized())
    }
}
