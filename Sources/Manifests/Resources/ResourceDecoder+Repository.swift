import Messages

extension ResourceDecoder {
    func repository(_ fields: FieldDecoder) -> Repository.Spec? {
        if !fields.has("backend") { fields.complainMissing("backend", "where snapshots are kept") }
        let backend = fields.fields("backend", backend)
        let wipeOut = fields.flag("wipeOut")
        if wipeOut, backend?.providerName == .local {
            fields.complain("wipeOut", "a local repository cannot be wiped out, as in Stash; delete its folder by hand")
        }
        let policy = fields.fields("usagePolicy", usagePolicy)
        return backend.map { Repository.Spec(backend: $0, wipeOut: wipeOut, usagePolicy: policy) }
    }

    /// Refuses annotations of Sheaf's that would have no effect: who writes one means something by it.
    /// - Parameter backend: nil for one that is wrong itself.
    func annotations(of backend: Backend.ProviderName?, _ fields: FieldDecoder) {
        ownAnnotations(fields) { check($0, backend, $1) }
    }

    private func check(_ name: String, _ backend: Backend.ProviderName?, _ annotations: FieldDecoder) {
        guard let annotation = RepositoryAnnotation(rawValue: name) else {
            let known = RepositoryAnnotation.allCases.map(\.rawValue).joined(separator: ", ")
            return annotations.complain(name, "not an annotation of a Repository; there are \(known)")
        }
        if let backend, !annotation.backends.contains(backend) {
            let backends = annotation.backends.map(\.rawValue).joined(separator: " and ")
            return annotations.complain(name, "an annotation for \(backends) only, and the backend is \(backend.rawValue)")
        }
        // What is no text has been complained about.
        guard let value = annotations.node(name)?.text, let problem = annotation.problem(with: value) else { return }
        annotations.complain(name, problem)
    }

    /// One provider, looked for in Stash's order.
    private func backend(_ fields: FieldDecoder) -> Backend? {
        let secretName = fields.text("storageSecretName")
        if let secretName, let problem = ResourceName.problem(secretName) {
            fields.complain("storageSecretName", "\(problem), found \"\(secretName)\"")
        }
        let all = Backend.ProviderName.allCases
        let present = all.filter { fields.has($0.rawValue) }
        let providers = present.compactMap { name in fields.fields(name.rawValue) { provider(name, $0) } }
        guard let first = present.first else {
            fields.complainMissing("local", "one of \(all.map(\.rawValue).joined(separator: ", "))")
            return nil
        }
        guard present.count == 1 else {
            let names = present.map(\.rawValue).joined(separator: " and ")
            fields.complain(present[1].rawValue, "expected exactly one provider, found \(names)")
            return nil
        }
        if let advice = Self.advice[first] { fields.complain(first.rawValue, advice) }
        return providers.first.map { Backend($0, storageSecretName: secretName) }
    }

    /// What to use instead of a provider that Sheaf has no store for.
    private static let advice: [Backend.ProviderName: String] = [
        .swift: "Sheaf has no store for OpenStack Swift; use s3 with the endpoint of Swift's S3 API",
        .b2: "Sheaf has no store of its own for Backblaze B2; use s3 with the endpoint https://s3.<region>.backblazeb2.com",
        .rest: "Sheaf does not speak restic's REST protocol; use local with the server's folder, or s3",
    ]

