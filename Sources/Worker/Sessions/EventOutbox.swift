package import AMQP
package import Bus
package import Runtime

/// Publishes progress and metric events beside the work: a slow broker drops the oldest of them instead of holding up a dump.
///
/// What decides (status events) is not sent through here but confirmed in its place.
package final class EventOutbox: Service {
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

    package func run() async throws {
        await withGracefulShutdownHandler {
            for await message in messages {
                do {
                    try await publisher.publish(message)
                } catch {
                    logger.warning("an event could not be published", metadata: ["error": .string("\(error)")])
                }
            }
        } onGracefulShutdown: { [continuation] in
            continuation.finish()
        }
        await publisher.close()
    }
}
