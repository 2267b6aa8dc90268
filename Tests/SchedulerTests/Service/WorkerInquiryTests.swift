import AMQP
import Messages
import Runtime
import Testing

@testable import Scheduler

/// Questions that nobody can take. What workers answer is shown end to end.
@Suite struct WorkerInquiryTests {
    /// Nothing listens there.
    private func inquiry() throws -> WorkerInquiry {
        WorkerInquiry(broker: try BrokerAddress("amqp://guest:guest@127.0.0.1:9/"), name: "one")
    }

    private func asking(
        _ inquiry: WorkerInquiry, _ body: (WorkerInquiry) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await inquiry.run() }
            try await body(inquiry)
            group.cancelAll()
        }
    }

    @Test(.timeLimit(.minutes(1))) func aBrokerThatIsAwayIsNamedWithItsCause() async throws {
        try await asking(try inquiry()) { inquiry in
            let error = await #expect(throws: InquiryError.self) {
                try await inquiry.ask(.check(namespace: "demo", name: "logs"), within: .seconds(2))
            }
            #expect(error?.code == .noBroker)
            #expect(error?.message.contains("127.0.0.1:9") == true, "\(error?.message ?? "")")
        }
    }

    @Test(.timeLimit(.minutes(1))) func whoGivesUpLeavesTheOthersWaiting() async throws {
        try await asking(try inquiry()) { inquiry in
            let impatient = Task { try await inquiry.ask(.repositories, within: .seconds(60)) }
            let other = Task { try await inquiry.ask(.repositories, within: .seconds(1)) }
            impatient.cancel()
            await #expect(throws: CancellationError.self) { try await impatient.value }
            await #expect(throws: InquiryError.self) { try await other.value }
        }
    }
}
