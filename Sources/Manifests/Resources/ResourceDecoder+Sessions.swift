import Messages
import Runtime

extension ResourceDecoder {
    func backupConfiguration(_ fields: FieldDecoder) -> BackupConfiguration.Spec? {
        if !fields.has("target") { fields.complainMissing("target", inner: "ref.name", "the AppBinding of the cluster") }
        let target = fields.fields("target", backupTarget)
        let repository = repositoryReference(fields)
        let task = fields.fields("task") { self.task($0, kind: .backup) }
        let schedule = fields.text("schedule")
        let timeZone = timeZone(fields)
        let driver = driver(fields)
        let retention = fields.fields("retentionPolicy", retentionPolicy)
        let paused = fields.flag("paused")
        let historyLimit = fields.count("backupHistoryLimit")
        let timeOut = fields.duration("timeOut")
        let retry = retryConfig(fields)
        let kept = keptParts(fields)
        let hooks = backupHooks(fields)
        guard let target, let repository else { return nil }
        var spec = BackupConfiguration.Spec(target: target, repository: repository)
        (spec.task, spec.schedule, spec.timeZone, spec.driver) = (task, schedule, timeZone, driver)
        (spec.retentionPolicy, spec.paused, spec.backupHistoryLimit) = (retention, paused, historyLimit)
        (spec.timeOut, spec.retryConfig, spec.hooks) = (timeOut, retry, hooks)
        (spec.runtimeSettings, spec.tempDir, spec.interimVolumeTemplate) = kept
        return spec
    }

    func restoreSession(_ fields: FieldDecoder) -> RestoreSession.Spec? {
        if !fields.has("target") { fields.complainMissing("target", inner: "ref.name", "the AppBinding of the cluster") }
        let target = fields.fields("target", restoreTarget)
        let repository = repositoryReference(fields)
        let task = fields.fields("task") { self.task($0, kind: .restore) }
        let driver = driver(fields)
        let rules = fields.list("rules", restoreRule)
        if !rules.isEmpty {
            fields.warn("rules", "deprecated by Stash; read as spec.target.rules")
            checkHosts(of: (target?.rules ?? []) + rules, fields)
        }
        let timeOut = fields.duration("timeOut")
        let kept = keptParts(fields)
        let hooks = restoreHooks(fields)
        guard let target, let repository else { return nil }
        var spec = RestoreSession.Spec(target: target, repository: repository)
        (spec.task, spec.driver, spec.rules, spec.timeOut, spec.hooks) = (task, driver, rules, timeOut, hooks)
        (spec.runtimeSettings, spec.tempDir, spec.interimVolumeTemplate) = kept
        return spec
    }

    func retryConfig(_ fields: FieldDecoder) -> RetryConfig? {
        fields.fields("retryConfig") { retry in
            RetryConfig(maxRetry: retry.count("maxRetry") ?? 1, delay: retry.duration("delay") ?? .zero)
        }
    }

    func backupHooks(_ fields: FieldDecoder) -> BackupConfiguration.Hooks? {
        fields.fields("hooks") { hooks in
            BackupConfiguration.Hooks(
                preBackup: hooks.fields("preBackup") { self.hook($0, policies: []) },
                postBackup: hooks.fields("postBackup") { self.hook($0, policies: Hook.ExecutionPolicy.allCases) })
        }
    }

    func restoreHooks(_ fields: FieldDecoder) -> RestoreSession.Hooks? {
        fields.fields("hooks") { hooks in
            RestoreSession.Hooks(
                preRestore: hooks.fields("preRestore") { self.hook($0, policies: []) },
                postRestore: hooks.fields("postRestore") { self.hook($0, policies: [.always, .onSuccess, .onFailure]) })
        }
    }

    /// What Stash's pods need and Sheaf keeps.
    func keptParts(_ fields: FieldDecoder) -> (JSONValue?, TempDir?, JSONValue?) {
        let tempDir = fields.fields("tempDir") { temp in
            TempDir(
                medium: temp.text("medium"), sizeLimit: temp.text("sizeLimit"), disableCaching: temp.flag("disableCaching"))
        }
        checkInterimVolume(fields)
        return (fields.raw("runtimeSettings"), tempDir, fields.raw("interimVolumeTemplate"))
    }

    /// Of a volume's template one field bounds the spool: the room that is asked for.
    private func checkInterimVolume(_ fields: FieldDecoder) {
        fields.part(of: "interimVolumeTemplate") { template in
            template.part(of: "spec") { spec in
                spec.part(of: "resources") { resources in
                    resources.part(of: "requests") { requests in storage(requests) }
                }
            }
        }
    }

