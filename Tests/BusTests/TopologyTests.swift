import Messages
import Testing

@testable import Bus

/// The names and arguments that RabbitMQ keeps for ever: it refuses a second declaration that differs.
@Suite struct TopologyTests {
    let topology = Topology(schedulers: ["one", "two"])

    @Test func theNamesAreThoseOfTheProtocol() {
        #expect(
            topology.exchanges.map { "\($0.name) \($0.kind)" } == [
                "sheaf.command topic", "sheaf.trigger topic", "sheaf.event topic", "sheaf.control fanout", "sheaf.dead topic",
                "sheaf.retry.10s fanout", "sheaf.retry.1m fanout", "sheaf.retry.5m fanout", "sheaf.retry.30m fanout",
                "sheaf.retry.2h fanout",
            ])
        #expect(
            topology.queues.map(\.name) == [
                "sheaf.session.backup", "sheaf.session.restore", "sheaf.unit.backup", "sheaf.unit.restore", "sheaf.session.abort",
                "sheaf.cancel", "sheaf.query", "sheaf.triggers", "sheaf.dead", "sheaf.retry.10s", "sheaf.retry.1m",
                "sheaf.retry.5m",
                "sheaf.retry.30m",
                "sheaf.retry.2h", "sheaf.reply.one", "sheaf.reply.two",
            ])
        #expect(Topology().queues.last?.name == "sheaf.reply.scheduler")
    }

    @Test func namesAreUniqueAndEveryBindingsEndsExist() {
        let exchanges = topology.exchanges.map(\.name)
        let queues = topology.queues.map(\.name)
        #expect(Set(exchanges).count == exchanges.count && Set(queues).count == queues.count)
        for binding in topology.bindings {
            #expect(exchanges.contains(binding.exchange), "\(binding)")
            #expect(queues.contains(binding.queue), "\(binding)")
        }
        for queue in queues { #expect(topology.bindings.contains { $0.queue == queue }, "\(queue) is bound to nothing") }
    }

    @Test func noQueueLosesAMessageInSilence() {
        let lossy = Self.outside + [Topology.dead, "sheaf.reply.one", "sheaf.reply.two"]
        for queue in topology.queues where !lossy.contains(queue.name) {
            #expect(queue.arguments["x-queue-type"] == .text("quorum"), "\(queue.name)")
            #expect(queue.arguments["x-dead-letter-strategy"] == .text("at-least-once"), "\(queue.name)")
            // RabbitMQ falls back to at-most-once without it.
            #expect(queue.arguments["x-overflow"] == .text("reject-publish"), "\(queue.name)")
            guard case .text(let exchange)? = queue.arguments["x-dead-letter-exchange"] else {
                Issue.record("\(queue.name) has no dead-letter exchange")
                continue
            }
            #expect(topology.exchanges.contains { $0.name == exchange })
        }
    }

    static let outside = [Topology.triggerQueue, WorkQueue.cancel.name]

    /// The broker crashes when it adds to a forged `x-death`, and by a message's CC its letter would reach other queues.
    @Test(arguments: outside) func theBrokerMakesNoLettersOfWhatOutsidersSent(name: String) throws {
        let queue = try #require(topology.queues.first { $0.name == name })
        #expect(queue.arguments.keys.filter { $0.hasPrefix("x-dead-letter") }.isEmpty)
        #expect(queue.arguments["x-max-length"] == .number(100_000) && queue.arguments["x-overflow"] == .text("reject-publish"))
        #expect(!Topology.isGivenUpByBroker(name) && Topology.isGivenUpByBroker(WorkQueue.backupUnit.name))
    }

    @Test func outsidersReachNoOtherQueue() {
        #expect(Set(topology.bindings.filter { $0.exchange == Topology.trigger }.map(\.queue)) == Set(Self.outside))
    }

    @Test func whatNobodyReadsHasABound() throws {
        let dead = try #require(topology.queues.first { $0.name == Topology.dead }).arguments
        #expect(dead["x-max-length"] == .number(100_000) && dead["x-max-length-bytes"] == .number(1_073_741_824))
        let reply = try #require(topology.queues.first { $0.name == "sheaf.reply.one" }).arguments
        #expect(reply["x-max-length"] == .number(1_000_000) && reply["x-overflow"] == .text("drop-head"))
        // What it drops would drive the letters of others out of `sheaf.dead`.
        #expect(reply["x-dead-letter-exchange"] == nil)
    }

    @Test func workQueuesOutwaitAnyUnitAndGiveUpAfterTwentyDeliveries() throws {
        let queue = try #require(topology.queues.first { $0.name == "sheaf.unit.backup" })
        #expect(
            queue.arguments == [
                "x-queue-type": .text("quorum"), "x-delivery-limit": .number(20), "x-dead-letter-exchange": .text("sheaf.dead"),
                "x-dead-letter-strategy": .text("at-least-once"), "x-overflow": .text("reject-publish"),
                "x-consumer-timeout": .number(21_600_000),
            ])
    }

    @Test func aRetryQueueGivesEachMessageBackToTheCommandsAfterItsDelay() throws {
        let seconds = [10, 60, 300, 1800, 7200]
        #expect(RetryStep.allCases.map(\.seconds) == seconds)
        for step in RetryStep.allCases {
            let queue = try #require(topology.queues.first { $0.name == step.exchange })
            #expect(queue.arguments["x-message-ttl"] == .number(step.seconds * 1000))
            #expect(queue.arguments["x-dead-letter-exchange"] == .text(Topology.command))
            // The message comes back under the key it was published with.
            #expect(queue.arguments["x-dead-letter-routing-key"] == nil)
        }
    }

    @Test(arguments: [(-1, 10), (0, 10), (1, 10), (2, 60), (3, 300), (4, 1800), (5, 7200), (6, 7200), (1000, 7200)])
    func theLadderHasAStepForEveryAttempt(attempt: Int, seconds: Int) {
        #expect(RetryStep.after(attempt: attempt).seconds == seconds)
    }

    @Test func everyCommandReachesOneQueue() {
        let keys = [
            RoutingKey.unit(.backup, plan: "nightly"): "sheaf.unit.backup",
            RoutingKey.unit(.restore, plan: "back"): "sheaf.unit.restore",
            "session.cancel.abc": "sheaf.session.abort",
            "query.snapshots": "sheaf.query",
        ]
        for (key, queue) in keys { #expect(queues(from: Topology.command, key: key) == [queue], "\(key)") }
    }

    /// The Schedulers see each session's message, so that any of them can publish it again.
    @Test(arguments: SessionKind.allCases)
    func aSessionReachesTheWorkersAndEveryLedger(kind: SessionKind) {
        #expect(
            queues(from: Topology.command, key: RoutingKey.session(kind, plan: "nightly")) == [
                "sheaf.session.\(kind)", "sheaf.reply.one", "sheaf.reply.two",
            ])
    }

    @Test func deadLettersOfSessionsAlsoReachWhoeverEndsThem() {
        let key = RoutingKey.unit(.backup, plan: "nightly")
        #expect(Set(queues(from: Topology.dead, key: key)) == ["sheaf.dead", "sheaf.session.abort"])
        #expect(queues(from: Topology.dead, key: "poison.sheaf.unit.backup") == ["sheaf.dead"])
    }

    /// Or what the queue gives up would come back to it through `sheaf.dead` for ever.
    @Test func theAbortQueuesOwnLettersEndNoSession() throws {
        let queue = try #require(topology.queues.first { $0.name == WorkQueue.abort.name })
        guard case .text(let key)? = queue.arguments["x-dead-letter-routing-key"] else {
            Issue.record("its dead letters keep their keys")
            return
        }
        #expect(queues(from: Topology.dead, key: key) == ["sheaf.dead"])
    }

    /// An outsider may write to `sheaf.trigger` alone, and no Scheduler need be running.
    @Test func anOutsidersCancelReachesWorkersAndSchedulers() throws {
        let session = try #require(SessionID("abc"))
        #expect(
            queues(from: Topology.trigger, key: RoutingKey.triggerCancel(session)) == ["sheaf.cancel", "sheaf.triggers"])
        #expect(queues(from: Topology.trigger, key: RoutingKey.trigger(.backup, plan: "nightly")) == ["sheaf.triggers"])
    }

    @Test func everySchedulerSeesEveryEvent() {
        let key = RoutingKey.status(.backup, plan: "nightly", phase: .succeeded)
        #expect(queues(from: Topology.event, key: key) == ["sheaf.reply.one", "sheaf.reply.two"])
    }

    /// The queues that a topic exchange hands a key to; `#` stands at a pattern's end only here.
    private func queues(from exchange: String, key: String) -> [String] {
        topology.bindings.filter { binding in
            guard binding.exchange == exchange else { return false }
            guard binding.key.hasSuffix("#") else { return binding.key == key }
            return "\(key).".hasPrefix(binding.key.dropLast())
        }.map(\.queue)
    }
}
