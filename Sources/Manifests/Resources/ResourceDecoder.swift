import Messages

/// Turns one document into a resource; complaints go to the log, and a resource with an error is not made.
struct ResourceDecoder {
    enum Outcome {
        case resource(AnyDeclared)
        case unhandled(UnhandledResource)
        /// Nil where not even kind and name can be read.
        case refused(RefusedResource?)
    }

    let log: ComplaintLog

    func decode(_ document: YAMLNode) -> Outcome {
        let isSecret = document["kind"]?.text == ResourceKind.secret.rawValue
        guard let fields = FieldDecoder(document, path: "", log: log, isConfidential: isSecret) else {
            return .refused(nil)
        }
        let (errorsBefore, complaintsBefore) = (log.errorCount, log.complaints.count)
        let apiVersion = fields.requiredText("apiVersion", "the version of a kind, such as stash.appscode.com/v1beta1")
        guard let name = fields.requiredText("kind", "the kind of a resource, such as BackupConfiguration") else {
            return .refused(nil)
        }
        guard let kind = ResourceKind(rawValue: name) else {
            return unhandled(document, kind: name, apiVersion: apiVersion, fields)
        }
        if let apiVersion, apiVersion != kind.apiVersion {
            fields.complain("apiVersion", "expected \(kind.apiVersion) for a \(name), found \"\(apiVersion)\"")
        }
        let metadata = fields.fields("metadata") { self.metadata($0, of: kind) }
        if !fields.has("metadata") { fields.complainMissing("metadata", inner: "name", "the name of the \(name)") }
        fields.ignore("status")
        let resource = self.resource(kind, metadata, fields, document)
        fields.finish()
        guard let resource, log.errorCount == errorsBefore else {
            return .refused(
                metadata.map {
                    RefusedResource(
                        key: ResourceKey(kind: kind, namespace: $0.namespace, name: $0.name),
                        complaints: Array(log.complaints[complaintsBefore...]))
                })
        }
        return .resource(resource)
    }

    /// Reads the rest even without metadata, so that all complaints come at once.
    private func resource(
        _ kind: ResourceKind, _ metadata: ObjectMeta?, _ fields: FieldDecoder, _ document: YAMLNode
    ) -> AnyDeclared? {
        switch kind {
        case .namespace:
            fields.ignore("spec")
            fields.part(of: "metadata") { metadata in
                if let name = metadata.node("name")?.text { checkNamespace(name, "name", metadata) }
            }
            return metadata.map { .namespace(Declared(Namespace(metadata: $0), source: document)) }
        case .secret:
            let secret = self.secret(fields)
            return metadata.map {
                .secret(
                    Declared(
                        Secret(metadata: $0, values: secret.values, type: secret.type),
                        source: Self.redacted(document)))
            }
        case .appBinding:
            guard let spec = spec(fields, "the AppBinding's fields", appBinding), let metadata else { return nil }
            return .appBinding(Declared(AppBinding(metadata: metadata, spec: spec), source: document))
        case .repository:
            let spec = spec(fields, "the Repository's fields", repository)
            annotations(of: spec?.backend.providerName, fields)
            guard let spec, let metadata else { return nil }
            return .repository(Declared(Repository(metadata: metadata, spec: spec), source: document))
        case .backupConfiguration:
            let spec = spec(fields, "the plan's fields", backupConfiguration)
            planAnnotations(fields)
            guard let spec, let metadata else { return nil }
            return .backupConfiguration(Declared(BackupConfiguration(metadata: metadata, spec: spec), source: document))
        case .restoreSession:
            guard let spec = spec(fields, "the restore's fields", restoreSession), let metadata else { return nil }
            return .restoreSession(Declared(RestoreSession(metadata: metadata, spec: spec), source: document))
        case .backupBatch:
            let spec = spec(fields, "the batch's fields", backupBatch)
            planAnnotations(fields)
            guard let spec, let metadata else { return nil }
            return .backupBatch(Declared(BackupBatch(metadata: metadata, spec: spec), source: document))
        case .restoreBatch:
            guard let spec = spec(fields, "the batch's fields", restoreBatch), let metadata else { return nil }
            return .restoreBatch(Declared(RestoreBatch(metadata: metadata, spec: spec), source: document))
        case .backupSession:
            guard let spec = spec(fields, "the invoker", backupSession), let metadata else { return nil }
            let request = BackupSessionRequest(metadata: metadata, invoker: spec.invoker, retryLeft: spec.retryLeft)
            return .backupSession(Declared(request, source: document))
        case .backupBlueprint:
            return backupBlueprint(metadata, fields).map { .backupBlueprint(Declared($0, source: document)) }
        case .function: return function(metadata, fields).map { .function(Declared($0, source: document)) }
        case .task: return steps(metadata, fields).map { .task(Declared($0, source: document)) }
        }
    }

