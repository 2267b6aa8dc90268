import Testing

/// Manifests with something wrong in them, and what is to be said about each.
enum ComplaintCases {
    /// A manifest and its complaints, each `line:column: severity: path: message`.
    struct Case: CustomTestStringConvertible, Sendable {
        var name: String
        var yaml: String
        var complaints: [String]
        var testDescription: String { name }

        init(_ name: String, _ yaml: String, _ complaints: String...) {
            self.name = name
            self.yaml = yaml
            self.complaints = complaints
        }
    }

    static let all = documents + appBindings + clusterParameters + repositories + plans + hooks + restores + batches + functions

    static func appBinding(_ spec: String) -> String {
        "{apiVersion: appcatalog.appscode.com/v1alpha1, kind: AppBinding, metadata: {name: es}, spec:\n\(spec)\n}"
    }

    private static func repository(_ spec: String) -> String {
        "{apiVersion: stash.appscode.com/v1alpha1, kind: Repository, metadata: {name: r}, spec:\n\(spec)\n}"
    }

    /// - Parameter backend: such as `s3: {bucket: b}`.
    private static func annotated(_ annotations: String, _ backend: String) -> String {
        "apiVersion: stash.appscode.com/v1alpha1\nkind: Repository\nspec: {backend: {\(backend)}}\n"
            + "metadata: {name: r, annotations: {\(annotations)}}"
    }

    private static let annotationNames =
        "sheaf.dev/encryption, sheaf.dev/endpoint, sheaf.dev/addressing, sheaf.dev/multipart, sheaf.dev/max-bytes-per-second"

    private static let endpoint =
        "expected a URL such as https://storage.example:9000, without user, password and query: the storage Secret is for those"

    static let documents: [Case] = [
        Case(
            "not YAML", "a: [1\nb: 2",
            "2:2: error: not valid YAML: while parsing a flow sequence on line 1, did not find expected ',' or ']'"),
        Case(
            "tab", "a:\n\tb: 1",
            "2:1: error: not valid YAML: while scanning for the next token on line 2, found character that cannot start any token"
        ),
        Case("bytes", "a: \u{1}", "1:4: error: not valid YAML: control characters are not allowed"),
        Case("no mapping", "- a", "1:1: error: expected fields, found a list"),
        Case(
            "no kind", "apiVersion: v1",
            "1:1: error: kind: expected the kind of a resource, such as BackupConfiguration, found nothing"),
        Case(
            "nothing asked for", "metadata: {}",
            "1:1: error: apiVersion: expected the version of a kind, such as stash.appscode.com/v1beta1, found nothing",
            "1:1: error: kind: expected the kind of a resource, such as BackupConfiguration, found nothing"),
        Case(
            "unhandled kind", "apiVersion: apps/v1\nkind: Deployment",
            "2:7: warning: kind: Sheaf does not handle Deployment; it is kept and has no effect"),
        Case(
            "other version", "apiVersion: v2\nkind: Secret\nmetadata: {name: s}",
            "1:13: error: apiVersion: expected v1 for a Secret, found \"v2\""),
        Case(
            "no metadata", "apiVersion: v1\nkind: Secret",
            "1:1: error: metadata.name: expected the name of the Secret, found nothing"),
        Case(
            "no name", "apiVersion: v1\nkind: Secret\nmetadata: {namespace: a}",
            "3:11: error: metadata.name: expected the name of the resource, found nothing"),
        Case(
            "names", "apiVersion: v1\nkind: Secret\nmetadata:\n  name: My_Secret\n  namespace: a.b",
            "4:9: error: metadata.name: a name has only lower-case letters, digits, \"-\" and \".\", found \"My_Secret\"",
            "5:14: error: metadata.namespace: a name has only lower-case letters, digits and \"-\", found \"a.b\""),
        Case(
            "name ends", "apiVersion: v1\nkind: Secret\nmetadata: {name: a.-b, namespace: b-}",
            "3:18: error: metadata.name: each part between dots must begin and end with a letter or digit, found \"a.-b\"",
            "3:35: error: metadata.namespace: a name must begin and end with a letter or digit, found \"b-\""),
        Case(
            "unknown fields", "apiVersion: v1\nkind: Secret\nmetadata: {name: s, color: red}\nspec: {}",
            "3:21: warning: metadata.color: not a field that Sheaf knows; it is kept and has no effect",
            "4:1: warning: spec: not a field that Sheaf knows; it is kept and has no effect"),
        Case(
            "labels", "apiVersion: v1\nkind: Secret\nmetadata: {name: s, labels: {a.b/c: x, d: [e]}, annotations: 5}",
            "3:43: error: metadata.labels[\"d\"]: expected text, found a list",
            "3:62: error: metadata.annotations: expected names with texts, found a number"),
        Case(
            "text that YAML reads as a number",
            "apiVersion: v1\nkind: Repository\nmetadata: {name: 12}",
            "1:1: error: spec: expected the Repository's fields, found nothing",
            "1:13: error: apiVersion: expected stash.appscode.com/v1alpha1 for a Repository, found \"v1\"",
            "3:18: error: metadata.name: expected text (put the value in quotes), found the number 12"),
        Case(
            "secret values stay out of complaints",
            "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: hunter2!, b/c: aGk=}\nstringData:\n  pin: 4711",
            "4:11: error: data.a: expected base64; put plain text under stringData",
            "4:26: error: data.b/c: a key has only letters, digits, \"-\", \"_\" and \".\", at most 253 of them",
            "6:8: error: stringData.pin: expected text (put the value in quotes), found a number"),
        Case(
            "twice",
            "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: default}",
            "7:18: error: metadata.name: Secret default/s is already declared at m.yaml:1:1"),
    ]

