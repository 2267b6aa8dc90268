import Foundation
import Glibc
import Messages
import Runtime
import Sessions
import Testing

@testable import Worker

/// Hooks that are requests or connections, against a stub server.
@Suite struct HookRequestTests {
    let fixture: HookFixture

    init() throws { fixture = try HookFixture() }

    private func get(_ server: StubServer, path: String? = nil, host: String? = "127.0.0.1") -> Hook {
        var get = Hook.HTTPGet(port: .number(Int(server.port)))
        (get.host, get.path) = (host, path)
        var hook = Hook()
        hook.httpGet = get
        return hook
    }

    private func post(_ server: StubServer) -> Hook.HTTPPost {
        var post = Hook.HTTPPost(port: .number(Int(server.port)))
        (post.host, post.path) = ("127.0.0.1", "/notify?channel=a b")
        return post
    }

    @Test func aGetIsToldTheSessionAndTheAttempt() throws {
        let server = try StubServer { _ in .init(204, "") }
        var hook = get(server, path: "ready")
        hook.httpGet?.httpHeaders = [.init(name: "X-Token", value: "t"), .init(name: "Sheaf-Attempt", value: "99")]
        let report = try fixture.run(hook, attempt: 2)
        #expect(
            report.succeeded && report.message == "hook preBackup: GET http://127.0.0.1:\(server.port)/ready was answered 204",
            "\(report)")
        let request = try #require(server.requests.first)
        #expect(request.target == "/ready" && request.headers["x-token"] == "t")
        #expect(request.headers["sheaf-session"] == "abc" && request.headers["sheaf-attempt"] == "2")
        #expect(request.headers["authorization"] == nil)
    }

    /// The kubelet's rule for probes.
    @Test(arguments: [(200, true), (204, true), (302, true), (399, true), (400, false), (404, false), (500, false)])
    func theStatusDecides(status: Int, succeeded: Bool) throws {
        let server = try StubServer { _ in .init(status, "because", headers: ["Location": "http://127.0.0.1:1/elsewhere"]) }
        let report = try fixture.run(get(server))
        #expect(report.succeeded == succeeded, "\(report)")
        #expect(report.message.hasSuffix(succeeded ? "was answered \(status)" : "was answered \(status): because"))
        #expect(server.requests.count == 1, "a redirect was followed")
    }

    /// Of a long answer the begin is read, and the status decides all the same.
    @Test(arguments: [(200, true), (302, true), (500, false)])
    func aLongAnswerIsCut(status: Int, succeeded: Bool) throws {
        let server = try StubServer { _ in .init(status, String(repeating: "long ", count: 40_000)) }
        let report = try fixture.run(get(server))
        #expect(
            report.succeeded == succeeded && report.message.contains("was answered \(status)"), "\(report.message.prefix(200))")
        #expect(report.message.utf8.count < 5000)
    }

    /// Nobody takes the connection: those before it fill the queue.
    @Test func aConnectionThatHangsIsLeftWhenTheHookIsToStop() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        #expect(bound && listen(listener, 0) == 0)
        var others: [CInt] = []
        defer { for file in others { close(file) } }
        for _ in 0..<4 {
            let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
            others.append(file)
            _ = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(file, $0, length) }
            }
        }
        var hook = Hook()
        hook.tcpSocket = Hook.TCPSocket(port: .number(Int(UInt16(bigEndian: address.sin_port))))
        hook.tcpSocket?.host = "127.0.0.1"
        let start = ContinuousClock.now
        let error = #expect(throws: WorkerError.self) { try fixture.run(hook, HookFixture.interrupted(isOurs: { false })) }
        #expect(error?.code == .abandoned && ContinuousClock.now - start < .seconds(4))
    }

    @Test func aPostSendsTheBodyThatItsTemplateGives() throws {
        let server = try StubServer { _ in .init() }
        var hook = Hook()
        hook.httpPost = post(server)
        hook.httpPost?.body = #"{"phase": {{ .Status.Phase | toJson }}, "error": {{ .Status.Error | toJson }}}"#
        hook.httpPost?.httpHeaders = [.init(name: "Content-Type", value: "application/json")]
        var status = StatusEvent(of: fixture.command, phase: .failed, source: .final)
        status.error = "no \"room\""
        #expect(try fixture.run(hook, slot: .postBackup, status: status).succeeded)
        let request = try #require(server.requests.first)
        #expect(request.method == "POST" && request.target == "/notify?channel=a%20b")
        #expect(request.text == #"{"phase": "Failed", "error": "no \"room\""}"#)
        #expect(request.headers["content-type"] == "application/json")
    }

    @Test func aPostSendsAForm() throws {
        let server = try StubServer { _ in .init() }
        var hook = Hook()
        hook.httpPost = post(server)
        hook.httpPost?.form = [.init(key: "a&b", values: ["1 +", "{{ .Name }}"]), .init(key: "ü", values: ["~"])]
        #expect(try fixture.run(hook).succeeded)
        let request = try #require(server.requests.first)
        #expect(request.text == "a%26b=1+%2B&a%26b=s&%C3%BC=~")
        #expect(request.headers["content-type"] == "application/x-www-form-urlencoded")
    }

    @Test func theHostIsTheAppBindingsWhereNoneIsNamed() throws {
        let server = try StubServer { _ in .init() }
        fixture.command.target.spec.clientConfig.url = "http://127.0.0.1:1/path"
        #expect(try fixture.run(get(server, host: nil)).succeeded)
        fixture.command.target.spec.clientConfig.url = nil
        let report = try fixture.run(get(server, host: nil))
        #expect(!report.succeeded && report.message.contains("set host"), "\(report)")
    }

    @Test func aServerThatNeverAnswersIsGivenUpAtTheLimit() throws {
        let server = try StubServer { _ in .silence }
        fixture.limit = .seconds(1)
        let start = ContinuousClock.now
        let report = try fixture.run(get(server))
        let elapsed = ContinuousClock.now - start
        #expect(elapsed >= .seconds(1) && elapsed < .seconds(10), "\(elapsed)")
        #expect(!report.succeeded && report.message.contains("http://127.0.0.1:\(server.port)/"), "\(report)")
    }

    @Test func aHintThatIsWrongOnlyRepeatsTheRequest() throws {
        let hints = Lock(1)
        let server = try StubServer { _ in hints.withLock { $0 } > 0 ? .silence : .init() }
        let takesHint: @Sendable () -> Bool = {
            hints.withLock { left in
                defer { left = max(0, left - 1) }
                return left > 0
            }
        }
        #expect(try fixture.run(get(server), HookFixture.interrupted(isHinted: takesHint)).succeeded)
        hints.withLock { $0 = 1 }
        let error = #expect(throws: WorkerError.self) {
            try fixture.run(get(server), HookFixture.interrupted(isHinted: takesHint, isDecided: { true }))
        }
        #expect(error?.code == .sessionEnded)
    }

    @Test func aSocketConnectsOrSaysWhyNot() throws {
        let server = try StubServer { _ in .init() }
        var hook = Hook()
        hook.tcpSocket = Hook.TCPSocket(port: .number(Int(server.port)))
        hook.tcpSocket?.host = "localhost"
        #expect(try fixture.run(hook).message == "hook preBackup: connected to port \(server.port) of localhost")
        hook.tcpSocket?.port = .number(1)
        let report = try fixture.run(hook)
        #expect(
            !report.succeeded && report.message.contains("no connection to port 1 of localhost: Connection refused"), "\(report)")
        hook.tcpSocket?.host = "nowhere.invalid"
        #expect(try fixture.run(hook).succeeded == false)
    }

    /// A message need not come from a manifest that was checked.
    @Test func whatNoManifestMaySayIsAFailedHook() throws {
        var hook = Hook()
        #expect(try fixture.run(hook).message.contains("exactly one of"))
        hook.tcpSocket = Hook.TCPSocket(port: .name("http"))
        #expect(try fixture.run(hook).message.contains("there is none: expected the port's number"))
        let server = try StubServer { _ in .init() }
        #expect(try fixture.run(get(server, host: "127.0.0.1/evil?q=")).message.contains("the name or the address of a host"))
        for (name, value, complaint) in [
            ("Content-Length", "3", "how the request is framed"), ("Bad Name: x", "", "the name of a header"),
            ("X", "a\r\nY: b", "a line end"),
        ] {
            var hook = get(server)
            hook.httpGet?.httpHeaders = [.init(name: name, value: value)]
            #expect(try fixture.run(hook).message.contains(complaint), "\(name)")
        }
        #expect(server.requests.isEmpty)
        #expect(try fixture.run(fixture.exec("a", "{{ trunc 1 }}")).message.contains("\"trunc\" is unknown"))
    }

    @Test(
        arguments: [
            ("http", nil, "http://h:80/"), ("HTTPS", "/a?b=c#d", "https://h:80/a?b=c#d"), (nil, "ä b", "http://h:80/%C3%A4%20b"),
        ] as [(String?, String?, String)])
    func anAddressBecomesAURL(scheme: String?, path: String?, url: String) throws {
        let target = fixture.command.target
        #expect(try HookAddress("h", .number(80), of: target).url(scheme: scheme, path: path) == url)
        #expect(try HookAddress("::1", .number(80), of: target).url(scheme: nil, path: nil) == "http://[::1]:80/")
    }
}
