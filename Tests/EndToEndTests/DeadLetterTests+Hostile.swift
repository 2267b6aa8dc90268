import AMQP
import Bus
import Messages
import Runtime
import Testing

/// What others wrote so that it does harm.
extension EndToEnd.DeadLetterTests {
    /// Too large to be taken into memory, from where the broker makes no letters: the letter is there, with the reason and without the body.
    @Test(.timeLimit(.minutes(1))) func whatAnOutsiderSentTooLargeIsALetterWithoutItsBodyAndStays() async throws {
        try await Site.use { site in
            try await site.startScheduler()
            let connection = try await Broker.open("sheaf-e2e outsider")
            let size = PoisonError.maximumCommand + PoisonError.margin + 1
            try await connection.publish(
                OutgoingMessage(
                    exchange: Topology.trigger, routingKey: "trigger.backup.nightly",
                    properties: MessageProperties(
                        contentType: "application/cloudevents+json", messageID: "m1", type: MessageType.trigger.rawValue,
                        headers: ["x-death": .array([1, 2])]),
                    body: [UInt8](repeating: 0x20, count: size), mandatory: true))
            await connection.close()
            try await self.await(letters: 1)
            let letter = try #require(try await list(site).first)
            #expect(letter["size"]?.int == size && letter["reason"]?.string?.contains("\(size) bytes") == true, "\(letter)")
            let shown = try await site.sheaf(["dead", "show", "m1"])
            #expect(shown.output.last == "(the body is too large to be shown)", "\(shown)")
            let replayed = try await site.sheaf(["dead", "replay", "m1"])
            #expect(replayed.exit == .code(5) && replayed.errors.first?.contains("is not here") == true, "\(replayed)")
            #expect(try await list(site).count == 1)
        }
    }

    /// The broker counts its own death into the entry that a sender forged.
    @Test(.timeLimit(.minutes(1))) func aForgedDeathDoesNotLeadItsReplayElsewhere() async throws {
        try await Site.use { site in
            let forged: HeaderTable = [
                "queue": .string(WorkQueue.backupUnit.name), "reason": "expired", "exchange": .string(Topology.trigger),
                "count": 1, "routing-keys": .array(["session.backup.orders"]),
            ]
            let connection = try await Broker.open("sheaf-e2e forger")
            try await connection.publish(
                OutgoingMessage(
                    exchange: Topology.command, routingKey: "unit.backup.orders",
                    properties: MessageProperties(
                        messageID: "m1", expiration: "0", headers: ["x-death": .array([.table(forged)])]), body: [1],
                    mandatory: true))
            await connection.close()
            try await self.await(letters: 1)
            let shown = try await site.sheaf(["dead", "show", "m1", "--output", "json"])
            #expect(shown.output.first?.contains("session.backup.orders") == true, "the broker did not merge: \(shown)")
            #expect(try await site.sheaf(["dead", "replay", "m1"]).exit == .code(0))
            let back = try await take(1, from: WorkQueue.backupUnit.name)
            #expect(back.first?.exchange == Topology.command && back.first?.routingKey == "unit.backup.orders")
            #expect(try await Broker.messages(in: .backupSession) == 0)
        }
    }

    /// What ends sessions gives up what it cannot read: one letter, which does not come back to it.
    @Test(.timeLimit(.minutes(1)), arguments: [true, false])
    func whatTheAbortQueueCannotHandleIsOneLetter(byBroker: Bool) async throws {
        try await Site.use { site in
            try await giveUp(
                ["c1"], key: "session.cancel.abc", queue: WorkQueue.abort.name, byBroker: byBroker)
            try await self.await(letters: 1)
            #expect(try await Broker.messages(in: .abort) == 0)
            let taken = try await take(1, from: Topology.dead)
            #expect(taken.first?.routingKey == "poison.sheaf.session.abort")
        }
    }
}