    static let appBindings: [Case] = [
        Case(
            "no clientConfig", appBinding("{}"),
            "2:1: error: spec.clientConfig: expected the cluster's address: clientConfig.url or clientConfig.service, found nothing"
        ),
        Case(
            "no address", appBinding("{clientConfig: {serverName: a}}"),
            "2:16: error: spec.clientConfig.url: expected the cluster's address, such as https://host:9200, or a service, found nothing"
        ),
        Case(
            "password", appBinding("{clientConfig: {url: 'http://elastic:hunter2@h:9200'}}"),
            "2:22: error: spec.clientConfig.url: the address must not contain a user or a password; put them in the AppBinding's secret"
        ),
        Case(
            "query", appBinding("{clientConfig: {url: 'http://h:9200/a?b'}}"),
            "2:22: error: spec.clientConfig.url: the address must not have a query (\"?\" and what follows)"),
        Case(
            "fragment", appBinding("{clientConfig: {url: 'http://h#b'}}"),
            "2:22: error: spec.clientConfig.url: the address must not have a fragment (\"#\" and what follows)"),
        Case(
            "scheme", appBinding("{clientConfig: {url: 'ftp://h'}}"),
            "2:22: error: spec.clientConfig.url: expected http or https, found \"ftp\""),
        Case(
            "no scheme", appBinding("{clientConfig: {url: h:9200}}"),
            "2:22: error: spec.clientConfig.url: expected http://host:port or https://host:port"),
        Case(
            "no host", appBinding("{clientConfig: {url: 'https://:9200'}}"),
            "2:22: error: spec.clientConfig.url: expected a host after https://"),
        Case(
            "port", appBinding("{clientConfig: {url: 'https://[::1]:65536'}}"),
            "2:22: error: spec.clientConfig.url: expected a port number from 1 to 65535, found \"65536\""),
        Case(
            "service", appBinding("{clientConfig: {service: {port: '9200', scheme: tcp}}}"),
            "2:26: error: spec.clientConfig.service.name: expected the name of a service, found nothing",
            "2:33: error: spec.clientConfig.service.port: expected a whole number from 1 to 65535, found \"9200\"",
            "2:49: error: spec.clientConfig.service.scheme: expected http or https, found \"tcp\""),
        Case(
            "bundle", appBinding("{clientConfig: {url: 'http://h', caBundle: '-----'}}"),
            "2:44: error: spec.clientConfig.caBundle: expected PEM certificates in base64, found text that is not base64"),
        Case(
            "bundle without certificate", appBinding("{clientConfig: {url: 'http://h', caBundle: aGk=}}"),
            "2:44: error: spec.clientConfig.caBundle: expected PEM certificates in base64, found base64 without a certificate"),
        Case(
            "yes is text", appBinding("{clientConfig: {url: 'http://h', insecureSkipTLSVerify: yes}}"),
            "2:57: error: spec.clientConfig.insecureSkipTLSVerify: expected true or false, found \"yes\""),
        Case(
            "secret and type",
            appBinding("{clientConfig: {url: 'http://h'}, secret: {kind: ConfigMap, name: a}, type: kubedb.com/postgres}"),
            "2:50: error: spec.secret.kind: expected Secret, found \"ConfigMap\"",
            "2:77: warning: spec.type: Sheaf serves Elasticsearch and OpenSearch, found \"kubedb.com/postgres\""),
        Case(
            "transforms",
            appBinding(
                "{clientConfig: {url: 'http://h'}, secretTransforms: [{}, {removeKey: {key: a}, renameKey: {}}, {addKey: {key: b, value: hunter2!}}]}"
            ),
            "2:54: error: spec.secretTransforms[0].renameKey: expected exactly one of renameKey, addKey, addKeysFrom, removeKey, found none",
            "2:70: error: spec.secretTransforms[1].removeKey: expected exactly one of renameKey, addKey, addKeysFrom, removeKey, found renameKey and removeKey",
            "2:111: error: spec.secretTransforms[2].addKey.key: the value would travel in messages; put it in a Secret and name that under addKeysFrom.secretRef.name",
            "2:121: error: spec.secretTransforms[2].addKey.value: expected base64; put plain text under stringValue"),
    ]

