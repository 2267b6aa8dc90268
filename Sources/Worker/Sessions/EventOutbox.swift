package import AMQP
package import Bus
package import Runtime

/// Publishes progress and metric events beside the work: a slow broker drops the oldest of them instead of holding up a dump.
///
/// What decides (status events) is not sent through here but confirmed in its place.
package final class EventOutbox: Service {
    /// How long what is left may take in the end.
    private static let farewell = Duration.seconds(5)

    private let publisher: MessagePublisher
    private let logger: Logger
    private let messages: AsyncStream<OutgoingMessage>
    private let continuation: AsyncStream<OutgoingMessage>.Continuation

    package init(publisher: MessagePublisher, logger: Logger) {
        self.publisher = publisher
        self.logger = logger
        (messages, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1000))
    }

    package func post(_ message: OutgoingMessage) { continuation.yield(message) }

    /// Once it is told to stop it publishes what is left, but does not wait for a broker that is away: each event would.
    package func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.publishAll() }
            group.addTask {
                do {
                    try await gracefulShutdown()
                    self.continuation.finish()
                    try await Task.sleep(for: Self.farewell)
                } catch {
                    // Everything is published, or the program ends at once.
                }
            }
            await group.next()
            group.cancelAll()
        }
        await publisher.close()
    }

    private func publishAll() async {
        for await message in messages {
            do {
                try await publisher.announce([message])
            } catch {
                logger.warning("an event could not be published", metadata: ["error": .string("\(error)")])
            }
        }
    }
}
