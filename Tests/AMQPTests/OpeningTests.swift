import Foundation
import Glibc
import Runtime
import Testing

@testable import AMQP

@Suite(.requiresBroker, .timeLimit(.minutes(2)))
struct OpeningTests {
    @Test func wrongPasswordIsAccessRefusedInASentence() async throws {
        var address = try TestBroker.address
        address.authentication = .password(user: "guest", Sensitive("not-the-password"))
        let error = try await amqpError { _ = try await BrokerConnection.open(address, name: "tests") }
        #expect(error.code == .loginRefused)
        #expect(!error.isRetryable)
        #expect(error.message.contains("check user name and password"))
        #expect(!error.message.contains("not-the-password"))
    }

    @Test func missingVirtualHostIsNamed() async throws {
        var address = try TestBroker.address
        address.virtualHost = "no-such-vhost"
        let error = try await amqpError { _ = try await BrokerConnection.open(address, name: "tests") }
        #expect(error.code == .notFound)
        #expect(error.message.contains("'no-such-vhost'"))
    }

    @Test func brokerSeesTheNameOfTheConnection() async throws {
        let connection = try await TestBroker.open("sheaf-tests named")
        #expect(connection.name == "sheaf-tests named")
        #expect(connection.isOpen)
        #expect(connection.ending == nil)
        await connection.close()
        #expect(!connection.isOpen)
        #expect(connection.ending?.code == .connectionClosed)
    }

    @Test func twoHundredConnectionsLeaveNoThreadAndNoFileBehind() async throws {
        let entries = { (folder: String) in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/\(folder)").count }
        let before = try (entries("fd"), entries("task"))
        for _ in 0..<200 {
            let connection = try await TestBroker.open()
            await connection.close()
        }
        // Other tests have connections of their own, far fewer than 200.
        #expect(try entries("fd") - before.0 < 150)
        #expect(try entries("task") - before.1 < 100)
    }
}

/// These need no broker.
struct UnreachableTests {
    @Test func deadPortFailsSoonNamingHostAndPort() async throws {
        let start = ContinuousClock.now
        let error = try await amqpError {
            _ = try await BrokerConnection.open(try BrokerAddress("amqp://127.0.0.1:1"), name: "tests")
        }
        #expect(.now - start < .seconds(5))
        #expect(error.code == .unreachable)
        #expect(error.isRetryable)
        #expect(error.message.contains("127.0.0.1:1"))
    }

    @Test func listenerThatNeverAnswersFailsInTime() async throws {
        let listener = try SilentListener()
        let start = ContinuousClock.now
        let timeouts = BrokerTimeouts(connect: .milliseconds(500))
        let error = try await amqpError {
            let address = try BrokerAddress("amqp://127.0.0.1:\(listener.port)")
            _ = try await BrokerConnection.open(address, name: "tests", timeouts: timeouts)
        }
        #expect(.now - start < .seconds(5))
        #expect(error.code == .unreachable)
        #expect(error.isRetryable)
    }

    @Test func unknownNameIsSaidSo() async throws {
        let error = try await amqpError {
            _ = try await BrokerConnection.open(try BrokerAddress("amqp://no-such-host.invalid"), name: "tests")
        }
        #expect(error.code == .unreachable)
        #expect(error.message.contains("no-such-host.invalid"))
    }

    @Test func unreadableAuthorityFileIsNamed() async throws {
        let address = try BrokerAddress("amqps://localhost:1/?cacertfile=/no/such.pem")
        let error = try await amqpError { _ = try await BrokerConnection.open(address, name: "tests") }
        #expect(error.code == .invalidAddress)
        #expect(error.message.contains("/no/such.pem"))
    }

    @Test func reconnectingGivesUpOnlyWhenCancelled() async throws {
        let (pauses, continuation) = AsyncStream.makeStream(of: Duration.self)
        let task = Task {
            try await withReconnection(
                to: try BrokerAddress("amqp://127.0.0.1:1"), name: "tests",
                backoff: Backoff(base: .milliseconds(1), cap: .milliseconds(4)),
                onState: { state in
                    if case .disconnected(let error, let pause) = state, error.code == .unreachable { continuation.yield(pause) }
                }
            ) { _ in }
        }
        var count = 0
        for await pause in pauses {
            #expect(pause <= .milliseconds(4))
            count += 1
            if count == 5 { break }
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}

/// A TCP port that accepts and says nothing.
private final class SilentListener {
    let port: UInt16
    private let socket: Int32

    init() throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let socket = socket
        let isListening = withUnsafeMutableBytes(of: &address) { bytes in
            let pointer = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self)
            return bind(socket, pointer, length) == 0 && listen(socket, 8) == 0 && getsockname(socket, pointer, &length) == 0
        }
        try #require(isListening)
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit {
        close(socket)
    }
}