    private func storage(_ requests: FieldDecoder) {
        guard let node = requests.node("storage") else { return }
        let text: String? =
            switch node.content {
            case .scalar(.text(let text)), .scalar(.number(let text)): text
            case .scalar(.integer(let number)): String(number)
            default: nil
            }
        guard let quantity = text.flatMap({ StorageQuantity($0) }), quantity.bytes > 0 else {
            requests.complain("storage", "expected \(StorageQuantity.expectation), found \(requests.found(node))")
            return
        }
    }

    func backupTarget(_ fields: FieldDecoder) -> BackupConfiguration.Target? {
        let (ref, alias) = (targetReference(fields), fields.text("alias"))
        let (paths, exclude, args) = (fields.texts("paths"), fields.texts("exclude"), fields.texts("args"))
        let mounts = fields.elements("volumeMounts").map { $0.json(sortingMembers: true) }
        let (replicas, snapshotClass) = (fields.count("replicas"), fields.text("snapshotClassName"))
        guard let ref else { return nil }
        var target = BackupConfiguration.Target(ref: ref, alias: alias)
        (target.paths, target.exclude, target.args) = (paths, exclude, args)
        (target.volumeMounts, target.replicas, target.snapshotClassName) = (mounts, replicas, snapshotClass)
        return target
    }

    func restoreTarget(_ fields: FieldDecoder) -> RestoreSession.Target? {
        let (ref, alias, rules) = (targetReference(fields), fields.text("alias"), fields.list("rules", restoreRule))
        let (args, replicas) = (fields.texts("args"), fields.count("replicas"))
        let mounts = fields.elements("volumeMounts").map { $0.json(sortingMembers: true) }
        let templates = fields.elements("volumeClaimTemplates").map { $0.json(sortingMembers: true) }
        checkHosts(of: rules, fields)
        guard let ref else { return nil }
        var target = RestoreSession.Target(ref: ref, alias: alias, rules: rules)
        (target.args, target.replicas, target.volumeMounts, target.volumeClaimTemplates) = (args, replicas, mounts, templates)
        return target
    }

    private func restoreRule(_ fields: FieldDecoder) -> RestoreSession.Rule? {
        var rule = RestoreSession.Rule(
            snapshots: fields.texts("snapshots"), targetHosts: fields.texts("targetHosts"), sourceHost: fields.text("sourceHost"))
        (rule.paths, rule.include, rule.exclude) = (fields.texts("paths"), fields.texts("include"), fields.texts("exclude"))
        if !rule.snapshots.isEmpty, !rule.paths.isEmpty {
            fields.complain("paths", "expected snapshots or paths, found both")
        }
        return rule
    }

    /// Stash: at most one rule for everyone, and no host in two rules.
    private func checkHosts(of rules: [RestoreSession.Rule], _ fields: FieldDecoder) {
        if rules.count(where: \.targetHosts.isEmpty) > 1 {
            let found = rules.count(where: \.targetHosts.isEmpty)
            fields.complain("rules", "expected at most one rule without targetHosts, found \(found)")
        }
        var hosts: Set<String> = []
        for host in rules.flatMap({ Set($0.targetHosts).sorted() }) where !hosts.insert(host).inserted {
            fields.complain("rules", "expected each host in one rule, found \"\(host)\" in several")
        }
    }

    func driver(_ fields: FieldDecoder) -> BackupDriver? {
        let driver = fields.choice("driver", of: BackupDriver.self)
        if driver == .volumeSnapshotter {
            fields.complain("driver", "Sheaf reads documents and takes no snapshots of volumes; use Restic, or leave it out")
        }
        return driver
    }

    /// Whether the zone exists is for whoever has the zone files; here only what cannot be a zone's name is refused.
    func timeZone(_ fields: FieldDecoder) -> String? {
        guard let name = fields.text("timeZone") else { return nil }
        let isName = name.utf8.first.map { $0 < 128 && Unicode.Scalar($0).properties.isAlphabetic } ?? false
        let isLegal = name.unicodeScalars.allSatisfy {
            $0.isASCII && ($0.properties.isAlphabetic || "0123456789_+-/".unicodeScalars.contains($0))
        }
        guard isName, isLegal else {
            fields.complain("timeZone", "expected a name of the time zone database, such as Europe/Berlin, found \"\(name)\"")
            return nil
        }
        return name
    }
}
