package import Archive
package import Manifests
package import Messages
package import Runtime

/// Makes the store that a Repository describes, and keeps it with its connections for as long as Repository and Secret stay what they are.
///
/// Stores behind a network repeat what fails for a reason that passes; the rate of `sheaf.dev/max-bytes-per-second` holds for all that a process
/// moves for the Repository. A local folder is looked at anew each time: its mount may have come back as another one.
package final class StoreFactory: Sendable {
    private struct Kept {
        let settings: StoreSettings
        let rate: ByteRate?
        /// Nil for a local folder.
        let store: (any ObjectStore)?
    }

    private let secrets: SecretSource
    private let make: @Sendable (StoreSettings) throws -> any ObjectStore
    private let logger: Logger?
    private let kept = Lock<[ResourceKey: Kept]>([:])

    /// - Parameters:
    ///   - environment: of the process; what the cloud's own machinery sets there is used where a Secret lacks it.
    ///   - logger: is told of calls that are repeated.
    package convenience init(secrets: SecretSource, environment: [String: String] = Program.environment, logger: Logger? = nil) {
        let maker = StoreMaker(environment: environment)
        self.init(secrets: secrets, logger: logger) { settings in try maker.makeStore(settings) }
    }

    init(secrets: SecretSource, logger: Logger? = nil, make: @escaping @Sendable (StoreSettings) throws -> any ObjectStore) {
        self.secrets = secrets
        self.make = make
        self.logger = logger
    }

    /// - Parameter repository: this worker's own manifest, never a message's.
    /// - Throws: `WorkerError`: `.missingHere` for what another worker may have, `.refused` for a backend that is not supported;
    ///   `ArchiveError` for a folder that is not there.
    package func store(for repository: Repository) throws -> any ObjectStore {
        let settings = StoreSettings(repository, secret: try secret(of: repository))
        if let kept = kept.withLock({ $0[repository.key] }), kept.settings == settings {
            return try kept.store ?? decorated(try make(settings), settings, kept.rate)
        }
        let rate = try settings.maxBytesPerSecond().map { ByteRate(bytesPerSecond: $0) }
        let store = decorated(try make(settings), settings, rate)
        return kept.withLock { all in
            // Of two threads that made one at once, the first one's is kept, so that they share its connections and its rate.
            if let other = all[repository.key], other.settings == settings, let store = other.store { return store }
            all[repository.key] = Kept(settings: settings, rate: rate, store: settings.isLocal ? nil : store)
            return store
        }
    }

    private func secret(of repository: Repository) throws -> Secret? {
        guard let key = repository.secretKey else { return nil }
        do throws(ManifestError) {
            return try secrets.secret(key)
        } catch {
            throw WorkerError(.missingHere, "\(repository.key) needs \(key): \(error.message)")
        }
    }

    /// The rate is inside: bytes that are sent again are bytes too.
    private func decorated(_ store: any ObjectStore, _ settings: StoreSettings, _ rate: ByteRate?) -> any ObjectStore {
        let limited: any ObjectStore = rate.map { LimitedStore(store, rate: $0) } ?? store
        guard !settings.isLocal else { return limited }
        return RetryingStore(limited) { [logger] error, pause in
            logger?.notice(
                "a call to a store is repeated", metadata: ["error": .string(error.message), "pause": .string("\(pause)")])
        }
    }
}
