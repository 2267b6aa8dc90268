import AMQP
import Bus
import Messages
import Runtime
import Testing

extension EndToEnd {
    /// `sheaf dead`: what lies there is seen, put back and dropped, and nothing else happens to it.
    @Suite struct DeadLetterTests {
        let envelope = Envelope(source: "/sheaf/test", appID: "sheaf-test")

        /// Puts messages into a queue and gives each up: the broker does, or a program as it does with poison.
        func giveUp(
            _ ids: [String], from exchange: String = Topology.command, key: String = "unit.backup.nightly",
            queue: String = WorkQueue.backupUnit.name, byBroker: Bool
        ) async throws {
            let connection = try await Broker.open("sheaf-e2e giver")
            try await connection.publish(
                ids.map {
                    OutgoingMessage(
                        exchange: exchange, routingKey: key,
                        properties: MessageProperties(
                            contentType: "application/cloudevents+json", messageID: $0, correlationID: "s1",
                            type: MessageType.unit.rawValue, headers: ["sheaf-attempt": 3, "traceparent": "t"]),
                        body: Array("{\"of\":\"\($0)\"}".utf8), mandatory: true)
                })
            let publisher = try await Broker.open("sheaf-e2e publisher")
            var left = ids.count
            for try await delivery in try await connection.consume(queue: queue, prefetch: 1) {
                if byBroker {
                    try await delivery.reject(requeue: false)
                } else {
                    try await publisher.publish(envelope.deadLetter(delivery, reason: "no JSON"))
                    try await delivery.ack()
                }
                left -= 1
                if left == 0 { break }
            }
            await publisher.close()
            await connection.close()
        }

        /// Waits until so many letters lie there.
        func await(letters count: Int) async throws {
            try await Broker.wait(forQueue: Topology.dead, toHold: count)
        }

        func list(_ site: Site) async throws -> [JSONValue] {
            let result = try await site.sheaf(["dead", "list", "--limit", "1000", "--output", "json"])
            try #require(result.exit == .code(0) && result.errors.filter { $0.contains("another reader") }.isEmpty, "\(result)")
            return try result.output.map { try JSONValue(parsing: $0) }
        }

        /// The queue's messages, taken.
        func take(_ count: Int, from queue: String) async throws -> [Delivery] {
            let connection = try await Broker.open("sheaf-e2e taker")
            var taken: [Delivery] = []
            for try await delivery in try await connection.consume(queue: queue, prefetch: 100) {
                taken.append(delivery)
                try await delivery.ack()
                if taken.count == count { break }
            }
            await connection.close()
            return taken
        }

