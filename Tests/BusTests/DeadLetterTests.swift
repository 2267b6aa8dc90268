import AMQP
import Foundation
import Runtime
import Testing

@testable import Bus

/// What a dead letter says of itself, and what becomes of it when it is replayed.
@Suite struct DeadLetterTests {
    private let envelope = Envelope(source: "/sheaf/worker/w1", appID: "sheaf-worker")

    /// The delivery of what a program put among the dead letters.
    private func buried(_ delivery: Delivery, reason: String = "no JSON", now: Timestamp = .now()) throws -> Delivery {
        let message = envelope.deadLetter(delivery, reason: reason, now: now)
        return try makeDelivery(
            body: message.body, headers: message.properties.headers, routingKey: message.routingKey, queue: Topology.dead)
    }

    private func death(_ queue: String, exchange: String = Topology.command, key: String, reason: String) -> HeaderTable {
        [
            "queue": .string(queue), "exchange": .string(exchange), "routing-keys": .array([.string(key)]),
            "reason": .string(reason), "count": 1, "time": .timestamp(Date(timeIntervalSince1970: 1_764_000_000)),
        ]
    }

    @Test func aProgramsLetterTellsItsOriginReasonAndTime() throws {
        let now = Timestamp(secondsSinceEpoch: 1_764_000_123)
        let letter = try DeadLetter(try buried(try makeDelivery(body: [1, 2], headers: ["sheaf-attempt": 3]), now: now))
        #expect(letter.id == "m1" && letter.type == "dev.sheaf.unit.v1" && letter.session == "s1" && letter.size == 2)
        #expect(letter.origin == "sheaf.unit.backup" && letter.reason == "no JSON" && letter.attempt == 3 && letter.time == now)
    }

    @Test(
        arguments: [
            ("delivery_limit", "handed out again and again and never finished (delivery_limit); the last error was: disk full"),
            ("rejected", "refused by a reader (rejected); the last error was: disk full"),
            ("expired", "nobody took it in time (expired); the last error was: disk full"),
        ])
    func theBrokersLetterTellsItsOriginAndReason(reason: String, sentence: String) throws {
        // The forged origin is a sender's; what the broker writes counts.
        let headers: HeaderTable = [
            "sheaf-origin": "sheaf.query", "sheaf-last-error": "disk full",
            "x-death": .array([
                .table(death("sheaf.unit.restore", key: "unit.restore.back", reason: reason)),
                .table(death("sheaf.retry.10s", key: "unit.restore.back", reason: "expired")),
            ]),
        ]
        let letter = try DeadLetter(try makeDelivery(body: [], headers: headers, queue: Topology.dead))
        #expect(letter.origin == "sheaf.unit.restore" && letter.reason == sentence)
        #expect(letter.time == Timestamp(secondsSinceEpoch: 1_764_000_000))
    }

    @Test func aReplayIsTheMessageUnderItsOwnKeyAndNotFresh() throws {
        let original = try makeDelivery(
            body: [7], headers: ["sheaf-attempt": 4, "sheaf-last-error": "e", "traceparent": "t", "x-delivery-count": 2])
        let delivery = try buried(original)
        let message = try DeadLetter(delivery).replay(delivery)
        #expect(message.exchange == Topology.command && message.routingKey == "unit.backup.nightly" && message.mandatory)
        #expect(message.properties.headers == ["sheaf-attempt": 1, "traceparent": "t"])
        #expect(message.properties.messageID == "m1" && message.body == [7])
    }

    /// What the abort queue gave up came to it from the dead letters: sent there again it would only be another letter.
    @Test func aLetterThatCameFromTheDeadLettersGoesToItsQueueDirectly() throws {
        let headers: HeaderTable = [
            "x-death": .array([
                .table(
                    death("sheaf.session.abort", exchange: Topology.dead, key: "unit.backup.nightly", reason: "delivery_limit"))
            ])
        ]
        let delivery = try makeDelivery(body: [], headers: headers, queue: Topology.dead)
        let message = try DeadLetter(delivery).replay(delivery)
        #expect(message.exchange == "" && message.routingKey == "sheaf.session.abort")
    }

    /// RabbitMQ counts its own death into an entry of the same queue and reason, and leaves exchange and keys as a sender forged them.
    @Test(arguments: [("trigger.backup.orders", "sheaf.triggers"), ("trigger.cancel.abc", "sheaf.cancel")])
    func aForgedDeathLeadsNowhereElse(key: String, queue: String) throws {
        let forged = death(queue, exchange: Topology.command, key: "session.backup.orders", reason: "expired")
        let headers: HeaderTable = ["x-death": .array([.table(forged)]), "sheaf-origin": "sheaf.unit.backup"]
        let delivery = try makeDelivery(
            body: [], headers: headers, routingKey: key, queue: Topology.dead, exchange: Topology.dead)
        let message = try DeadLetter(delivery).replay(delivery)
        #expect(message.exchange == Topology.trigger && message.routingKey == key)
    }

    /// The key that the letter came under does not lead to the queue that it claims.
    @Test func aLetterWhoseKeyDoesNotFitItsQueueStays() throws {
        let headers: HeaderTable = [
            "x-death": .array([.table(death("sheaf.unit.backup", key: "unit.backup.a", reason: "expired"))])
        ]
        let delivery = try makeDelivery(body: [], headers: headers, routingKey: "trigger.backup.orders", queue: Topology.dead)
        #expect(throws: ReplayRefusal.self) { try DeadLetter(delivery).replay(delivery) }
    }

