import Manifests
import Messages
import Runtime

/// Answers `sheaf get` and `describe`: resources as they are declared, each with its status.
struct ResourceView {
    /// What may be asked for, by Stash's kind.
    enum Kind: String, CaseIterable {
        case namespace = "Namespace"
        case secret = "Secret"
        case appBinding = "AppBinding"
        case repository = "Repository"
        case backupConfiguration = "BackupConfiguration"
        case backupBlueprint = "BackupBlueprint"
        case backupBatch = "BackupBatch"
        case restoreBatch = "RestoreBatch"
        case function = "Function"
        case task = "Task"
        case backupSession = "BackupSession"
        case restoreSession = "RestoreSession"

        /// - Parameter text: in any case, one or many: `backupconfiguration`, `BackupConfigurations`, `repositories`.
        init?(_ text: String) {
            let word = text.lowercased()
            guard let kind = Self.allCases.first(where: { $0.words.contains(word) }) else { return nil }
            self = kind
        }

        private var words: [String] {
            let word = rawValue.lowercased()
            let many = word.hasSuffix("y") ? word.dropLast() + "ies" : word + (word.hasSuffix("ch") ? "es" : "s")
            return [word, many]
        }
    }

    /// Sessions that are shown at most, the newest.
    private static let sessionLimit = 1000

    let ledger: Ledger
    let folder: ResourceFolder

    func answer(kind text: String, namespace: String?, name: String?, at now: Timestamp) async throws -> Reply {
        guard let kind = Kind(text) else {
            let kinds = Kind.allCases.map { $0.rawValue.lowercased() }.joined(separator: ", ")
            return .refused(code: .invalid, message: "there is no kind \(text) here; there are \(kinds)")
        }
        let (resources, refused) = await folder.view()
        let isMeant = { (metadata: (namespace: String, name: String)) in
            (namespace == nil || metadata.namespace.isEmpty || metadata.namespace == namespace)
                && (name == nil || metadata.name == name)
        }
        var objects: [JSONValue]
        if kind == .backupSession {
            var filter = Ledger.Filter()
            (filter.kind, filter.namespace, filter.name) = (.backup, namespace, name)
            objects = try await backupSessions(filter, withIndices: name != nil)
        } else {
            let broken = refused.filter { $0.key.kind.rawValue == kind.rawValue && isMeant(($0.key.namespace, $0.key.name)) }
            let keys = Set(broken.map(\.key))
            objects = try await declared(kind, resources, now).filter {
                isMeant(($0.key.namespace, $0.key.name)) && !keys.contains($0.key)
            }
            .map(\.object)
            objects += broken.map(Self.object)
        }
        if let name, objects.isEmpty {
            let place = namespace.map { " in namespace \($0)" } ?? ""
            return .refused(
                code: .notFound,
                message: "there is no \(kind.rawValue) \(name)\(place); list them with: sheaf get \(text) --all-namespaces")
        }
        return .resources(objects: objects)
    }

