import Archive
import Crypto
import Runtime

/// Protects from garbage collection what is stored until a snapshot names it, for work of any length.
///
/// A pin holds what is stored after it until it is past. Before that a new one is put, and beside it one that names the segments which
/// were stored so far.
final class WritingPin {
    /// What a pin lasts, and after how long the next one is put.
    private static let length = Duration.seconds(24 * 3600)
    private static let renewal = Duration.seconds(12 * 3600)

    private let store: RepositoryStore
    private let name: String
    private let reason: String
    private let now: () -> Duration
    private var stored: [Digest] = []
    private var known: Set<Digest> = []
    private var keys: [ObjectKey] = []
    private var renewed: Duration

    /// - Parameters:
    ///   - name: what its name begins with: letters, digits and dashes.
    ///   - now: since some moment.
    init(
        _ store: RepositoryStore, name: String, reason: String, now: @escaping () -> Duration = WritingPin.sinceStart()
    ) throws {
        self.store = store
        self.name = name
        self.reason = reason
        self.now = now
        renewed = now()
        keys = [try put(.writing())]
    }

    /// Gives `body` a pin that is gone when it ends, however it ends.
    ///
    /// - Throws: what `body` throws; `ArchiveError`.
    static func hold<Value>(
        _ store: RepositoryStore, name: String, reason: String, while body: (WritingPin) throws -> Value
    ) throws -> Value {
        let pin = try WritingPin(store, name: name, reason: reason)
        let value: Value
        do {
            value = try body(pin)
        } catch let failure {
            // What cannot be taken away either ends by itself: the first cause is the one to tell.
            do { try pin.release() } catch { throw failure }
            throw failure
        }
        try pin.release()
        return value
    }

    /// To be called for each segment once it is durable, and again where another snapshot names it. Other objects are held by the pin
    /// that stands: store them last.
    func hold(_ segment: Digest) throws {
        if known.insert(segment).inserted { stored.append(segment) }
        guard now() - renewed > Self.renewal else { return }
        renewed = now()
        let past = keys
        keys.append(try put(.writing()))
        keys.append(try put(.keeping(stored)))
        for key in past { try store.delete(key) }
        keys.removeFirst(past.count)
    }

    /// A pin that is not released ends by itself.
    func release() throws {
        for key in keys { try store.delete(key) }
        keys = []
    }

    private func put(_ purpose: Pins.Purpose) throws -> ObjectKey {
        try Pins(store).put(purpose, name: name, for: Self.length, reason: reason)
    }

    private static func sinceStart() -> () -> Duration {
        let clock = ContinuousClock()
        let start = clock.now
        return { start.duration(to: clock.now) }
    }
}
