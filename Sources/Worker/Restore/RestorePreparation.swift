import Archive
import Elasticsearch
import Messages
import Sessions

/// Puts and makes all that the documents of a restore need. What deletes comes after all that can still refuse.
struct RestorePreparation {
    let client: ElasticsearchClient
    let store: RepositoryStore
    let manifests: ManifestCache
    let session: SessionID

    /// Safe to repeat.
    /// - Parameter checkEnded: throws when the session was ended meanwhile.
    func run(_ plan: PlanEntry, checkEnded: () throws -> Void) throws {
        let target = RestoreTarget(client: client, session: session)
        try SegmentCheck(store: store, manifests: manifests).run(plan)
        try ObjectRestorer(client: client, store: store, session: session).prepare(plan, checkEnded: checkEnded)
        let effect = try target.rehearse(plan, checkEnded: checkEnded)
        try StreamRestorer(client: client, session: session).prepare(plan, checkEnded: checkEnded)
        try target.make(plan, effect, checkEnded: checkEnded)
    }
}
