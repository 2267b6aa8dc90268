import Foundation
import Glibc
import Testing

@testable import AMQP

@Suite(.requiresBroker, .serialized, .timeLimit(.minutes(2)))
struct TLSTests {
    @Test func brokerProvesItsNameAndWeProveOurs() async throws {
        let certificates = try Certificates()
        let port = UInt16.random(in: 10_000..<20_000)
        let settings = """
            [{rabbit, [{ssl_listeners, [{"127.0.0.1", \(port)}]}, {ssl_options, [
              {cacertfile, "\(certificates.path("ca.pem"))"}, {certfile, "\(certificates.path("server.pem"))"},
              {keyfile, "\(certificates.path("server.key"))"}, {verify, verify_peer}, {fail_if_no_peer_cert, true}]}]}].
            """
        try await OwnBroker.run(settings: settings) { _ in
            let mine = TLSSettings.ClientCertificate(
                certificateFile: certificates.path("client.pem"), keyFile: certificates.path("client.key"))
            let trusted = TLSSettings(authorityFile: certificates.path("ca.pem"), client: mine)
            let connection = try await open("localhost", port, trusted)
            try await connection.declareQueue("q", arguments: ["x-queue-type": "quorum"])
            let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 9) }
            try await connection.publish(
                (0..<5).map { _ in OutgoingMessage(exchange: "", routingKey: "q", body: body, mandatory: true) })
            let consumer = try await connection.consume(queue: "q", prefetch: 5)
            var deliveries = consumer.makeAsyncIterator()
            for _ in 0..<5 {
                let delivery = try #require(try await deliveries.next())
                #expect(delivery.body == body)
                try await delivery.ack()
            }
            await connection.close()

            let stranger = try await amqpError { _ = try await open("localhost", port, TLSSettings(client: mine)) }
            #expect(stranger.code == .untrusted)
            #expect(stranger.message.contains(TLSSettings.systemAuthorities))
            let address = try await amqpError { _ = try await open("127.0.0.1", port, trusted) }
            #expect(address.code == .untrusted)
            let anonymous = try await amqpError {
                _ = try await open("localhost", port, TLSSettings(authorityFile: trusted.authorityFile))
            }
            #expect(anonymous.code == .untrusted || anonymous.code == .unreachable)
        }
    }

    /// librabbitmq has hung in the middle of a message and when closing a TLS connection whose other side is silent.
    @Test func silentBrokerCannotHoldATLSConnection() async throws {
        let certificates = try Certificates()
        let port = UInt16.random(in: 10_000..<20_000)
        let settings = """
            [{rabbit, [{ssl_listeners, [{"127.0.0.1", \(port)}]}, {ssl_options, [
              {cacertfile, "\(certificates.path("ca.pem"))"}, {certfile, "\(certificates.path("server.pem"))"},
              {keyfile, "\(certificates.path("server.key"))"}, {verify, verify_none}]}]}].
            """
        try await OwnBroker.run(settings: settings) { broker in
            let trusted = TLSSettings(authorityFile: certificates.path("ca.pem"))
            let timeouts = BrokerTimeouts(connect: .seconds(1), publish: .seconds(2), close: .seconds(1))
            let (publishing, idle) = (
                try await open("localhost", port, trusted, timeouts), try await open("localhost", port, trusted, timeouts)
            )
            try await publishing.declareQueue("q", arguments: ["x-queue-type": "quorum"])
            try broker.send(SIGSTOP)
            let start = ContinuousClock.now
            let huge = OutgoingMessage(
                exchange: "", routingKey: "q", body: [UInt8](repeating: 7, count: 50_000_000), mandatory: true)
            let error = try await amqpError { try await publishing.publish(huge) }
            #expect(error.code == .connectionLost, "\(error)")
            await publishing.close()
            await idle.close()
            let opening = try await amqpError { _ = try await open("localhost", port, trusted, timeouts) }
            #expect(opening.code == .unreachable || opening.code == .untrusted, "\(opening)")
            #expect(opening.isRetryable)
            #expect(.now - start < .seconds(15))
        }
    }

    private func open(
        _ host: String, _ port: UInt16, _ tls: TLSSettings, _ timeouts: BrokerTimeouts = BrokerTimeouts()
    ) async throws -> BrokerConnection {
        try await BrokerConnection.open(BrokerAddress(host: host, port: port, tls: tls), name: "tests", timeouts: timeouts)
    }
}

/// An authority of our own with a certificate for localhost and one for a client.
private final class Certificates {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("sheaf-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try openssl("req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=sheaf-ca -keyout ca.key -out ca.pem")
        for (name, subject) in [("server", "localhost"), ("client", "sheaf")] {
            try openssl("req -newkey rsa:2048 -nodes -subj /CN=\(subject) -keyout \(name).key -out \(name).csr")
            try openssl("x509 -req -days 2 -in \(name).csr -CA ca.pem -CAkey ca.key -CAcreateserial -out \(name).pem")
        }
    }

    deinit {
        do {
            try FileManager.default.removeItem(at: folder)
        } catch {
            Issue.record(error)
        }
    }

    func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    private func openssl(_ arguments: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments.split(separator: " ").map(String.init)
        process.currentDirectoryURL = folder
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "openssl \(arguments) failed")
    }
}
