import Bus
import Testing

@testable import Worker

struct WorkerServiceTests {
    /// One delivery that waits for a store without an answer may not be all that a queue can have.
    @Test(arguments: WorkQueue.allCases) func oneDeliveryDoesNotHoldUpAQueue(queue: WorkQueue) {
        var settings = WorkerSettings(name: "one")
        #expect(WorkerService.slots(of: queue, settings) > 1)
        settings.slots = 7
        #expect((WorkerService.slots(of: queue, settings) == 7) == [.backupUnit, .restoreUnit].contains(queue))
    }
}