    private func declared(
        _ kind: Kind, _ resources: ResourceSet, _ now: Timestamp
    ) async throws -> [(key: ResourceKey, object: JSONValue)] {
        func all<Value: Resource>(
            _ list: [Declared<Value>], _ status: (Value) -> ResourceStatus
        ) -> [(key: ResourceKey, object: JSONValue)] {
            list.map { ($0.value.key, Self.object($0.source, status($0.value))) }
        }
        switch kind {
        case .namespace: return all(resources.namespaces) { _ in ResourceStatus() }
        case .secret: return all(resources.secrets) { _ in ResourceStatus() }
        case .appBinding: return all(resources.appBindings) { _ in ResourceStatus() }
        case .repository:
            let known = Dictionary(
                try await ledger.repositories().map { ("\($0.namespace)/\($0.name)", $0) },
                uniquingKeysWith: { first, _ in first })
            let rebuild = try await ledger.rebuild()
            return all(resources.repositories) {
                var status =
                    known["\($0.metadata.namespace)/\($0.metadata.name)"].map { ResourceStatus(of: $0) } ?? ResourceStatus()
                if let reading = rebuild.readings[$0.key] { status.findings.append(.init(reading)) }
                return status
            }
        case .backupBlueprint: return all(resources.backupBlueprints) { _ in ResourceStatus() }
        case .function: return all(resources.functions) { _ in ResourceStatus() }
        case .task: return all(resources.tasks) { _ in ResourceStatus() }
        case .backupConfiguration:
            return all(resources.backupConfigurations) { ResourceStatus(of: $0, in: resources, at: now) }
        case .restoreSession:
            var latest: [ResourceKey: SessionObject] = [:]
            for key in resources.restoreSessions.map(\.value.key) {
                var filter = Ledger.Filter()
                (filter.kind, filter.namespace, filter.invokerName) = (.restore, key.namespace, key.name)
                filter.invokerKind = key.kind.rawValue
                latest[key] = try await sessions(filter, limit: 1, withIndices: true).first
            }
            return all(resources.restoreSessions) { restore in
                var status = ResourceStatus(of: restore, in: resources)
                if case .object(let members)? = latest[restore.key]?.restoreStatus {
                    status.fields = members.filter { $0.name != "conditions" && ($0.name != "phase" || status.phase == nil) }
                }
                return status
            }
        case .backupBatch: return all(resources.backupBatches) { ResourceStatus(of: $0, in: resources, at: now) }
        case .restoreBatch:
            var latest: [ResourceKey: BatchObject] = [:]
            for key in resources.restoreBatches.map(\.value.key) {
                var filter = Ledger.Filter()
                (filter.kind, filter.namespace, filter.invokerName) = (.restore, key.namespace, key.name)
                filter.invokerKind = key.kind.rawValue
                let newest = try await ledger.sessions(limit: 100, filter: filter).lazy.compactMap { $0.identity?.parent?.id }
                    .first
                if let newest { latest[key] = try await batch(newest, withIndices: true) }
            }
            return all(resources.restoreBatches) { batch in
                var status = ResourceStatus(of: batch, in: resources)
                if let members = latest[batch.key]?.restoreStatus.members { status.fields = members }
                return status
            }
        case .backupSession: return []
        }
    }

    /// Newest first; of a batch's members one object, where the newest of them stands.
    private func backupSessions(_ filter: Ledger.Filter, withIndices: Bool) async throws -> [JSONValue] {
        var (objects, seen): ([JSONValue], Set<SessionID>) = ([], [])
        for session in try await sessions(filter, limit: Self.sessionLimit, withIndices: withIndices) {
            guard let parent = session.identity.parent?.id else {
                objects.append(session.backupSession)
                continue
            }
            guard seen.insert(parent).inserted, let batch = try await batch(parent, withIndices: withIndices) else { continue }
            objects.append(batch.backupSession)
        }
        return objects
    }

    private func batch(_ parent: SessionID, withIndices: Bool) async throws -> BatchObject? {
        guard let batch = try await ledger.batch(parent.text) else { return nil }
        return BatchObject(batch, members: try await objects(of: batch.members, withIndices: withIndices))
    }

    /// Newest first.
    ///
    /// - Parameter withIndices: an answer for many sessions with hundreds each would be too large.
    private func sessions(_ filter: Ledger.Filter, limit: Int, withIndices: Bool) async throws -> [SessionObject] {
        try await objects(of: try await ledger.sessions(limit: limit, filter: filter), withIndices: withIndices)
    }

    private func objects(of sessions: [LedgerSession], withIndices: Bool) async throws -> [SessionObject] {
        var objects: [SessionObject] = []
        for session in sessions {
            let indices = withIndices ? try await ledger.indices(of: session.id) : []
            if let object = SessionObject(session, indices: indices, command: try await ledger.command(of: session.id)) {
                objects.append(object)
            }
        }
        return objects
    }

    /// Of what is wrong nothing is shown but where and why.
    private static func object(_ refused: RefusedResource) -> JSONValue {
        var metadata: JSONValue = ["name": .string(refused.key.name)]
        if !refused.key.namespace.isEmpty { metadata["namespace"] = .string(refused.key.namespace) }
        return [
            "apiVersion": .string(refused.key.kind.apiVersion), "kind": .string(refused.key.kind.rawValue), "metadata": metadata,
            "status": ResourceStatus(refused: refused).json,
        ]
    }

    private static func object(_ source: YAMLNode, _ status: ResourceStatus) -> JSONValue {
        var object = source.json
        let status = status.json
        if status.members?.isEmpty == false { object["status"] = status }
        return object
    }
}
