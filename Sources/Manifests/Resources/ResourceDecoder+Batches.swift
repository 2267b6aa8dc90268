import Messages
import Runtime

/// BackupBatch, RestoreBatch and BackupSession (docs/batches.md).
extension ResourceDecoder {
    func backupBatch(_ fields: FieldDecoder) -> BackupBatch.Spec? {
        let repository = repositoryReference(fields)
        let members = members(fields, of: .backup) { member in
            let target = member.fields("target", backupTarget)
            let task = member.fields("task") { self.task($0, kind: .backup) }
            let (kept, hooks) = (keptParts(member), backupHooks(member))
            return target.map { target in
                var read = BackupBatch.Member(target: target)
                (read.task, read.hooks) = (task, hooks)
                (read.runtimeSettings, read.tempDir, read.interimVolumeTemplate) = kept
                return read
            }
        }
        let order = fields.choice("executionOrder", of: ExecutionOrder.self)
        let schedule = fields.text("schedule")
        let (timeZone, driver) = (timeZone(fields), driver(fields))
        let retention = fields.fields("retentionPolicy", retentionPolicy)
        let paused = fields.flag("paused")
        let historyLimit = fields.count("backupHistoryLimit")
        let timeOut = fields.duration("timeOut")
        let retry = retryConfig(fields)
        refuseHooks(fields)
        warnOfOneTarget(members.map { $0?.target.ref.name }, fields)
        guard let repository, !members.isEmpty, !members.contains(where: { $0 == nil }) else { return nil }
        var spec = BackupBatch.Spec(members: members.compactMap(\.self), repository: repository)
        (spec.executionOrder, spec.schedule, spec.timeZone, spec.driver) = (order ?? .parallel, schedule, timeZone, driver)
        (spec.retentionPolicy, spec.paused, spec.backupHistoryLimit) = (retention, paused, historyLimit)
        (spec.timeOut, spec.retryConfig) = (timeOut, retry)
        return spec
    }

    func restoreBatch(_ fields: FieldDecoder) -> RestoreBatch.Spec? {
        let repository = repositoryReference(fields)
        let members = members(fields, of: .restore) { member in
            let target = member.fields("target", restoreTarget)
            let task = member.fields("task") { self.task($0, kind: .restore) }
            let (kept, hooks) = (keptParts(member), restoreHooks(member))
            return target.map { target in
                var read = RestoreBatch.Member(target: target)
                (read.task, read.hooks) = (task, hooks)
                (read.runtimeSettings, read.tempDir, read.interimVolumeTemplate) = kept
                return read
            }
        }
        let order = fields.choice("executionOrder", of: ExecutionOrder.self)
        let (driver, timeOut) = (driver(fields), fields.duration("timeOut"))
        refuseHooks(fields)
        guard let repository, !members.isEmpty, !members.contains(where: { $0 == nil }) else { return nil }
        var spec = RestoreBatch.Spec(members: members.compactMap(\.self), repository: repository)
        (spec.executionOrder, spec.driver, spec.timeOut) = (order, driver, timeOut)
        return spec
    }

    func backupSession(_ fields: FieldDecoder) -> (invoker: Invoker, retryLeft: Int?)? {
        let retryLeft = fields.count("retryLeft")
        if !fields.has("invoker") { fields.complainMissing("invoker", inner: "name", "the plan to run") }
        let invoker = fields.fields("invoker") { invoker in
            let kind = invoker.requiredText("kind", "BackupConfiguration or BackupBatch")
            let known = [ResourceKind.backupConfiguration, .backupBatch].map(\.rawValue)
            if let kind, !known.contains(kind) {
                invoker.complain("kind", "expected \(known.joined(separator: " or ")), found \"\(kind)\"")
            }
            let group = ResourceKind.backupSession.apiVersion.split(separator: "/")[0]
            if let found = invoker.text("apiGroup"), found != group {
                invoker.complain("apiGroup", "expected \(group), found \"\(found)\"")
            }
            let name = referredName(invoker, "the name of the plan to run")
            guard let kind, let name else { return Invoker?.none }
            return Invoker(kind: kind, name: name)
        }
        return invoker.map { ($0, retryLeft) }
    }

    /// Nil stands for a member with an error, so that places stay.
    private func members<Member>(
        _ fields: FieldDecoder, of kind: SessionKind, _ read: (FieldDecoder) -> Member?
    ) -> [Member?] {
        let members = fields.list("members") { member -> Member?? in
            if !member.has("target") { member.complainMissing("target", inner: "ref.name", "the AppBinding of the cluster") }
            return .some(read(member))
        }
        switch fields.node("members")?.content {
        case nil: fields.complainMissing("members", "the targets of the \(kind.rawValue), one at least")
        case .sequence([])?: fields.complain("members", "expected the targets of the \(kind.rawValue), found an empty list")
        default: break
        }
        if members.count > Self.largestBatch {
            fields.complain(
                "members", "expected at most \(Self.largestBatch) members, found \(members.count); make several batches")
        }
        return members
    }

    /// All members' messages are recorded and published in one go.
    private static let largestBatch = 100

    /// What runs once for all members has no session that could run it at least once.
    private func refuseHooks(_ fields: FieldDecoder) {
        guard fields.node("hooks") != nil else { return }
        fields.complain(
            "hooks", "hooks of a whole batch are not run by Sheaf; give the members hooks of their own, in members[].hooks")
    }

    /// Retention goes by plan and target (`PlanRetention`).
    private func warnOfOneTarget(_ targets: [String?], _ fields: FieldDecoder) {
        var seen: Set<String> = []
        for case let target? in targets where !seen.insert(target).inserted {
            fields.warn(
                "members",
                "several members back up a target named \(target); retentionPolicy counts their snapshots together: make a plan of its own"
                    + " of one of them where that matters")
            return
        }
    }
}
