import AMQP
import Bus
import FoundationEssentials
import Messages
import Runtime
import Testing

/// What travels around a payload.
@Suite struct EnvelopeTests {
    let envelope = Envelope(source: "/sheaf/worker/w1", appID: "sheaf-worker")

    /// The same numbers on every machine (Knuth's linear congruence).
    struct Seeded: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state
        }
    }

    @Test func aMessageCarriesTheEventAndItsPropertiesAgree() throws {
        let now = Timestamp(millisecondsSinceEpoch: 1_764_000_000_987)
        let session = try #require(SessionID("abc"))
        let message = try envelope.message(
            .query, id: "q1", session: session, payload: Query.repositories, to: Topology.command, key: "query.snapshots",
            mandatory: true, replyTo: "sheaf.reply.cli", now: now)
        let event = try MessageCoding.decode(CloudEvent<Query>.self, from: message.body)
        #expect(event.id == "q1" && event.source == "/sheaf/worker/w1" && event.subject == "abc" && event.time == now)
        let properties = message.properties
        #expect(properties.messageID == event.id && properties.type == event.type && properties.correlationID == event.subject)
        #expect(properties.contentType == "application/cloudevents+json" && properties.appID == "sheaf-worker")
        #expect(properties.replyTo == "sheaf.reply.cli" && properties.deliveryMode == .persistent)
        #expect(properties.timestamp == Date(timeIntervalSince1970: 1_764_000_000))
        #expect(properties.headers.isEmpty && properties.expiration == nil)
        #expect(message.exchange == "sheaf.command" && message.routingKey == "query.snapshots" && message.mandatory)
    }

    @Test func theAttemptTravelsInAHeader() throws {
        let message = try envelope.message(
            .query, id: "q1", session: nil, payload: Query.repositories, to: "", key: "k", mandatory: false, attempt: 3)
        #expect(message.properties.headers == ["sheaf-attempt": 3])
        #expect(message.properties.correlationID == nil)
    }

    @Test func aRetryIsTheSameMessageThroughTheLadder() throws {
        let delivery = try makeDelivery(
            body: [1, 2, 3], headers: ["sheaf-attempt": 1, "x-death": "y", "x-delivery-count": 4, "traceparent": "t"])
        var generator = Seeded(state: 1)
        let message = envelope.retry(delivery, attempt: 2, error: "no connection", delay: nil, using: &generator)
        #expect(message.exchange == "sheaf.retry.1m")
        #expect(message.routingKey == delivery.routingKey && message.body == delivery.body && message.mandatory)
        #expect(message.properties.headers == ["sheaf-attempt": 2, "sheaf-last-error": "no connection", "traceparent": "t"])
        #expect(message.properties.messageID == "m1" && message.properties.replyTo == "sheaf.reply.scheduler")
        let expiration = try #require(message.properties.expiration.flatMap { Int($0) })
        #expect((30_000...60_000).contains(expiration))
    }

    @Test(arguments: [(nil, 5000...10000), (2, 1000...2000), (100, 5000...10000), (0, 0...0)] as [(Double?, ClosedRange<Int>)])
    func aRetryWaitsBetweenHalfOfItsDelayAndAllOfIt(delay: Double?, milliseconds: ClosedRange<Int>) throws {
        let delivery = try makeDelivery(body: [])
        for seed in 0..<100 as Range<UInt64> {
            var generator = Seeded(state: seed)
            let message = envelope.retry(delivery, attempt: 1, error: "e", delay: delay, using: &generator)
            let expiration = try #require(message.properties.expiration.flatMap { Int($0) })
            #expect(milliseconds.contains(expiration))
        }
    }

    struct Wait: Sendable {
        var attempt: Int
        var delay: Double?
        /// Seconds until the session's deadline.
        var deadline: Double?
        var milliseconds: ClosedRange<Int>
        var exchange: String
    }

    /// A queue expires at its head alone: what waits for a moment goes where nothing waits for long.
    @Test(arguments: [
        Wait(attempt: 3, deadline: 4000, milliseconds: 150_000...300_000, exchange: "sheaf.retry.5m"),
        Wait(attempt: 3, deadline: 3, milliseconds: 3500...3500, exchange: "sheaf.retry.10s"),
        Wait(attempt: 5, deadline: 40, milliseconds: 40_500...40_500, exchange: "sheaf.retry.1m"),
        Wait(attempt: 4, delay: 2, milliseconds: 1000...2000, exchange: "sheaf.retry.10s"),
        // The deadline has passed: what is left to do takes as long as whatever is out of reach.
        Wait(attempt: 3, deadline: 0, milliseconds: 150_000...300_000, exchange: "sheaf.retry.5m"),
        Wait(attempt: 5, deadline: -7000, milliseconds: 3_600_000...7_200_000, exchange: "sheaf.retry.2h"),
    ])
    func aRetryWaitsUntilADeadlineThatIsAheadInTheShortestQueue(wait: Wait) throws {
        let delivery = try makeDelivery(body: [])
        for seed in 0..<20 as Range<UInt64> {
            var generator = Seeded(state: seed)
            let message = envelope.retry(
                delivery, attempt: wait.attempt, error: "e", delay: wait.delay, deadline: wait.deadline, using: &generator)
            let expiration = try #require(message.properties.expiration.flatMap { Int($0) })
            #expect(wait.milliseconds.contains(expiration) && message.exchange == wait.exchange, "\(wait): \(message)")
        }
    }

    @Test func aRetryOfAFinisherSaysThatTheSessionIsDecided() throws {
        var generator = Seeded(state: 1)
        let plain = envelope.retry(try makeDelivery(body: []), attempt: 1, error: "e", delay: nil, using: &generator)
        let decided = envelope.retry(
            try makeDelivery(body: []), attempt: 1, error: "e", delay: nil, isDecided: true, using: &generator)
        #expect(try !makeDelivery(body: [], headers: plain.properties.headers).isDecided)
        #expect(try makeDelivery(body: [], headers: decided.properties.headers).isDecided)
    }

    @Test func longErrorsAreCut() throws {
        var generator = Seeded(state: 1)
        let error = String(repeating: "é", count: 5000)
        let retry = envelope.retry(try makeDelivery(body: []), attempt: 1, error: error, delay: nil, using: &generator)
        #expect(retry.properties.headers["sheaf-last-error"]?.string?.count == 1000)
    }

    @Test func aDeadLetterSaysWhyAndWhereItCameFrom() throws {
        let delivery = try makeDelivery(body: [7], headers: ["x-delivery-count": 20, "sheaf-attempt": 4])
        let now = Timestamp(millisecondsSinceEpoch: 1_764_000_000_987)
        let message = envelope.deadLetter(delivery, reason: "no JSON", now: now)
        #expect(message.exchange == "sheaf.dead" && message.routingKey == "poison.sheaf.unit.backup")
        #expect(
            message.properties.headers == [
                "sheaf-attempt": 4, "sheaf-last-error": "no JSON", "sheaf-origin": "sheaf.unit.backup",
                "sheaf-origin-exchange": "sheaf.command", "sheaf-origin-key": "unit.backup.nightly",
                "sheaf-given-up-at": .timestamp(Date(timeIntervalSince1970: 1_764_000_000)),
            ])
        #expect(message.body == [7] && message.mandatory && message.properties.expiration == nil)
    }
}
