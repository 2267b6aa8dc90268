import AMQP
import Archive
import Bus
import Manifests
import Messages
import Runtime
import Sessions
import Testing

@testable import Worker

/// The messages that a worker sends for a session.
@Suite struct OutgoingSessionTests {
    let folder: TemporaryFolder
    let parts: WorkerParts

    init() throws {
        folder = try TemporaryFolder()
        let none = ResourceSet()
        // Nothing here connects: the address is never used.
        parts = WorkerParts(
            settings: WorkerSettings(name: "w1"), resources: none, secrets: SecretSource(resources: none),
            spool: try Spool(in: "\(folder.path)/spool", limit: 1 << 20), broker: try BrokerAddress("amqp://nowhere.invalid"),
            logger: Logger(label: "test", handler: JSONLogHandler()))
    }

    private func messages(_ publication: Handling.Publication, replyTo: String? = "mine") throws -> [OutgoingMessage] {
        try OutgoingSession(
            parts: parts, command: Samples.command(), repositoryID: RepositoryID("0123"), replyTo: replyTo
        ).messages(for: publication)
    }

    private func status(_ message: OutgoingMessage) throws -> StatusEvent {
        try MessageCoding.decode(CloudEvent<StatusEvent>.self, from: message.body).data
    }

    @Test func aUnitIsAMandatoryCommandWithTheSameIdEachTime() throws {
        let position = UnitPosition(slice: 3, epoch: 1, number: 12, cursor: "[7]")
        let message = try #require(try messages(.unit(position, attempt: 1)).first)
        #expect(message.exchange == "sheaf.command" && message.routingKey == "unit.backup.nightly" && message.mandatory)
        #expect(message.properties.messageID == "abc/unit/3/1-12" && message.properties.replyTo == "mine")
        #expect(message.properties.headers == ["sheaf-attempt": 1])
        let unit = try MessageCoding.decode(CloudEvent<UnitCommand>.self, from: message.body).data
        #expect(
            unit == UnitCommand(session: Samples.command(), repositoryID: try #require(RepositoryID("0123")), position: position))
    }

    @Test func theFinalEventGoesToListenersAndToTheAsker() throws {
        let final = FinalEntry(
            nonce: "n", status: StatusEvent(of: Samples.command(), phase: .succeeded, source: .final, finishedAt: Samples.time))
        let sent = try messages(.final(final))
        #expect(sent.map(\.exchange) == ["sheaf.event", ""])
        #expect(sent.map(\.routingKey) == ["backup.nightly.succeeded", "mine"])
        #expect(sent.allSatisfy { $0.properties.messageID == "abc/final" && !$0.mandatory })
        #expect(try sent.map { try status($0) } == [final.status, final.status])
        #expect(try messages(.final(final), replyTo: nil).map(\.exchange) == ["sheaf.event"])
    }

    @Test func runningNamesTheIndicesAndWhatThePlanLeavesOut() throws {
        let sent = try messages(.running(Samples.plan(slices: []), Samples.begin()))
        let event = try status(try #require(sent.first))
        #expect(event.phase == .running && event.source == .announced && event.startedAt == Samples.time)
        #expect(event.indices.map(\.name) == ["a", "b"] && event.indices.allSatisfy { $0.documents == 0 })
        #expect(event.conditions.map(\.message) == ["left out x"])
    }

    @Test func aSecondRequestUnderOneIdIsToldToItsAskerAlone() throws {
        let sent = try messages(.identifierInUse)
        #expect(sent.map(\.routingKey) == ["mine"])
        #expect(try status(try #require(sent.first)).conditions.map(\.type) == ["IdentifierInUse"])
        #expect(try messages(.identifierInUse, replyTo: nil).isEmpty)
    }

    @Test func anExpiredSessionIsFailedWithoutARecord() throws {
        let event = try status(try #require(try messages(.expired).first))
        #expect(event.phase == .failed && event.source == .unrecorded && event.conditions.map(\.type) == ["Expired"])
    }

    @Test(arguments: [
        (nil, false), ("", false), ("sheaf.session.abort", false), (String(repeating: "q", count: 256), false),
        ("sheaf.reply.one", true), ("amq.gen-1", true),
    ])
    func anAskerThatTheJournalNamesIsNoQueueOfOurs(name: String?, isAnswered: Bool) {
        var begin = Samples.begin()
        begin.replyTo = name
        #expect(begin.asker == (isAnswered ? name : nil))
    }

    @Test func aUnitIsNeverSentWithoutItsRepository() {
        let outgoing = OutgoingSession(parts: parts, command: Samples.command(), repositoryID: nil, replyTo: nil)
        #expect(throws: WorkerError.self) {
            try outgoing.messages(for: .unit(UnitPosition(slice: 0, epoch: 0, number: 0), attempt: 0))
        }
    }
}
