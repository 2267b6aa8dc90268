import Foundation
import HTTP

/// Debian's prometheus-pushgateway on a port of its own, for one test; it goes with this object.
final class GatewayProcess {
    static let isInstalled = ReferenceImplementation.hasCommand("prometheus-pushgateway")

    let url: String
    private let process = Process()

    /// - Parameter port: 0 takes a free one.
    init(port: Int = 0) throws {
        struct NotStarted: Error { let log: String }
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        // Debian's keeps groups in /var/lib/prometheus unless told not to, for whoever starts next.
        process.arguments = ["prometheus-pushgateway", "--persistence.file=", "--web.listen-address=127.0.0.1:\(port)"]
        let log = Pipe()
        process.standardError = log
        try process.run()
        var text = ""
        while true {
            let some = log.fileHandleForReading.availableData
            text += String(decoding: some, as: UTF8.self)
            if let match = text.firstMatch(of: /Listening on" address=(\S+)\s/) {
                url = "http://\(match.output.1)"
                return
            }
            if some.isEmpty {
                process.terminate()
                throw NotStarted(log: text)
            }
        }
    }

    deinit { stop() }

    var port: Int { Int(url.split(separator: ":").last ?? "") ?? 0 }

    func stop() {
        guard process.isRunning else { return }
        process.terminate()
        process.waitUntilExit()
    }

    /// The series of one job as `name{labels} value`, without those that the gateway adds, labels sorted and without job and instance.
    func series(job: String) throws -> [String] {
        let client = try HTTPClient()
        // The gateway answers a push when it has checked it, and puts it in place after that; one at a time, so that this one waits for it.
        let settled = HTTPRequest(method: "POST", url: url + "/metrics/job/settled", body: .bytes(Array("settled 1\n".utf8)))
        guard try client.send(settled).isSuccess else { throw CocoaError(.fileReadUnknown) }
        let page = String(decoding: try client.send(HTTPRequest(url: url + "/metrics")).body, as: UTF8.self)
        return page.split(separator: "\n").map(String.init).filter {
            $0.hasPrefix("stash_") && $0.contains("job=\"\(job)\"")
        }.map {
            $0.replacing("instance=\"\",", with: "").replacing("job=\"\(job)\",", with: "")
        }
    }
}