    static let repositories: [Case] = [
        Case(
            "misspelt annotation", annotated("sheaf.dev/encyption: none, other.dev/x: y", "s3: {bucket: b}"),
            "4:56: error: metadata.annotations[\"sheaf.dev/encyption\"]: not an annotation of a Repository; there are \(annotationNames)"
        ),
        Case(
            "words of annotations",
            annotated("sheaf.dev/encryption: aes, sheaf.dev/addressing: host, sheaf.dev/multipart: always", "s3: {bucket: b}"),
            "4:57: error: metadata.annotations[\"sheaf.dev/encryption\"]: expected none, found \"aes\"",
            "4:84: error: metadata.annotations[\"sheaf.dev/addressing\"]: expected path or virtual-host, found \"host\"",
            "4:111: error: metadata.annotations[\"sheaf.dev/multipart\"]: expected never, found \"always\""),
        Case(
            "annotations of another backend",
            annotated("sheaf.dev/endpoint: 'http://h', sheaf.dev/max-bytes-per-second: 1MiB", "s3: {bucket: b}"),
            "4:55: error: metadata.annotations[\"sheaf.dev/endpoint\"]: an annotation for gcs and azure only, and the backend is s3"
        ),
        Case(
            "annotations of S3", annotated("sheaf.dev/multipart: never", "gcs: {bucket: b}"),
            "4:56: error: metadata.annotations[\"sheaf.dev/multipart\"]: an annotation for s3 only, and the backend is gcs"),
        Case(
            "annotations with a password", annotated("sheaf.dev/endpoint: 'http://user:hunter2@h'", "gcs: {bucket: b}"),
            "4:55: error: metadata.annotations[\"sheaf.dev/endpoint\"]: \(endpoint)"),
        Case(
            "annotations with a signature", annotated("sheaf.dev/endpoint: 'http://h?sig=hunter2'", "azure: {container: b}"),
            "4:55: error: metadata.annotations[\"sheaf.dev/endpoint\"]: \(endpoint)"),
        Case(
            "no address, no rate",
            annotated("sheaf.dev/endpoint: storage, sheaf.dev/max-bytes-per-second: fast", "gcs: {bucket: b}"),
            "4:55: error: metadata.annotations[\"sheaf.dev/endpoint\"]: \(endpoint)",
            "4:96: error: metadata.annotations[\"sheaf.dev/max-bytes-per-second\"]: \"fast\" is not a size such as 64KiB, 1.5GiB or 10MB"
        ),
        Case(
            "rate of nothing", annotated("sheaf.dev/max-bytes-per-second: '0'", "s3: {bucket: b}"),
            "4:67: error: metadata.annotations[\"sheaf.dev/max-bytes-per-second\"]: expected at least 1, found \"0\"; or leave it out"
        ),
        Case(
            "annotations in another case", annotated("Sheaf.dev/encryption: none", "s3: {bucket: b}"),
            "4:57: error: metadata.annotations[\"Sheaf.dev/encryption\"]: not an annotation of a Repository; there are \(annotationNames)"
        ),
        Case(
            "known annotations",
            annotated("sheaf.dev/encryption: none, sheaf.dev/addressing: path, sheaf.dev/multipart: never", "s3: {bucket: b}")),
        Case("no backend", repository("{}"), "2:1: error: spec.backend: expected where snapshots are kept, found nothing"),
        Case(
            "no provider", repository("{backend: {storageSecretName: s}}"),
            "2:11: error: spec.backend.local: expected one of local, s3, gcs, azure, swift, b2, rest, found nothing"),
        Case(
            "two providers", repository("{backend: {gcs: {bucket: a}, s3: {bucket: b}}}"),
            "2:17: error: spec.backend.gcs: expected exactly one provider, found s3 and gcs"),
        Case(
            "swift", repository("{backend: {swift: {container: a}}}"),
            "2:19: error: spec.backend.swift: Sheaf has no store for OpenStack Swift; use s3 with the endpoint of Swift's S3 API"),
        Case(
            "b2", repository("{backend: {b2: {bucket: a, maxConnections: 5}}}"),
            "2:16: error: spec.backend.b2: Sheaf has no store of its own for Backblaze B2; use s3 with the endpoint https://s3.<region>.backblazeb2.com"
        ),
        Case(
            "rest", repository("{backend: {rest: {url: 'http://h'}}}"),
            "2:18: error: spec.backend.rest: Sheaf does not speak restic's REST protocol; use local with the server's folder, or s3"
        ),
        Case(
            "reserved path", repository("{backend: {local: {mountPath: /stash/data, subPath: a/../b}}}"),
            "2:31: error: spec.backend.local.mountPath: /stash and what is below it cannot be used, as in Stash; use another path",
            "2:53: error: spec.backend.local.subPath: expected a path inside mountPath, without \"..\", found \"a/../b\""),
        Case(
            "relative path", repository("{backend: {local: {mountPath: data}}}"),
            "2:31: error: spec.backend.local.mountPath: expected a path that begins with \"/\", found \"data\""),
        Case(
            "no bucket", repository("{backend: {s3: {bucket: '', insecureTLS: 1}, storageSecretName: S}}"),
            "2:25: error: spec.backend.s3.bucket: expected the name of a bucket, found an empty text",
            "2:42: error: spec.backend.s3.insecureTLS: expected true or false, found the number 1",
            "2:65: error: spec.backend.storageSecretName: a name has only lower-case letters, digits, \"-\" and \".\", found \"S\""
        ),
        Case(
            "wipeOut", repository("{backend: {local: {mountPath: /r}}, wipeOut: true}"),
            "2:46: error: spec.wipeOut: a local repository cannot be wiped out, as in Stash; delete its folder by hand"),
        Case(
            "usagePolicy",
            repository("{backend: {local: {mountPath: /r}}, usagePolicy: {allowedNamespaces: {from: Any}}}"),
            "2:77: error: spec.usagePolicy.allowedNamespaces.from: expected All or Selector or Same, found \"Any\""),
        Case(
            "selector",
            repository("{backend: {local: {mountPath: /r}}, usagePolicy: {allowedNamespaces: {from: Selector}}}"),
            "2:70: error: spec.usagePolicy.allowedNamespaces.selector: expected labels of namespaces, as from is Selector, found nothing"
        ),
    ]
}
