import AMQP
import Bus
import Foundation
import Messages
import Runtime
import Scheduler
import Testing

extension EndToEnd {
    /// What a Scheduler asks workers, over a real broker.
    @Suite struct InquiryTests {
        private func withInquiry(
            _ url: String, _ body: (WorkerInquiry) async throws -> Void
        ) async throws {
            let inquiry = WorkerInquiry(broker: try BrokerAddress(url), name: Topology.defaultScheduler)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await inquiry.run() }
                try await body(inquiry)
                group.cancelAll()
            }
        }

        private func repository(_ name: String, at path: String) -> Repository {
            Repository(
                metadata: ObjectMeta(name: name, namespace: "default"),
                spec: .init(backend: Backend(.local(.init(mountPath: path)))))
        }

        @Test(.timeLimit(.minutes(2))) func manyQuestionsGetTheirOwnAnswers() async throws {
            try await Site.use { site in
                let stub = try await site.startStub(StubEngine.Shape())
                try site.declare(stub)
                try await site.startWorker("one")
                try await site.startWorker("two")
                try await withInquiry(try Broker.url()) { inquiry in
                    let names = Set((0..<40).map { "missing-\($0)" })
                    let told = try await withThrowingTaskGroup(of: (String, InquiryError?).self) { group in
                        for name in names {
                            group.addTask {
                                do {
                                    _ = try await inquiry.ask(.check(namespace: "default", name: name))
                                    return (name, nil)
                                } catch let error as InquiryError {
                                    return (name, error)
                                }
                            }
                        }
                        return try await group.reduce(into: [String: InquiryError]()) { $0[$1.0] = $1.1 }
                    }
                    #expect(Set(told.keys) == names)
                    for (name, error) in told {
                        #expect(error.code == .refused(.notFound), "\(error)")
                        #expect(error.message.contains(name), "\(name) was told: \(error)")
                    }
                    let found = try await inquiry.ask(.check(namespace: "default", name: "\(site.prefix)-t0"))
                    guard case .check(let report) = found else { throw Missed(what: "a report, not \(found)", after: .zero) }
                    #expect(report.name == "\(site.prefix)-t0")
                }
            }
        }

        @Test(.timeLimit(.minutes(2))) func whatNoWorkerTakesIsWithdrawn() async throws {
            try await Site.use { _ in
                try await withInquiry(try Broker.url()) { inquiry in
                    let error = await #expect(throws: InquiryError.self) {
                        try await inquiry.ask(.check(namespace: "default", name: "any"), within: .seconds(2))
                    }
                    #expect(error?.code == .noWorker, "\(error?.message ?? "")")
                    try await Broker.wait(forQueue: WorkQueue.query.name, toHold: 0)
                }
            }
        }

        /// With the least rights, and over connections that the broker ends.
        @Test(.timeLimit(.minutes(2))) func aLostConnectionIsOpenedAgain() async throws {
            try await OwnBroker.use { broker in
                try await Site.use(amqpURL: broker.url()) { site in
                    _ = try await site.sheaf(["topology", "apply"])
                    let lines = try await site.sheaf(["topology", "permissions", "--user", "scheduler=asker"])
                    try await broker.shell(
                        ["rabbitmqctl add_user asker pass"] + lines.output.filter { $0.contains(" asker ") })
                    try await withInquiry(broker.url("asker", password: "pass")) { inquiry in
                        try await site.startWorker("one")
                        for _ in 0..<3 {
                            let error = await #expect(throws: InquiryError.self) {
                                try await inquiry.ask(.check(namespace: "default", name: "missing"))
                            }
                            #expect(error?.code == .refused(.notFound), "\(error?.message ?? "")")
                            try await broker.control("close_all_user_connections", "asker", "test")
                        }
                    }
                }
            }
        }

        @Test(.timeLimit(.minutes(2))) func aRightThatIsMissingIsToldAndMayBeMended() async throws {
            try await OwnBroker.use { broker in
                try await Site.use(amqpURL: broker.url()) { site in
                    _ = try await site.sheaf(["topology", "apply"])
                    try await broker.shell([
                        "rabbitmqctl add_user asker pass", "rabbitmqctl set_permissions asker '^$' '.*' '.*'",
                    ])
                    try await site.startWorker("one")
                    try await withInquiry(broker.url("asker", password: "pass")) { inquiry in
                        let denied = await #expect(throws: InquiryError.self) {
                            try await inquiry.ask(.check(namespace: "default", name: "missing"))
                        }
                        #expect(
                            denied?.code == .noBroker && denied?.message.contains("topology permissions") == true,
                            "\(denied?.message ?? "")")
                        try await broker.control("set_permissions", "asker", ".*", ".*", ".*")
                        let answered = await #expect(throws: InquiryError.self) {
                            try await inquiry.ask(.check(namespace: "default", name: "missing"))
                        }
                        #expect(answered?.code == .refused(.notFound), "\(answered?.message ?? "")")
                    }
                }
            }
        }
    }
}
