import Messages
import Runtime

/// A session of the ledger as Stash's object: BackupSession, or the status of a RestoreSession.
struct SessionObject {
    let session: LedgerSession
    let identity: LedgerSession.Identity
    let indices: [LedgerIndex]
    /// Nil where the message is not known, only events of the session.
    let command: SessionCommand?

    /// Nil for a session of which only stray progress is known.
    init?(_ session: LedgerSession, indices: [LedgerIndex], command: SessionCommand?) {
        guard let identity = session.identity else { return nil }
        (self.session, self.identity, self.indices, self.command) = (session, identity, indices, command)
    }

    var backupSession: JSONValue {
        backupSession(
            status: backupStatus,
            labels: [
                ("stash.appscode.com/target-kind", ResourceKind.appBinding.rawValue),
                ("stash.appscode.com/target-name", identity.target),
            ])
    }

    /// - Parameter labels: beside those of the invoker.
    func backupSession(status: JSONValue, labels own: [(name: String, value: String)]) -> JSONValue {
        let labels =
            [
                ("stash.appscode.com/invoker-type", identity.invoker.kind),
                ("stash.appscode.com/invoker-name", identity.invoker.name),
            ] + own
        var spec: JSONValue = [
            "invoker": [
                "apiGroup": "stash.appscode.com", "kind": .string(identity.invoker.kind), "name": .string(identity.invoker.name),
            ]
        ]
        spec["retryLeft"] = session.retryLeft.map { JSONValue($0) }
        return [
            "apiVersion": .string(ResourceKind.backupConfiguration.apiVersion), "kind": "BackupSession",
            "metadata": [
                "name": .string(identity.name), "namespace": .string(identity.namespace), "uid": .string(session.id),
                "creationTimestamp": .string("\(session.createdAt)"),
                "labels": .object(labels.map { JSONValue.Member(name: $0.0, value: .string($0.1)) }),
            ],
            "spec": spec, "status": status,
        ]
    }

    /// What a batch's session has of this member: its own conditions are the target's.
    var backupTarget: JSONValue {
        var target = target
        target["conditions"] = commonStatus["conditions"]
        return target
    }

    /// What a RestoreBatch's status has of this member.
    var restoreMember: JSONValue {
        var member: JSONValue = ["ref": reference, "totalHosts": 1, "phase": .string(session.phase.rawValue)]
        if session.phase.isFinal { member["stats"] = [hostStatus] }
        member["conditions"] = commonStatus["conditions"]
        return member
    }

    private var target: JSONValue {
        var stats = hostStatus
        if let snapshot = session.snapshot {
            stats["snapshots"] = [
                ["name": .string(snapshot), "totalSize": size(session.bytes), "uploaded": size(session.storedBytes)]
            ]
        }
        var target: JSONValue = ["ref": reference, "totalHosts": 1, "phase": .string(session.phase.rawValue)]
        // Hosts that have ended; Stash writes their figures then.
        if session.phase.isFinal, session.phase != .skipped { target["stats"] = [stats] }
        return target
    }

    private var backupStatus: JSONValue {
        var status = commonStatus
        // Stash's, of a failed session that another follows.
        status["nextRetry"] = session.nextRetry.map { .string("\($0)") }
        if session.retriedAs != nil { status["retried"] = true }
        status["targets"] = [target]
        return status
    }

    /// What a RestoreSession's status has of its latest session.
    var restoreStatus: JSONValue {
        var status = commonStatus
        status["totalHosts"] = 1
        if session.phase.isFinal { status["stats"] = [hostStatus] }
        return status
    }

    var commonStatus: JSONValue {
        var status: JSONValue = ["phase": .string(session.phase.rawValue)]
        status["sessionDuration"] = session.duration.map { .string($0.shortText) }
        status["sessionDeadline"] = session.deadline.map { .string("\($0)") }
        if !session.conditions.isEmpty {
            status["conditions"] = .array(
                session.conditions.map {
                    [
                        "type": .string($0.type), "status": .string($0.status), "reason": .string($0.reason),
                        "message": .string($0.message), "lastTransitionTime": .string("\($0.lastTransitionTime)"),
                    ]
                })
        }
        return status
    }

    /// Of the one host that a session has: Sheaf's workers share it.
    private var hostStatus: JSONValue {
        var stats: JSONValue = ["phase": session.phase == .succeeded ? "Succeeded" : "Failed"]
        stats["hostname"] = hostname.map { .string($0) }
        stats["duration"] = session.duration.map { .string($0.shortText) }
        stats["error"] = session.error.map { .string($0) }
        stats["documents"] = JSONValue(session.documents)
        if !indices.isEmpty {
            stats["indices"] = .array(
                indices.map {
                    [
                        "name": .string($0.name), "documents": JSONValue($0.documents), "total": JSONValue($0.totalDocuments),
                        "bytes": JSONValue($0.bytes),
                    ]
                })
        }
        return stats
    }

    private var hostname: String? { command?.configuration?.hostname ?? command?.restore?.hostname }

    private var reference: JSONValue {
        var reference: JSONValue = [
            "apiVersion": .string(ResourceKind.appBinding.apiVersion), "kind": .string(ResourceKind.appBinding.rawValue),
            "name": .string(identity.target),
        ]
        reference["namespace"] = command.map { .string($0.target.metadata.namespace) }
        return reference
    }

    private func size(_ bytes: Int) -> JSONValue { .string("\(ByteCount(bytes))") }
}
