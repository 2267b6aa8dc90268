import AMQP
import Bus
import Foundation
import Messages
import Runtime
import Testing

extension EndToEnd {
    /// Messages that no program can understand, in each queue that a program reads.
    @Suite struct PoisonTests {
        /// A queue with a message that belongs there.
        struct Place: Sendable {
            let queue: String
            let golden: String
            let type: MessageType
            /// How it gets there alone; a work queue by its name, since Schedulers get copies of what comes by a key.
            var exchange = ""
            var key: String { exchange.isEmpty ? queue : "trigger.backup.nightly" }

            static let all = [
                Place(queue: WorkQueue.backupSession.name, golden: "session-backup", type: .backupSession),
                Place(queue: WorkQueue.restoreSession.name, golden: "session-restore", type: .restoreSession),
                Place(queue: WorkQueue.backupUnit.name, golden: "unit", type: .unit),
                Place(queue: WorkQueue.restoreUnit.name, golden: "unit", type: .unit),
                Place(queue: WorkQueue.abort.name, golden: "cancel", type: .cancel),
                Place(queue: WorkQueue.cancel.name, golden: "cancel", type: .cancel),
                Place(queue: WorkQueue.query.name, golden: "query-snapshots", type: .query),
                Place(queue: Topology.triggerQueue, golden: "trigger-backup", type: .trigger, exchange: Topology.trigger),
                Place(queue: Topology.replyQueue(of: Topology.defaultScheduler), golden: "progress", type: .progress),
            ]

            func text() throws -> String {
                let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                let bytes = try Data(contentsOf: folder.appending(path: "MessagesTests/Golden/\(golden).json"))
                return try JSONValue(parsing: bytes).serialized()
            }

            func message(_ body: [UInt8], _ properties: MessageProperties) -> OutgoingMessage {
                OutgoingMessage(exchange: exchange, routingKey: key, properties: properties, body: body, mandatory: true)
            }
        }

        /// What must never be logged.
        static let secret = "S3CRET"

        enum Poison: String, CaseIterable {
            case notJSON, cutOff, anotherContentType, noProperties, laterVersion, unknownType, noData, tooLarge
            case tooDeep, hugeInteger, memberTwice, notUTF8, rawNUL, deepHeaders, manyHeaders, forgedDeath

            func message(to place: Place) throws -> OutgoingMessage {
                var type = place.type.rawValue
                if self == .laterVersion { type = String(type.dropLast()) + "2" }
                if self == .unknownType { type = "dev.sheaf.unheard-of.v1" }
                var text = try place.text().replacing("\"\(place.type.rawValue)\"", with: "\"\(type)\"")
                text.replace("\"data\":{", with: "\"data\":{\"note\":\(note),")
                var body = Array(text.utf8)
                var properties = MessageProperties(
                    contentType: "application/cloudevents+json", messageID: "poison", replyTo: "nobody", type: type)
                switch self {
                case .notJSON: body = Array("\(secret) {".utf8)
                case .cutOff: body.removeLast(3)
                case .anotherContentType: properties.contentType = "text/plain"
                case .noProperties: properties = MessageProperties()
                case .noData: body = Array(text.replacing("\"data\":", with: "\"datum\":").utf8)
                case .tooLarge: body += [UInt8](repeating: 0x20, count: PoisonError.maximumCommand + 1 - body.count)
                case .notUTF8, .rawNUL:
                    let place = try #require(body.firstIndex(of: UInt8(ascii: "S")))
                    body[place] = self == .rawNUL ? 0 : 0xFF
                case .deepHeaders:
                    body = []
                    for _ in 0..<2_000 { properties.headers = ["deep": .table(properties.headers)] }
                case .manyHeaders:
                    body = []
                    for number in 0..<60 { properties.headers["\(number)"] = .string(String(repeating: "x", count: 2_000)) }
                case .forgedDeath:
                    (body, properties.headers) = ([], ["x-death": .array([1, 2]), "CC": .array(["unit.backup.a"])])
                case .laterVersion, .unknownType, .tooDeep, .hugeInteger, .memberTwice: break
                }
                return place.message(body, properties)
            }

            private var secret: String { PoisonTests.secret }

            private var note: String {
                switch self {
                case .tooDeep: String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
                case .hugeInteger: String(repeating: "9", count: 4_000)
                case .memberTwice: "1,\"note\":\"\(secret)\""
                default: "\"\(secret)\""
                }
            }
        }