    @Test(
        arguments: [
            ("poison.sheaf.triggers", "sheaf.triggers", "sheaf.command", "session.backup.orders"),
            ("poison.sheaf.unit.backup", "sheaf.unit.backup", "sheaf.trigger", "unit.backup.orders"),
            ("poison.sheaf.unit.backup", "sheaf.unit.backup", "sheaf.command", "session.backup.orders"),
            ("poison.sheaf.unit.backup", "sheaf.unit.backup", "", "sheaf.session.backup"),
            // Sheaf's programs publish under the key of the queue that they name.
            ("trigger.backup.orders", "sheaf.unit.backup", "sheaf.command", "unit.backup.orders"),
        ])
    func aProgramsLetterWhoseOriginDoesNotFitStays(key: String, queue: String, exchange: String, originKey: String) throws {
        let headers: HeaderTable = [
            "sheaf-origin": .string(queue), "sheaf-origin-exchange": .string(exchange), "sheaf-origin-key": .string(originKey),
        ]
        let delivery = try makeDelivery(body: [], headers: headers, routingKey: key, queue: Topology.dead)
        #expect(throws: ReplayRefusal.self) { try DeadLetter(delivery).replay(delivery) }
    }

    @Test func aLetterWithoutItsBodyIsNotReplayed() throws {
        let headers: HeaderTable = [
            "x-death": .array([.table(death("sheaf.unit.backup", key: "unit.backup.nightly", reason: "rejected"))])
        ]
        let delivery = try makeDelivery(body: [], headers: headers, queue: Topology.dead, bodySize: 200 << 20)
        let letter = try DeadLetter(delivery)
        #expect(letter.size == 200 << 20)
        let refusal = #expect(throws: ReplayRefusal.self) { try letter.replay(delivery) }
        #expect(refusal?.description.contains("200 MiB") == true, "\(refusal?.description ?? "")")
    }

    /// A program's letter of what was too large to be taken.
    @Test func aLetterThatLeftItsBodyBehindTellsItsSizeAndStays() throws {
        let large = try makeDelivery(
            body: [], routingKey: "trigger.backup.nightly", queue: Topology.triggerQueue, exchange: Topology.trigger,
            bodySize: 200 << 20)
        let delivery = try buried(large)
        let letter = try DeadLetter(delivery)
        #expect(letter.size == 200 << 20 && !letter.hasBody && letter.origin == Topology.triggerQueue)
        #expect(throws: ReplayRefusal.self) { try letter.replay(delivery) }
    }

    /// Ids are typed as arguments, and shown.
    @Test(arguments: ["--all", "-1", "a b", "a;b", "$(a)", "ä", "a\u{202E}b", ""])
    func anIdThatIsNoPlainWordIsShownAsADigest(id: String) throws {
        #expect(try DeadLetter(try makeDelivery(body: [], messageID: id)).id.hasPrefix("sha256-"))
        #expect(try DeadLetter(try makeDelivery(body: [], messageID: "/sheaf/cli-1_a.b:2")).id == "/sheaf/cli-1_a.b:2")
    }

    @Test(arguments: ["sheaf.reply.scheduler", "sheaf.dead", "sheaf.retry.10s", "other"])
    func onlyQueuesOfWorkTakeLettersBack(queue: String) throws {
        let delivery = try buried(try makeDelivery(body: [], queue: queue))
        let letter = try DeadLetter(delivery)
        #expect(throws: ReplayRefusal.self) { try letter.replay(delivery) }
    }

    @Test func aLetterThatSomebodyPublishedHasNowhereToGo() throws {
        let delivery = try makeDelivery(body: [], queue: Topology.dead)
        #expect(try DeadLetter(delivery).reason == "no reason was given")
        #expect(throws: ReplayRefusal.self) { try DeadLetter(delivery).replay(delivery) }
    }
}

/// Properties of messages from anybody, on their way to another queue.
@Suite struct ForwardedPropertiesTests {
    @Test func aSendersUserAndTheBrokersHeadersStayBehind() {
        let properties = MessageProperties(
            userID: "outsider", expiration: "5", deliveryMode: .transient,
            headers: [
                "x-death": 1, "CC": .array(["unit.backup.a"]), "BCC": .array(["unit.backup.a"]), "a": 2, "sheaf-attempt": 3,
            ])
        let forwarded = properties.forwarded
        #expect(forwarded.userID == nil && forwarded.expiration == nil && forwarded.deliveryMode == .persistent)
        #expect(forwarded.headers == ["a": 2, "sheaf-attempt": 3])
    }

    /// Text that was no UTF-8 is three times as long once it is read.
    @Test func namesFitAgain() {
        let long = String(repeating: "\u{FFFD}", count: 255)
        let forwarded = MessageProperties(messageID: long, replyTo: long, type: long, headers: [.init(long): 1]).forwarded
        #expect(forwarded.messageID == String(repeating: "\u{FFFD}", count: 85) && forwarded.type?.utf8.count == 255)
        #expect(forwarded.replyTo == nil && forwarded.headers.isEmpty)
    }

    @Test func tooManyHeadersAreLeftOut() {
        let headers: HeaderTable = ["big": .string(String(repeating: "a", count: 40_000)), "sheaf-attempt": 2]
        #expect(MessageProperties(headers: headers).forwarded.headers == ["sheaf-attempt": 2])
    }
}