    private func provider(_ name: Backend.ProviderName, _ fields: FieldDecoder) -> Backend.Provider? {
        switch name {
        case .local: return local(fields).map { .local($0) }
        case .s3:
            let bucket = fields.requiredText("bucket", "the name of a bucket")
            var s3 = Backend.S3(
                bucket: bucket ?? "", endpoint: fields.text("endpoint"), prefix: fields.text("prefix"),
                region: fields.text("region"))
            s3.insecureTLS = fields.flag("insecureTLS")
            if let endpoint = s3.endpoint, endpoint.contains("@") {
                fields.complain("endpoint", "the address must not contain a user or a password; put them in the storage Secret")
            }
            return bucket == nil ? nil : .s3(s3)
        case .gcs:
            let bucket = fields.requiredText("bucket", "the name of a bucket")
            var gcs = Backend.GCS(bucket: bucket ?? "", prefix: fields.text("prefix"))
            gcs.maxConnections = connections(fields)
            return bucket == nil ? nil : .gcs(gcs)
        case .azure:
            let container = fields.requiredText("container", "the name of a container")
            var azure = Backend.Azure(container: container ?? "", prefix: fields.text("prefix"))
            azure.maxConnections = connections(fields)
            return container == nil ? nil : .azure(azure)
        case .swift:
            var swift = Backend.Swift(container: fields.text("container") ?? "")
            swift.prefix = fields.text("prefix")
            return .swift(swift)
        case .b2:
            var b2 = Backend.B2(bucket: fields.text("bucket") ?? "")
            b2.prefix = fields.text("prefix")
            b2.maxConnections = connections(fields)
            return .b2(b2)
        case .rest: return .rest(Backend.REST(url: fields.text("url") ?? ""))
        }
    }

    /// Nil for 0 too, with which Stash and restic mean their default.
    private func connections(_ fields: FieldDecoder) -> Int? {
        fields.count("maxConnections").flatMap { $0 == 0 ? nil : $0 }
    }

    private func local(_ fields: FieldDecoder) -> Backend.Local? {
        let mountPath = fields.requiredText("mountPath", "the folder of the repository, such as /var/lib/sheaf")
        if let mountPath {
            if !mountPath.hasPrefix("/") {
                fields.complain("mountPath", "expected a path that begins with \"/\", found \"\(mountPath)\"")
            } else if mountPath == "/stash" || mountPath.hasPrefix("/stash/") {
                fields.complain("mountPath", "/stash and what is below it cannot be used, as in Stash; use another path")
            }
        }
        let subPath = fields.text("subPath")
        if let subPath, subPath.hasPrefix("/") || subPath.split(separator: "/").contains("..") {
            fields.complain("subPath", "expected a path inside mountPath, without \"..\", found \"\(subPath)\"")
        }
        var local = Backend.Local(mountPath: mountPath ?? "", subPath: subPath)
        local.hostPath = fields.raw("hostPath")
        local.persistentVolumeClaim = fields.raw("persistentVolumeClaim")
        local.nfs = fields.raw("nfs")
        local.emptyDir = fields.raw("emptyDir")
        return mountPath == nil ? nil : local
    }

    private func usagePolicy(_ fields: FieldDecoder) -> UsagePolicy? {
        UsagePolicy(
            allowedNamespaces: fields.fields("allowedNamespaces") { allowed in
                let from = allowed.choice("from", of: UsagePolicy.From.self) ?? .same
                let selector = allowed.fields("selector", labelSelector)
                if from == .selector, !allowed.has("selector") {
                    allowed.complainMissing("selector", "labels of namespaces, as from is Selector")
                }
                return UsagePolicy.AllowedNamespaces(from: from, selector: selector)
            })
    }

    private func labelSelector(_ fields: FieldDecoder) -> UsagePolicy.LabelSelector? {
        UsagePolicy.LabelSelector(
            matchLabels: fields.textMap("matchLabels"),
            matchExpressions: fields.list("matchExpressions") { expression in
                let key = expression.requiredText("key", "the name of a label")
                if !expression.has("operator") { expression.complainMissing("operator", "In, NotIn, Exists or DoesNotExist") }
                let comparison = expression.choice("operator", of: UsagePolicy.Requirement.Operator.self)
                let values = expression.texts("values")
                guard let key, let comparison else { return nil }
                return UsagePolicy.Requirement(key: key, operator: comparison, values: values)
            })
    }
}
