import Foundation
import Testing

/// An authority of a test's own and certificates by it, in files below the site's folder.
struct Certificates {
    let folder: String

    var authority: String { "\(folder)/ca.pem" }

    init(_ site: Site) async throws {
        folder = site.folder + "/certificates"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try await openssl(site, "req -x509 \(Self.key) -days 2 -subj /CN=test-ca -keyout \(folder)/ca.key -out \(authority)")
    }

    /// A certificate for loopback, and the key beside it.
    ///
    /// - Parameter days: until it ends; less than none: it has ended.
    func make(_ name: String, days: Int, on site: Site) async throws {
        try await openssl(
            site,
            "req \(Self.key) -subj /CN=\(name) -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout \(key(name)) "
                + "-out \(folder)/\(name).csr")
        try await openssl(
            site,
            "x509 -req -in \(folder)/\(name).csr -CA \(authority) -CAkey \(folder)/ca.key -CAcreateserial -copy_extensions copy "
                + "-days \(days) -out \(certificate(name))")
    }

    func certificate(_ name: String) -> String { "\(folder)/\(name).pem" }

    func key(_ name: String) -> String { "\(folder)/\(name).key" }

    func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    private static let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"

    private func openssl(_ site: Site, _ arguments: String) async throws {
        let result = try await site.run(["/usr/bin/openssl"] + arguments.split(separator: " ").map(String.init))
        try #require(result.exit == .code(0), "\(result)")
    }
}