        @Test(.timeLimit(.minutes(2)), arguments: Poison.allCases)
        func whatNobodyUnderstandsIsOneDeadLetterAndNothingStops(_ poison: Poison) async throws {
            try await Site.use { site in
                // No server is asked: what is served here ends before that.
                try site.declare(.defaultEngine, url: "http://127.0.0.1:9")
                let programs = [try await site.startScheduler(), try await site.startWorker("one")]
                let tap = try await Tap()
                let connection = try await Broker.open("sheaf-e2e poison")
                for place in Place.all { try await connection.publish(try poison.message(to: place)) }
                for place in Place.all { try await serveAGoodOne(in: place, site, tap, connection) }

                let count = Lock(0)
                _ = try await tap.messages.first("the last dead letter", within: .seconds(20)) { message in
                    guard message.exchange == Topology.dead else { return false }
                    return count.withLock { count in
                        count += 1
                        return count == Place.all.count
                    }
                }
                let letters = tap.messages.elements.filter { $0.exchange == Topology.dead }
                #expect(
                    letters.map { $0.properties.headers["sheaf-origin"]?.string ?? "" }.sorted()
                        == Place.all.map(\.queue).sorted())
                for letter in letters {
                    let headers = letter.properties.headers
                    #expect(headers["x-death"] == nil && headers["CC"] == nil)
                    #expect(letter.key == "poison.\(headers["sheaf-origin"]?.string ?? "")")
                    #expect(headers["sheaf-last-error"]?.string?.isEmpty == false && headers["sheaf-attempt"] == 0, "\(headers)")
                }
                #expect(try await connection.declareQueue(Topology.dead, passive: true).messages == Place.all.count)
                for program in programs {
                    #expect(program.isRunning)
                    #expect(!program.log.elements.contains { $0.contains(Self.secret) }, "content was logged")
                }
                await connection.close()
                await tap.close()
            }
        }