    private static func redacted(_ secret: YAMLNode) -> YAMLNode {
        secret.redacting(["data"]).redacting(["stringData"]).redacting(["metadata", "annotations", lastApplied])
    }

    private func spec<Spec>(_ fields: FieldDecoder, _ expected: String, _ read: (FieldDecoder) -> Spec?) -> Spec? {
        if !fields.has("spec") { fields.complainMissing("spec", expected) }
        return fields.fields("spec", read)
    }

    private func unhandled(_ document: YAMLNode, kind: String, apiVersion: String?, _ fields: FieldDecoder) -> Outcome {
        guard let apiVersion else { return .refused(nil) }
        fields.warn("kind", "Sheaf does not handle \(kind); it is kept and has no effect")
        return .unhandled(
            UnhandledResource(
                apiVersion: apiVersion, kind: kind, name: document["metadata"]?["name"]?.text, source: document))
    }

    /// kubectl's copy of the whole manifest, a Secret's values included; so it is never taken over.
    private static let lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

    private func metadata(_ fields: FieldDecoder, of kind: ResourceKind) -> ObjectMeta? {
        // Written by the API server, and so part of what `kubectl get -o yaml` prints.
        fields.ignore(
            "creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "finalizers", "generateName", "generation",
            "managedFields", "ownerReferences", "resourceVersion", "selfLink", "uid")
        let name = fields.requiredText("name", "the name of the resource")
        if let name, let problem = ResourceName.problem(name) { fields.complain("name", "\(problem), found \"\(name)\"") }
        let namespace = fields.text("namespace")
        if let namespace {
            checkNamespace(namespace, "namespace", fields)
            if kind.isClusterScoped { fields.warn("namespace", "a \(kind.rawValue) is of no namespace; this has no effect") }
        }
        let labels = fields.textMap("labels")
        var annotations = fields.textMap("annotations")
        annotations[Self.lastApplied] = nil
        guard let name else { return nil }
        return ObjectMeta(
            name: name, namespace: kind.isClusterScoped ? "" : namespace ?? ObjectMeta.defaultNamespace, labels: labels,
            annotations: annotations)
    }
}

// MARK: - What several kinds have

extension ResourceDecoder {
    func checkNamespace(_ namespace: String, _ key: String, _ fields: FieldDecoder) {
        if let problem = ResourceName.labelProblem(namespace) { fields.complain(key, "\(problem), found \"\(namespace)\"") }
    }

    /// A name that refers to a resource.
    func referredName(_ fields: FieldDecoder, _ expected: String) -> String? {
        guard let name = fields.requiredText("name", expected) else { return nil }
        if let problem = ResourceName.problem(name) { fields.complain("name", "\(problem), found \"\(name)\"") }
        return name
    }

    func referredNamespace(_ fields: FieldDecoder) -> String? {
        guard let namespace = fields.text("namespace") else { return nil }
        checkNamespace(namespace, "namespace", fields)
        return namespace
    }

    /// The Repository that a plan or a restore names.
    func repositoryReference(_ spec: FieldDecoder) -> ObjectReference? {
        if !spec.has("repository") { spec.complainMissing("repository", inner: "name", "the name of a Repository") }
        return spec.fields("repository") { fields in
            let name = referredName(fields, "the name of a Repository")
            let namespace = referredNamespace(fields)
            return name.map { ObjectReference(name: $0, namespace: namespace) }
        }
    }

    /// The AppBinding that a target names.
    func targetReference(_ target: FieldDecoder) -> TargetRef? {
        if !target.has("ref") { target.complainMissing("ref", inner: "name", "the AppBinding of the cluster") }
        return target.fields("ref") { fields in
            let kind = fields.requiredText("kind", "AppBinding")
            if let kind, kind != ResourceKind.appBinding.rawValue {
                fields.complain("kind", "expected AppBinding, found \"\(kind)\"; Sheaf reaches a cluster through its AppBinding")
            }
            let apiVersion = fields.text("apiVersion")
            if let apiVersion, kind == ResourceKind.appBinding.rawValue, apiVersion != ResourceKind.appBinding.apiVersion {
                fields.complain("apiVersion", "expected \(ResourceKind.appBinding.apiVersion), found \"\(apiVersion)\"")
            }
            let name = referredName(fields, "the name of an AppBinding")
            let namespace = referredNamespace(fields)
            guard let kind, let name else { return nil }
            return TargetRef(name: name, namespace: namespace, kind: kind, apiVersion: apiVersion)
        }
    }
}
