import Archive
import Manifests
import Messages
import Runtime

/// What this worker's own Repository and its Secret say of a store: a pure value, equal as long as the same store will do.
struct StoreSettings: Equatable {
    let repository: ResourceKey
    let provider: Backend.Provider
    let secretKey: ResourceKey?
    private let annotations: [String: String]
    private let values: [String: SecretValue]

    /// - Parameter secret: nil where the Repository names none.
    init(_ repository: Repository, secret: Secret?) {
        self.repository = repository.key
        provider = repository.spec.backend.provider
        secretKey = repository.secretKey
        annotations = repository.metadata.annotations.filter { RepositoryAnnotation(rawValue: $0.key) != nil }
        values = Dictionary(uniqueKeysWithValues: (secret?.keys ?? []).compactMap { key in secret?[key].map { (key, $0) } })
    }

    /// The value of a key that the Secret may have, without line ends at its end; an empty one counts as none.
    func value(_ key: String) throws(WorkerError) -> Sensitive? {
        guard let value = values[key] else { return nil }
        guard let text = value.text?.withoutLineEnds else { throw error("\(key) in \(secretName) is not UTF-8 text") }
        return text.isEmpty ? nil : text
    }

    /// The value of a key that the Secret must have.
    func required(_ keys: String...) throws(WorkerError) -> Sensitive {
        for key in keys { if let value = try value(key) { return value } }
        guard let secretKey else {
            throw error(
                "it names no Secret, and its store needs \(keys.joined(separator: " or ")); set spec.backend.storageSecretName to a Secret "
                    + "with it")
        }
        throw error("\(secretKey) has no \(keys.joined(separator: " or ")), which its store needs; add it there")
    }

    /// PEM of the authorities that the store's certificate may come from; nil: those of the system.
    func caBundle() throws(WorkerError) -> [UInt8]? { try value("CA_CERT_DATA").map { Array($0.reveal().utf8) } }

    /// For messages: these keys and where they are.
    func credentials(_ keys: String) -> String { "\(keys) in \(secretName)" }

    /// The address that the annotation gives, without a slash at its end.
    func endpoint() throws(WorkerError) -> String? {
        guard let text = try value(of: .endpoint) else { return nil }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    /// What an annotation's word stands for; nil without the annotation.
    func choice<Value>(_ annotation: RepositoryAnnotation, of words: [String: Value]) throws(WorkerError) -> Value? {
        try value(of: annotation).flatMap { words[$0] }
    }

    /// Bytes a second, 1...; nil without a limit.
    func maxBytesPerSecond() throws(WorkerError) -> Int? {
        guard let text = try value(of: .maxBytesPerSecond) else { return nil }
        do throws(RuntimeError) {
            return try ByteCount(parsing: text).bytes
        } catch {
            throw self.error(error.message)
        }
    }

    /// An annotation's value, which a manifest's reader has looked at too.
    private func value(of annotation: RepositoryAnnotation) throws(WorkerError) -> String? {
        guard let value = annotations[annotation.rawValue] else { return nil }
        if let problem = annotation.problem(with: value) { throw error("annotation \(annotation.rawValue): \(problem)") }
        return value
    }

    /// Runs what reads this Repository's values, and says whose they were when they are of no use.
    /// - Parameter key: of the Secret; nil for the Repository's own fields.
    func checked<Value>(_ key: String? = nil, _ body: () throws(ArchiveError) -> Value) throws(WorkerError) -> Value {
        do throws(ArchiveError) {
            return try body()
        } catch {
            throw self.error(key.map { "\(credentials($0)) is of no use: \(error.message)" } ?? error.message)
        }
    }

    /// Its store is a folder of this machine.
    var isLocal: Bool {
        if case .local = provider { true } else { false }
    }

    /// Another worker may have another Secret or manifest.
    func error(_ cause: String) -> WorkerError { WorkerError(.missingHere, "\(repository): \(cause)") }

    private var secretName: String { secretKey.map { "\($0)" } ?? "a Secret" }
}