        /// No program takes it into memory: the broker moves it, and whoever ends sessions, who gets a copy, does not send it round.
        @Test(.timeLimit(.minutes(1))) func whatIsTooLargeToTakeIsOneDeadLetterToo() async throws {
            try await Site.use { site in
                try site.declare(.defaultEngine, url: "http://127.0.0.1:9")
                let programs = [try await site.startScheduler(), try await site.startWorker("one")]
                let tap = try await Tap()
                let connection = try await Broker.open("sheaf-e2e poison")
                let place = try #require(Place.all.first { $0.queue == WorkQueue.backupUnit.name })
                let size = PoisonError.maximumCommand + PoisonError.margin + 1
                let properties = MessageProperties(contentType: "application/cloudevents+json", type: place.type.rawValue)
                try await connection.publish(
                    OutgoingMessage(
                        exchange: Topology.command, routingKey: "unit.backup.nightly", properties: properties,
                        body: [UInt8](repeating: 0x20, count: size), mandatory: true))
                let letter = try await tap.messages.first("the dead letter", within: .seconds(20)) {
                    $0.exchange == Topology.dead
                }
                #expect(letter.body.count == size)
                try await serveAGoodOne(in: place, site, tap, connection)
                try await Broker.wait(for: .abort, toHold: 0, on: connection)
                #expect(try await connection.declareQueue(Topology.dead, passive: true).messages == 1)
                let listed = try await site.sheaf(["dead", "list", "--output", "json"])
                #expect(try listed.last["reason"]?.string?.contains("rejected") == true, "\(listed)")
                for program in programs { #expect(program.isRunning) }
                await connection.close()
                await tap.close()
            }
        }

        /// Over a death of an odd type the broker crashes when it is to add its own, and after a few times moves nothing at all any more.
        @Test(.timeLimit(.minutes(2))) func forgedDeathsOfOutsidersLeaveQueuesAndRetriesAlone() async throws {
            try await OwnBroker.use { broker in
                let connection = try await BrokerConnection.open(try BrokerAddress(broker.url()), name: "sheaf-e2e forger")
                try await Topology().declare(on: connection)
                let headers: HeaderTable = ["x-death": .array([1, 2]), "CC": .array(["unit.backup.a"])]
                for number in 0..<20 {
                    for key in ["trigger.backup.nightly", "trigger.cancel.\(number)"] {
                        let expiration = number.isMultiple(of: 2) ? "0" : nil
                        try await connection.publish(
                            OutgoingMessage(
                                exchange: Topology.trigger, routingKey: key,
                                properties: MessageProperties(messageID: "m", expiration: expiration, headers: headers), body: [],
                                mandatory: true))
                    }
                }
                for queue in [Topology.triggerQueue, WorkQueue.cancel.name] {
                    let consumer = try await connection.consume(queue: queue, prefetch: 1)
                    let rejecting = Task {
                        for try await delivery in consumer { try await delivery.reject(requeue: false) }
                    }
                    try await Broker.wait(forQueue: queue, toHold: 0, on: connection)
                    try await consumer.cancel()
                    try await rejecting.value
                }
                // What waits goes back to the commands, what is given up to the letters, and the queues take more.
                func publish(_ exchange: String, expiration: String) async throws {
                    try await connection.publish(
                        OutgoingMessage(
                            exchange: exchange, routingKey: "query.snapshots",
                            properties: MessageProperties(messageID: "m", expiration: expiration), body: [1], mandatory: true))
                }
                try await publish(RetryStep.tenSeconds.exchange, expiration: "100")
                try await Broker.wait(forQueue: WorkQueue.query.name, toHold: 1, on: connection)
                try await connection.purgeQueue(WorkQueue.query.name)
                try await publish(Topology.command, expiration: "0")
                try await Broker.wait(forQueue: Topology.dead, toHold: 1, on: connection)
                for (key, queue) in [("trigger.backup.a", Topology.triggerQueue), ("trigger.cancel.a", WorkQueue.cancel.name)] {
                    try await connection.publish(
                        OutgoingMessage(
                            exchange: Topology.trigger, routingKey: key, properties: MessageProperties(messageID: "m"), body: [1],
                            mandatory: true))
                    #expect(try await connection.declareQueue(queue, passive: true).messages >= 1)
                }
                #expect(try await connection.declareQueue(WorkQueue.abort.name, passive: true).messages == 0)
                await connection.close()
            }
        }

        /// Awaits what only a program that reads on can say.
        private func serveAGoodOne(
            in place: Place, _ site: Site, _ tap: Tap, _ connection: BrokerConnection
        ) async throws {
            let id = String(UInt64.random(in: 0 ... .max), radix: 16)
            var properties = MessageProperties(
                contentType: "application/cloudevents+json", messageID: id, type: place.type.rawValue,
                // The last attempt: none of them has a cluster or a repository that is here.
                headers: ["sheaf-attempt": 2])
            let text = try place.text().replacing("4f0c9a3d2b1e8f7a6c5d4e3f2a1b0c9d", with: id)
            switch place.type {
            case .query, .cancel:
                let queue = try await connection.declareQueue("", durable: false, exclusive: true, autoDelete: true).name
                let answers = Feed<Delivery>()
                let consumer = try await connection.consume(queue: queue, prefetch: 1)
                let reader = Task { for try await delivery in consumer { answers.append(delivery) } }
                properties.replyTo = queue
                var message = place.message(Array(text.utf8), properties)
                if place.queue == WorkQueue.cancel.name {
                    (message.exchange, message.routingKey) = (Topology.trigger, "trigger.cancel.\(id)")
                } else if place.type == .cancel {
                    (message.exchange, message.routingKey) = (Topology.command, "session.cancel.\(id)")
                }
                try await connection.publish(message)
                _ = try await answers.first("an answer from \(place.queue)", within: .seconds(30)) { _ in true }
                reader.cancel()
            case .trigger:
                let sessions = try await site.sheaf(["sessions"])
                #expect(sessions.exit == .code(0), "\(sessions)")
            case .progress:
                let status = Place(queue: place.queue, golden: "status", type: .status)
                properties.type = MessageType.status.rawValue
                let good = try status.text().replacing("4f0c9a3d2b1e8f7a6c5d4e3f2a1b0c9d", with: id)
                try await connection.publish(status.message(Array(good.utf8), properties))
                var isKnown = false
                for _ in 0..<50 where !isKnown {
                    isKnown = try await site.sheaf(["sessions", "--output", "json"]).output.contains { $0.contains(id) }
                }
                #expect(isKnown, "the Scheduler does not read its events any more")
            default:
                try await connection.publish(place.message(Array(text.utf8), properties))
                _ = try await tap.messages.first("the end of the session from \(place.queue)", within: .seconds(30)) {
                    $0.status?.session.text == id && $0.status?.phase.isFinal == true
                }
            }
        }
    }
}
