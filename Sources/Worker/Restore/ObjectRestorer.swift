import Archive
import Elasticsearch
import Messages
import Runtime
import Sessions

/// Puts the objects of a plan into the target, before the indices that need them.
struct ObjectRestorer {
    let client: ElasticsearchClient
    let store: any ObjectStore

    /// Puts every object that the plan creates or overwrites. Safe to repeat: each is put whole.
    ///
    /// - Parameter checkEnded: called before each object; throws when the session was ended meanwhile.
    /// - Throws: `WorkerError(.refused)` with all objects that the server refuses.
    func prepare(_ plan: PlanEntry, checkEnded: () throws -> Void) throws {
        var refused: [String] = []
        for object in try objects(of: plan) {
            try checkEnded()
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

    /// Looks at what the target made of the objects.
    /// - Returns: a sentence for each that is not what the snapshot has: the server left something out, or somebody changed it.
    func verify(_ plan: PlanEntry) throws -> [String] {
        let objects = try objects(of: plan)
        guard !objects.isEmpty else { return [] }
        let standing = try client.objects(of: Set(objects.map(\.kind)), includesSystem: true)
        return try objects.compactMap { object in
            guard let found = standing.object(object.kind, object.name) else { return "\(object) is not there after the restore" }
            return try object.means(theSameAs: found)
                ? nil : "\(object) is not what the snapshot has: the server left out what it does not know"
        }
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
