import Glibc
import Runtime
import Testing

@testable import AMQP

struct StallGuardTests {
    @Test func blockedWriteEndsOnceTheDeadlineHasPassed() throws {
        var pair: [Int32] = [0, 0]
        #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
        defer { for socket in pair { close(socket) } }
        let stallGuard = StallGuard {}
        stallGuard.attach(pair[0])
        stallGuard.arm(until: .now)
        let socket = pair[0]
        let hasEnded = Lock(false)
        do {
            // Joined at the end of this scope: a guard that does not end the write would hang the test.
            let writer = try DedicatedThread(name: "writer") {
                let bytes = [UInt8](repeating: 0, count: 1 << 20)
                while send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL)) > 0 {}
                hasEnded.withLock { $0 = true }
            }
            stallGuard.check(at: .now + .seconds(1))
            withExtendedLifetime(writer) {}
        }
        #expect(stallGuard.hasFired)
        #expect(hasEnded.withLock { $0 })
    }

    @Test func deadlineThatWasLiftedOrIsAheadChangesNothing() {
        let calls = Lock(0)
        let stallGuard = StallGuard { calls.withLock { $0 += 1 } }
        let now = ContinuousClock.now
        stallGuard.arm(until: now + .seconds(5))
        stallGuard.check(at: now)
        stallGuard.disarm()
        stallGuard.check(at: now + .seconds(10))
        #expect(!stallGuard.hasFired)
        stallGuard.arm(until: now)
        stallGuard.check(at: now + .seconds(1))
        stallGuard.check(at: now + .seconds(2))
        #expect(stallGuard.hasFired)
        #expect(calls.withLock { $0 } == 1)
    }
}