        /// More letters than one consumer holds, more times than a quorum queue's usual limit.
        @Test(.timeLimit(.minutes(2))) func lookingThirtyTimesChangesNothing() async throws {
            try await Site.use { site in
                let ids = (0..<70).map { "m\($0)" }
                try await giveUp(Array(ids[..<40]), byBroker: false)
                try await giveUp(Array(ids[40...]), byBroker: true)
                try await self.await(letters: 70)
                let first = try await list(site)
                #expect(first.compactMap { $0["id"]?.string } == ids)
                for _ in 0..<29 { #expect(try await list(site) == first) }
                for _ in 0..<2 {
                    let some = try await site.sheaf(["dead", "list", "--limit", "3", "--output", "json"])
                    #expect(some.output.count == 3 && some.output[0].contains("\"m0\""), "\(some)")
                    #expect(some.errors == ["sheaf: 67 more letters; --limit shows them"])
                }
                #expect(try await take(70, from: Topology.dead).compactMap(\.properties.messageID) == ids)
            }
        }

        @Test(.timeLimit(.minutes(1))) func aLetterSaysWhatItIsAndWhy() async throws {
            try await Site.use { site in
                try await giveUp(["mine"], byBroker: false)
                try await giveUp(["brokers"], byBroker: true)
                try await self.await(letters: 2)
                let letters = try await list(site)
                #expect(letters.map { $0["reason"]?.string } == ["no JSON", "refused by a reader (rejected)"])
                for letter in letters {
                    #expect(letter["origin"]?.string == "sheaf.unit.backup" && letter["attempt"]?.int == 3)
                    #expect(letter["session"] == "s1" && letter["time"]?.string != nil && letter["size"]?.int ?? 0 > 10)
                }
                let shown = try await site.sheaf(["dead", "show", "mine", "--output", "json"]).last
                #expect(shown["body"] == ["of": "mine"] && shown["headers"]?["traceparent"] == "t")
                #expect(shown["properties"]?["content_type"] == "application/cloudevents+json")
                let text = try await site.sheaf(["dead", "show", "brokers"])
                #expect(text.output.contains(#"  "of": "brokers""#), "\(text)")
                #expect(try await site.sheaf(["dead", "show", "nobodys"]).exit == .code(4))
                #expect(try await list(site) == letters)
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: [true, false])
        func aReplayedLetterIsInItsQueueAgainAndNotFresh(byBroker: Bool) async throws {
            try await Site.use { site in
                try await giveUp(["m1", "m2", "m3"], byBroker: byBroker)
                try await self.await(letters: 3)
                let one = try await site.sheaf(["dead", "replay", "m2", "--output", "json"])
                #expect(try one.exit == .code(0) && one.last["outcome"] == "replayed", "\(one)")
                #expect(try await list(site).compactMap { $0["id"]?.string } == ["m1", "m3"])
                #expect(try await site.sheaf(["dead", "replay", "--all"]).output == ["2 letters replayed"])
                #expect(try await list(site).isEmpty)
                let back = try await take(3, from: WorkQueue.backupUnit.name)
                #expect(back.compactMap(\.properties.messageID) == ["m2", "m1", "m3"])
                for delivery in back {
                    #expect(delivery.exchange == Topology.command && delivery.routingKey == "unit.backup.nightly")
                    #expect(delivery.properties.headers == ["sheaf-attempt": 1, "traceparent": "t"] && !delivery.isFresh)
                }
            }
        }

        /// Whoever replays is killed between the queue's confirm and the letter's end.
        @Test(.timeLimit(.minutes(1))) func aReplayCutShortLeavesADuplicateAtMost() async throws {
            try await Site.use { site in
                try await giveUp(["m1", "m2"], byBroker: true)
                try await self.await(letters: 2)
                let connection = try await Broker.open("sheaf-e2e killed")
                let replay = DeadLetterReplay(address: connection.address)
                await #expect(throws: Missed.self) {
                    try await DeadLetterQueue(connection).visit { letter, delivery in
                        try await replay.replay(letter, delivery)
                        throw Missed(what: "killed", after: nil)
                    }
                }
                await replay.close()
                await connection.close()
                #expect(try await list(site).compactMap { $0["id"]?.string } == ["m1", "m2"])
                #expect(try await site.sheaf(["dead", "replay", "--all"]).exit == .code(0))
                let back = try await take(3, from: WorkQueue.backupUnit.name)
                #expect(back.compactMap(\.properties.messageID) == ["m1", "m1", "m2"])
            }
        }

        @Test(.timeLimit(.minutes(1))) func aLetterWhoseQueueIsGoneStaysAndSaysSo() async throws {
            try await Site.use { site in
                try await giveUp(["q1"], key: "query.snapshots", queue: WorkQueue.query.name, byBroker: true)
                try await giveUp(["e1"], from: Topology.event, key: "x.y.z", queue: "sheaf.reply.scheduler", byBroker: false)
                try await self.await(letters: 2)
                let connection = try await Broker.open("sheaf-e2e remover")
                try await connection.deleteQueue(WorkQueue.query.name)
                let result: CommandResult
                do {
                    result = try await site.sheaf(["dead", "replay", "--all", "--output", "json"])
                } catch {
                    try await Topology().declare(on: connection)
                    throw error
                }
                try await Topology().declare(on: connection)
                await connection.close()
                #expect(result.exit == .code(5), "\(result)")
                #expect(result.output.count == 3 && result.output[0].contains("sheaf.query is not there"), "\(result)")
                #expect(result.output[1].contains("holds no work"), "\(result)")
                #expect(try await list(site).compactMap { $0["id"]?.string } == ["q1", "e1"])
                #expect(try await site.sheaf(["dead", "replay", "q1"]).exit == .code(0))
                #expect(try await take(1, from: WorkQueue.query.name).first?.routingKey == "query.snapshots")
            }
        }

        @Test(.timeLimit(.minutes(1))) func lettersThatAnotherReaderHoldsAreToldAndLeaveAReplayUnfinished() async throws {
            try await Site.use { site in
                try await giveUp(["m1", "m2"], byBroker: true)
                try await self.await(letters: 2)
                let connection = try await Broker.open("sheaf-e2e holder")
                var held = try await connection.consume(queue: Topology.dead, prefetch: 1).makeAsyncIterator()
                _ = try #require(try await held.next())
                let listed = try await site.sheaf(["dead", "list", "--output", "json"])
                #expect(try listed.exit == .code(0) && listed.last["otherReaders"] == 1, "\(listed)")
                let missed = try await site.sheaf(["dead", "replay", "m1"])
                #expect(missed.exit == .code(1) && missed.errors.last?.contains("another reader") == true, "\(missed)")
                let found = try await site.sheaf(["dead", "replay", "m2"])
                #expect(found.exit == .code(0), "\(found)")
                #expect(try await site.sheaf(["dead", "replay", "--all"]).exit == .code(1))
                await connection.close()
                try await self.await(letters: 1)
                #expect(try await site.sheaf(["dead", "replay", "--all"]).exit == .code(0))
            }
        }

        @Test(.timeLimit(.minutes(1))) func onlyWhatIsNamedIsDropped() async throws {
            try await Site.use { site in
                try await giveUp(["m1", "m2", "m3"], byBroker: true)
                try await self.await(letters: 3)
                #expect(try await site.sheaf(["dead", "drop"]).exit == .code(2))
                #expect(try await site.sheaf(["dead", "drop", "m1", "--all"]).exit == .code(2))
                let mixed = try await site.sheaf(["dead", "drop", "m2", "m9"])
                #expect(mixed.exit == .code(4) && mixed.errors.last?.contains("m9") == true, "\(mixed)")
                #expect(try await list(site).compactMap { $0["id"]?.string } == ["m1", "m3"])
                #expect(try await site.sheaf(["dead", "drop", "--all"]).output == ["2 letters dropped"])
                #expect(try await site.sheaf(["dead", "list"]).errors == ["sheaf: no dead letters"])
            }
        }

        /// A trigger goes back under its own key, which is what its sender was allowed to ask for.
        @Test(.timeLimit(.minutes(2))) func aTriggerThatWasGivenUpStartsItsSessionWhenReplayed() async throws {
            try await Site.use { site in
                try site.declare(.defaultEngine, url: "http://127.0.0.1:9")
                try site.declarePlan("nightly", indices: "a")
                let system = try await OutsideSystem("shop")
                try await system.publish(
                    .trigger, OutsideSystem.backup("nightly"), to: Topology.trigger, key: "trigger.backup.nightly", replyTo: nil)
                let connection = try await Broker.open("sheaf-e2e giver")
                let publisher = try await Broker.open("sheaf-e2e publisher")
                for try await delivery in try await connection.consume(queue: Topology.triggerQueue, prefetch: 1) {
                    try await publisher.publish(envelope.deadLetter(delivery, reason: "a disk is full"))
                    try await delivery.ack()
                    break
                }
                await publisher.close()
                await connection.close()
                await system.close()
                try await self.await(letters: 1)
                try await site.startScheduler()
                #expect(try await site.sheaf(["dead", "replay", "--all"]).exit == .code(0))
                try await Broker.wait(forQueue: WorkQueue.backupSession.name, toHold: 1)
                #expect(try await list(site).isEmpty)
            }
        }

        /// Nobody looks after a request whose asker has been told that it was withdrawn.
        @Test(.timeLimit(.minutes(1))) func aRequestThatNobodyTookIsNoLetter() async throws {
            try await Site.use { site in
                #expect(try await site.sheaf(["backup", "nightly"]).exit == .code(6))
                try await Broker.wait(forQueue: Topology.triggerQueue, toHold: 0)
                #expect(try await list(site).isEmpty)
            }
        }
    }
}
