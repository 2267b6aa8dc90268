import AMQP
import Archive
import Bus
import Foundation
import Manifests
import Messages
import Runtime
import Testing

@testable import Worker

struct HeartTests {
    @Test func aHeartbeatTellsHowBusyTheWorkerIs() throws {
        let folder = FileManager.default.temporaryDirectory.path + "/heart-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var settings = WorkerSettings(name: "w.1")
        settings.version = "0.1.0"
        let resources = ResourceSet()
        // The broker's address is never used.
        let parts = WorkerParts(
            settings: settings, resources: resources, secrets: SecretSource(resources: resources),
            spool: try Spool(in: folder, limit: 1 << 20), broker: try BrokerAddress("amqp://nowhere.invalid"),
            logger: Logger(label: "test", handler: JSONLogHandler()))
        let watch = ConsumerWatch()
        for queue in [WorkQueue.backupUnit, .backupUnit, .restoreUnit, .query, .backupSession] { watch.began(queue) }
        watch.ended(.backupUnit)
        let heart = Heart(parts: parts, watch: watch, slots: 4, startedAt: Samples.time)
        let message = try heart.message(at: Samples.time + .seconds(60))
        #expect(message.exchange == Topology.event && message.routingKey == "worker.w-1")
        #expect(message.properties.deliveryMode == .transient && message.properties.expiration == "90000")
        let event = try MessageCoding.decode(CloudEvent<WorkerHeartbeat>.self, from: message.body)
        #expect(event.type == MessageType.heartbeat.rawValue && event.subject == nil)
        let expected = WorkerHeartbeat(
            worker: "w.1", version: "0.1.0", slots: 4, busy: 2, startedAt: Samples.time, time: Samples.time + .seconds(60))
        #expect(event.data == expected)
    }
}
