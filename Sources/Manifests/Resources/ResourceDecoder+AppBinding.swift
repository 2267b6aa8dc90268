import FoundationEssentials
import Messages

extension ResourceDecoder {
    func appBinding(_ fields: FieldDecoder) -> AppBinding.Spec? {
        if !fields.has("clientConfig") {
            fields.complainMissing("clientConfig", "the cluster's address: clientConfig.url or clientConfig.service")
        }
        let config = fields.fields("clientConfig", clientConfig)
        let secret = fields.fields("secret", secretReference)
        let transforms = fields.list("secretTransforms", secretTransform)
        let tlsSecret = fields.fields("tlsSecret", secretReference)
        let type = fields.text("type")
        if let type, !["elasticsearch", "opensearch"].contains(type.split(separator: "/").last?.lowercased()) {
            fields.warn("type", "Sheaf serves Elasticsearch and OpenSearch, found \"\(type)\"")
        }
        let version = fields.text("version")
        let (appRef, parameters) = (fields.raw("appRef"), fields.raw("parameters"))
        _ = fields.fields("parameters") { parameters -> Bool? in
            checkParameters(parameters)
            return true
        }
        guard let config else { return nil }
        var spec = AppBinding.Spec(clientConfig: config, secret: secret)
        spec.type = type
        spec.version = version
        spec.appRef = appRef
        spec.secretTransforms = transforms
        spec.tlsSecret = tlsSecret
        spec.parameters = parameters
        return spec
    }

    private func clientConfig(_ fields: FieldDecoder) -> AppBinding.ClientConfig? {
        let url = fields.text("url")
        if let url, let problem = ClusterURL.problem(url) { fields.complain("url", problem) }
        let service = fields.fields("service", service)
        if !fields.has("url"), !fields.has("service") {
            fields.complainMissing("url", "the cluster's address, such as https://host:9200, or a service")
        }
        var config = AppBinding.ClientConfig(url: url, service: service)
        config.caBundle = caBundle(fields)
        config.serverName = fields.text("serverName")
        config.insecureSkipTLSVerify = fields.flag("insecureSkipTLSVerify")
        return config
    }

    private func caBundle(_ fields: FieldDecoder) -> Data? {
        guard let text = fields.text("caBundle") else { return nil }
        guard let bytes = SecretValue(base64: text)?.exposedBytes else {
            fields.complain("caBundle", "expected PEM certificates in base64, found text that is not base64")
            return nil
        }
        if !String(decoding: bytes, as: UTF8.self).contains("-----BEGIN CERTIFICATE-----") {
            fields.complain("caBundle", "expected PEM certificates in base64, found base64 without a certificate")
        }
        return Data(bytes)
    }

    private func service(_ fields: FieldDecoder) -> AppBinding.Service? {
        let scheme = fields.requiredText("scheme", "http or https")
        if let scheme, scheme != "http", scheme != "https" {
            fields.complain("scheme", "expected http or https, found \"\(scheme)\"")
        }
        let name = referredName(fields, "the name of a service")
        let namespace = referredNamespace(fields)
        if !fields.has("port") { fields.complainMissing("port", "a port number") }
        let port = fields.int("port", in: 1...65_535)
        let (path, query) = (fields.text("path"), fields.text("query"))
        guard let scheme, let name, let port else { return nil }
        var service = AppBinding.Service(scheme: scheme, name: name, port: port, namespace: namespace)
        service.path = path
        service.query = query
        return service
    }

    private func secretReference(_ fields: FieldDecoder) -> AppBinding.SecretReference? {
        let (apiGroup, kind) = (fields.text("apiGroup"), fields.text("kind"))
        if let kind, kind != ResourceKind.secret.rawValue { fields.complain("kind", "expected Secret, found \"\(kind)\"") }
        guard let name = referredName(fields, "the name of a Secret") else { return nil }
        var reference = AppBinding.SecretReference(name: name)
        reference.apiGroup = apiGroup
        reference.kind = kind
        return reference
    }

    private func secretTransform(_ fields: FieldDecoder) -> SecretTransform? {
        let all = ["renameKey", "addKey", "addKeysFrom", "removeKey"]
        let present = all.filter(fields.has)
        guard present.count == 1 else {
            for name in all { fields.ignore(name) }
            let found = present.isEmpty ? "none" : present.joined(separator: " and ")
            fields.complain(present.last ?? all[0], "expected exactly one of \(all.joined(separator: ", ")), found \(found)")
            return nil
        }
        switch present[0] {
        case "renameKey":
            return fields.fields("renameKey") { rename in
                let (from, to) = (rename.requiredText("from", "a key"), rename.requiredText("to", "a key"))
                guard let from, let to else { return nil }
                return .renameKey(from: from, to: to)
            }
        case "addKey": return fields.fields("addKey", addedKey)
        case "addKeysFrom":
            return fields.fields("addKeysFrom") { source in
                if !source.has("secretRef") { source.complainMissing("secretRef", inner: "name", "the name of a Secret") }
                return source.fields("secretRef") { reference in
                    referredName(reference, "the name of a Secret").map { .addKeysFrom(secretName: $0) }
                }
            }
        default:
            return fields.fields("removeKey") { removed in
                removed.requiredText("key", "a key").map { .removeKey(key: $0) }
            }
        }
    }

    /// Read for its complaints, which do not show the value, and then refused: an AppBinding travels in messages, a secret must not.
    private func addedKey(_ fields: FieldDecoder) -> SecretTransform? {
        let key = fields.requiredText("key", "a key")
        let plain = fields.node("stringValue")
        let encoded = fields.node("value")
        if plain == nil, encoded == nil { fields.complainMissing("stringValue", "the value, or value in base64") }
        if let plain, plain.text == nil { fields.complain("stringValue", "expected text, found \(plain.kindSummary)") }
        let decoded = encoded.flatMap { $0.text.flatMap(SecretValue.init(base64:)) }
        if encoded != nil, decoded == nil { fields.complain("value", "expected base64; put plain text under stringValue") }
        fields.complain(
            "key", "the value would travel in messages; put it in a Secret and name that under addKeysFrom.secretRef.name")
        guard let key, let value = plain?.text.map({ SecretValue($0) }) ?? decoded else { return nil }
        return .addKey(key: key, value: value)
    }
}
