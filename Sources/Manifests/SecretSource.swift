import FoundationEssentials
package import Messages

/// Finds Secrets on this machine, in three places; where several have the same key, the first of this list wins:
///
/// 1. the environment: `SHEAF_SECRET_<NAME>_<KEY>`, name and key in upper case, every other character than a letter or digit as
///    `_`. A key that the other places or `wellKnownKeys` have keeps their spelling, any other key is the one in the variable;
/// 2. files: `<directory>/<secret name>/<key>`, as Kubernetes and Docker mount them; one line end at the end is not part of the value;
/// 3. the Secrets among the resources.
///
/// Environment and files know no namespaces: they serve a name in every namespace. Names that differ only in what becomes `_`, or
/// where one continues the other (`es` and `es-auth`), share variables; such Secrets are better given as files.
/// Files are read anew at each look-up, so that a rotated secret is seen; nothing is written anywhere.
package struct SecretSource: Sendable {
    private let resources: ResourceSet
    private let directory: String?
    private let environment: [String: String]

    /// Keys whose lower-case spelling the name of an environment variable cannot tell.
    package static let wellKnownKeys = [
        "username", "password", "token", "apiKey", "api-key", "ca.crt", "tls.crt", "tls.key", "accessKeyID", "secretAccessKey",
        "sessionToken",
    ]

    package static let environmentPrefix = "SHEAF_SECRET_"

    /// - Parameter environment: all variables of the process; those with another prefix are not kept.
    package init(resources: ResourceSet, directory: String? = nil, environment: [String: String] = [:]) {
        self.resources = resources
        self.directory = directory
        self.environment = environment.filter { $0.key.hasPrefix(Self.environmentPrefix) }
    }

    /// The Secret put together from all places.
    ///
    /// Blocks for file reads of a few kilobytes.
    /// - Throws: `.notFound` when no place has it, `.unreadable` when a file of it cannot be read.
    package func secret(_ key: ResourceKey) throws(ManifestError) -> Secret {
        let declared = resources.secret(key)?.value
        var secret = declared ?? Secret(metadata: ObjectMeta(name: key.name, namespace: key.namespace), values: [:])
        let files = try valuesInFiles(of: key.name)
        for (name, value) in files ?? [:] { secret[name] = value }
        let variables = valuesInEnvironment(of: key.name, spellings: secret.keys + Self.wellKnownKeys)
        for (name, value) in variables { secret[name] = value }
        guard declared != nil || files != nil || !variables.isEmpty else {
            throw ManifestError(.notFound, "\(key) is not on this machine; \(advice(for: key.name))")
        }
        return secret
    }

    /// The Secret that an AppBinding names, after its transforms; nil when it names none.
    /// - Throws: as `secret(_:)`, also for a Secret of `addKeysFrom`.
    package func credentials(of appBinding: AppBinding) throws(ManifestError) -> Secret? {
        guard let key = appBinding.secretKey else { return nil }
        var current = try secret(key)
        for transform in appBinding.spec.secretTransforms {
            var added: Secret?
            if case .addKeysFrom(let name) = transform {
                added = try secret(ResourceKey(kind: .secret, namespace: key.namespace, name: name))
            }
            current = transform.applied(to: current, adding: added)
        }
        return current
    }

    private func advice(for name: String) -> String {
        let file = directory.map { "files in \($0)/\(name)/, " } ?? ""
        return "provide a Secret manifest, \(file)or variables \(Self.environmentPrefix)\(Self.variablePart(name))_<KEY>"
    }

    // MARK: - Places

    /// Nil when there is no folder for the secret.
    private func valuesInFiles(of name: String) throws(ManifestError) -> [String: SecretValue]? {
        // A name that is no DNS-1123 name could lead out of the directory.
        guard let directory, ResourceName.problem(name) == nil else { return nil }
        let folder = directory + "/" + name
        var isDirectory = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isDirectory), isDirectory else { return nil }
        var values: [String: SecretValue] = [:]
        do {
            // Kubernetes' mounts have `..data` and `..2024_…` beside the keys.
            for key in try FileManager.default.contentsOfDirectory(atPath: folder) where ResourceName.isSecretKey(key) {
                let path = folder + "/" + key
                guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), !isDirectory else { continue }
                values[key] = SecretValue(Self.withoutLineEnd(Array(try Data(contentsOf: URL(filePath: path)))))
            }
        } catch {
            throw ManifestError(.unreadable, "cannot read the secret in \(folder): \(error); check its owner and mode")
        }
        return values
    }

    private func valuesInEnvironment(of name: String, spellings: [String]) -> [String: SecretValue] {
        let prefix = Self.environmentPrefix + Self.variablePart(name) + "_"
        var values: [String: SecretValue] = [:]
        for (variable, text) in environment where variable.hasPrefix(prefix) && variable.count > prefix.count {
            let part = String(variable.dropFirst(prefix.count))
            let known = spellings.first { Self.variablePart($0) == part }
            values[known ?? part] = SecretValue(text)
        }
        return values
    }

    private static func variablePart(_ name: String) -> String {
        String(name.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    }

    private static func withoutLineEnd(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.last == UInt8(ascii: "\n") else { return bytes }
        let isWindows = bytes.count > 1 && bytes[bytes.count - 2] == UInt8(ascii: "\r")
        return Array(bytes.dropLast(isWindows ? 2 : 1))
    }
}
