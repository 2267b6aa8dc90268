import AMQP
import Bus
import FoundationEssentials
import Messages
import Runtime
import Testing

/// What a consumer makes of a delivery.
@Suite struct DeliveryTests {
    @Test func aReadableEventIsRead() throws {
        let event = try makeDelivery(body: queryBody()).event(Query.self, types: [.query])
        #expect(event.id == "q1" && event.data == .repositories)
    }

    @Test func theContentTypeMayHaveParameters() throws {
        let delivery = try makeDelivery(body: queryBody(), contentType: "application/cloudevents+json; charset=utf-8")
        #expect(try delivery.event(Query.self, types: [.query]).id == "q1")
    }

    private func poison(_ delivery: Delivery) -> String? {
        do {
            _ = try delivery.event(Query.self, types: [.query, .trigger])
            return nil
        } catch {
            return error.message
        }
    }

    @Test func whatNoRepetitionMakesReadableIsPoisonAndSaysWhy() throws {
        #expect(
            poison(try makeDelivery(body: queryBody(), contentType: "application/json"))
                == "content type is application/json, expected application/cloudevents+json")
        #expect(
            poison(try makeDelivery(body: queryBody(), contentType: nil))
                == "content type is absent, expected application/cloudevents+json")
        #expect(
            poison(try makeDelivery(body: queryBody(type: "dev.sheaf.query.v2")))
                == "type is dev.sheaf.query.v2, expected dev.sheaf.query.v1 or dev.sheaf.trigger.v1")
        #expect(
            poison(try makeDelivery(body: queryBody(type: "dev.sheaf.unit.v1")))
                == "type is dev.sheaf.unit.v1, expected dev.sheaf.query.v1 or dev.sheaf.trigger.v1")
        let broken = try queryBody().dropLast(3)
        #expect(poison(try makeDelivery(body: Array(broken)))?.hasPrefix("the body is not the JSON of such a message") == true)
        #expect(poison(try makeDelivery(body: []))?.hasPrefix("the body is not the JSON of such a message") == true)
    }

    @Test func aBodyAboveTheBoundIsPoisonAndNotDecoded() throws {
        let spaces = [UInt8](repeating: UInt8(ascii: " "), count: PoisonError.maximumCommand + 1 - (try queryBody().count))
        #expect(
            poison(try makeDelivery(body: queryBody() + spaces)) == "the body has 1048577 bytes, at most 1048576 are read")
        #expect(poison(try makeDelivery(body: queryBody() + spaces.dropLast())) == nil)
    }

    @Test func anEventMayBeLargerThanACommand() throws {
        let spaces = [UInt8](repeating: UInt8(ascii: " "), count: PoisonError.maximumCommand)
        let delivery = try makeDelivery(body: queryBody() + spaces)
        #expect(try delivery.event(Query.self, types: [.query], maximumBytes: PoisonError.maximumEvent).id == "q1")
    }

    @Test(arguments: ["sheaf.unit.backup", "sheaf.dead", "sheaf.reply"])
    func anAnswerToAQueueOfSheafsOwnIsRefused(queue: String) throws {
        #expect(throws: PoisonError.self) { try makeDelivery(body: [], replyTo: queue).replyTo() }
    }

    @Test(
        arguments: [("sheaf.reply.scheduler", "sheaf.reply.scheduler"), ("mine", "mine"), ("", nil), (nil, nil)]
            as [(String?, String?)])
    func answersGoToTheAskersQueue(header: String?, queue: String?) throws {
        #expect(try makeDelivery(body: [], replyTo: header).replyTo() == queue)
    }

    @Test(arguments: [(-5, 0), (7, 7), (9_000_000_000, 1000)] as [(Int64, Int)])
    func theAttemptIsHeldInBounds(header: Int64, attempt: Int) throws {
        #expect(try makeDelivery(body: [], headers: [Envelope.Header.attempt: .integer(header)]).attempt == attempt)
    }

    @Test func onlyAFirstDeliveryIsFresh() throws {
        #expect(try makeDelivery(body: []).isFresh)
        #expect(try !makeDelivery(body: [], isRedelivered: true).isFresh)
        let retry = try makeDelivery(body: [], headers: [Envelope.Header.attempt: 1])
        #expect(!retry.isFresh && retry.attempt == 1)
    }

    /// The broker hands a dead letter out as new: no delivery count, `redelivered` false.
    @Test func aDeadLetterIsNotFresh() throws {
        let death: HeaderValue = .array([.table(["queue": "sheaf.unit.backup", "reason": "delivery_limit", "count": 1])])
        #expect(try !makeDelivery(body: [], headers: ["x-death": death], queue: "sheaf.session.abort").isFresh)
    }

    /// Debian's amqp-publish, for one, cannot set the property.
    @Test(
        arguments: [
            ("dev.sheaf.query.v1", "dev.sheaf.cancel.v1", .query), (nil, "dev.sheaf.query.v1", .query),
            (nil, "dev.sheaf.query.v2", nil), ("dev.sheaf.query.v2", "dev.sheaf.query.v1", nil),
        ] as [(String?, String, MessageType?)])
    func theTypeIsThePropertysElseTheEventsOwn(property: String?, event: String, type: MessageType?) throws {
        #expect(try makeDelivery(body: queryBody(type: event), type: property).messageType == type)
    }

    @Test func whatIsNoEventHasNoType() throws {
        #expect(try makeDelivery(body: [1, 2], type: nil).messageType == nil)
    }

    /// A field of the pinned backup session set to another value, or taken away.
    private func session(_ path: [String], _ value: JSONValue?) throws -> Delivery {
        let tests = #filePath.split(separator: "/").dropLast(2).map { "/\($0)" }.joined()
        let golden = try Data(contentsOf: URL(filePath: "\(tests)/MessagesTests/Golden/session-backup.json"))
        var event = try JSONValue(parsing: Array(golden))
        event[path: path] = value
        return try makeDelivery(body: event.serializedBytes(), type: nil)
    }

    @Test func aWholeSessionIsRead() throws {
        #expect(try session(["subject"], nil).session().data.invoker.name == "nightly")
    }

    @Test(
        arguments: [
            (["data", "configuration"], nil, "a backup needs its plan, in the field configuration"),
            (["data", "kind"], "restore", "the session is a restore, but the message's type is dev.sheaf.session.backup.v1"),
            (
                ["type"], "dev.sheaf.session.restore.v1",
                "the session is a backup, but the message's type is dev.sheaf.session.restore.v1"
            ),
            (["type"], "dev.sheaf.query.v1", "type is dev.sheaf.query.v1, expected "),
        ] as [([String], JSONValue?, String)])
    func aSessionThatIsNotWholeIsPoison(path: [String], value: JSONValue?, reason: String) throws {
        let delivery = try session(path, value)
        let error = #expect(throws: PoisonError.self) { try delivery.session() }
        #expect(error?.message.hasPrefix(reason) == true, "\(error?.message ?? "")")
    }

    /// Another key, a message that the broker moved here from a queue of its sender's, and one that is about to be dropped.
    @Test func whatDidNotComeUnderItsOwnKeyIsPoison() throws {
        let key = "trigger.backup.orders"
        try makeDelivery(body: [], headers: ["x-delivery-count": 9], routingKey: key).requireKey(key)
        #expect(throws: PoisonError.self) { try makeDelivery(body: [], routingKey: key).requireKey("trigger.backup.other") }
        for headers: HeaderTable in [["x-death": .array([])], ["x-delivery-count": 10]] {
            #expect(throws: PoisonError.self) { try makeDelivery(body: [], headers: headers, routingKey: key).requireKey(key) }
        }
    }
}
