import Foundation
import Glibc
import Testing

@testable import HTTP

/// TLS against OpenSSL's own test server, whose certificate is for `es.internal`.
@Suite(.serialized, .enabled(if: access("/usr/bin/openssl", X_OK) == 0, "install openssl to run")) struct TLSTests {
    typealias TLS = HTTPClientConfiguration.TLS

    @Test func trustsTheGivenAuthorityForTheGivenName() throws {
        let server = try TLSServer()
        let tls = TLS(caBundle: try server.file("ca.pem"), serverName: "es.internal")
        #expect(try send(server, tls).status == 200)
    }

    @Test func refusesAnotherNameOrAnotherAuthority() throws {
        let server = try TLSServer()
        let caBundle = try server.file("ca.pem")
        for tls in [
            TLS(caBundle: caBundle), TLS(caBundle: caBundle, serverName: "other.internal"), TLS(serverName: "es.internal"),
        ] {
            do throws(HTTPError) {
                _ = try send(server, tls)
                Issue.record("trusted")
            } catch {
                #expect(error.code == .tls && !error.isRetryable, "\(error)")
                #expect(error.message.contains("https://127.0.0.1:\(server.port)/"))
            }
        }
    }

    @Test func trustsAnythingWhenAskedTo() throws {
        let server = try TLSServer()
        #expect(try send(server, TLS(insecureSkipTLSVerify: true)).status == 200)
    }

    @Test func showsTheClientCertificate() throws {
        let server = try TLSServer(demandsCertificate: true)
        var tls = TLS(caBundle: try server.file("ca.pem"), serverName: "es.internal")
        #expect(throws: HTTPError.self) { try send(server, tls) }
        tls.clientCertificate = try server.file("http.pem")
        tls.clientKey = try server.file("http.key")
        #expect(try send(server, tls).status == 200)
    }

    private func send(_ server: TLSServer, _ tls: TLS) throws(HTTPError) -> HTTPResponse {
        let client = try HTTPClient(configuration: HTTPClientConfiguration(tls: tls))
        return try client.send(HTTPRequest(url: "https://127.0.0.1:\(server.port)/"))
    }
}

/// `openssl s_server` with keys of its own in a folder that goes with it.
private final class TLSServer {
    let port: Int
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tls-\(UUID().uuidString)")
    private let process = Process()

    init(demandsCertificate: Bool = false) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        port = try TLSServer.freePort()
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
        try openssl("req -x509 \(key) -days 2 -subj /CN=test-ca -keyout ca.key -out ca.pem")
        try openssl(
            "req -x509 \(key) -days 2 -subj /CN=es -addext subjectAltName=DNS:es.internal -keyout http.key -out http.pem -CA ca.pem -CAkey ca.key"
        )
        let demand = demandsCertificate ? "-Verify 1 -verify_return_error -CAfile ca.pem" : ""
        let output = Pipe()
        configure("s_server -accept 127.0.0.1:\(port) -cert http.pem -key http.key -www \(demand)", process)
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        var text = ""
        while !text.contains("ACCEPT") {
            let piece = output.fileHandleForReading.availableData
            guard !piece.isEmpty else { throw CocoaError(.executableLoad) }
            text += String(decoding: piece, as: UTF8.self)
        }
    }

    deinit {
        // Not terminate(): the child inherits this thread's blocked signals.
        kill(process.processIdentifier, SIGKILL)
        // A folder that stays behind in the temporary directory harms nobody.
        try? FileManager.default.removeItem(at: folder)
    }

    func file(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: folder.appendingPathComponent(name))) }

    private func openssl(_ arguments: String) throws {
        let run = Process()
        configure(arguments, run)
        run.standardError = FileHandle.nullDevice
        try run.run()
        run.waitUntilExit()
        try #require(run.terminationStatus == 0, "openssl \(arguments)")
    }

    private func configure(_ arguments: String, _ process: Process) {
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments.split(separator: " ").map(String.init)
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
    }

    private static func freePort() throws -> Int {
        // The stub takes a free port and gives it back at once.
        Int(try StubServer { _ in StubServer.Reply() }.port)
    }
}
