import FoundationEssentials
import Messages
import Runtime

/// What a hook does, with its templates written out and its host known: all that can be said without doing it.
enum HookAction: Equatable {
    /// A file of the worker's folder of hooks.
    case program(String, arguments: [String])
    case request(HookRequest)
    case connection(host: String, port: Int)

    /// - Parameter target: whose host an action has that names none.
    /// - Throws: `WorkerError(.refused)` for what cannot be done. A manifest is refused for the same; a message may come from elsewhere.
    init(_ hook: Hook, _ summary: HookSummary, target: AppBinding) throws {
        switch (hook.exec, hook.httpGet, hook.httpPost, hook.tcpSocket) {
        case (let exec?, nil, nil, nil):
            let program = exec.command.first ?? ""
            if let problem = Hook.Exec.problem(ofProgram: program) { throw WorkerError(.refused, problem) }
            let arguments = try exec.command.dropFirst().map { try HookTemplate($0).rendered(summary) }
            guard !arguments.contains(where: { $0.utf8.contains(0) }) else {
                throw WorkerError(.refused, "an argument of \(program) holds a zero byte, which no program can be given")
            }
            self = .program(program, arguments: arguments)
        case (nil, let get?, nil, nil):
            let address = try HookAddress(get.host, get.port, of: target)
            try Self.check(get.httpHeaders)
            self = .request(
                HookRequest(
                    method: "GET", url: address.url(scheme: get.scheme, path: get.path), headers: get.httpHeaders, address))
        case (nil, nil, let post?, nil):
            let address = try HookAddress(post.host, post.port, of: target)
            try Self.check(post.httpHeaders)
            var request = HookRequest(
                method: "POST", url: address.url(scheme: post.scheme, path: post.path), headers: post.httpHeaders, address)
            if let body = post.body {
                request.body = try HookTemplate(body).rendered(summary)
            } else if !post.form.isEmpty {
                request.body = try HookRequest.form(post.form) { try HookTemplate($0).rendered(summary) }
                if !request.headers.contains(where: { $0.name.lowercased() == "content-type" }) {
                    request.headers.append(Hook.Header(name: "Content-Type", value: "application/x-www-form-urlencoded"))
                }
            }
            self = .request(request)
        case (nil, nil, nil, let socket?):
            let address = try HookAddress(socket.host, socket.port, of: target)
            self = .connection(host: address.host, port: address.port)
        default: throw WorkerError(.refused, "it needs exactly one of exec, httpGet, httpPost and tcpSocket")
        }
    }
}

extension HookAction {
    private static func check(_ headers: [Hook.Header]) throws {
        if let problem = headers.lazy.compactMap(\.problem).first { throw WorkerError(.refused, problem) }
    }
}

/// Where an action goes.
struct HookAddress: Equatable {
    /// Without the brackets of an IPv6 address.
    let host: String
    let port: Int
    /// The host was left out, so that it is the AppBinding's.
    let isTarget: Bool

    init(_ host: String?, _ port: Hook.Port, of target: AppBinding) throws {
        if let problem = port.problem { throw WorkerError(.refused, problem) }
        guard case .number(let number) = port else { throw WorkerError(.refused, "the port has no number") }
        self.port = number
        isTarget = host.map(\.isEmpty) ?? true
        guard let name = isTarget ? target.clusterURL.flatMap({ URLComponents(string: $0)?.host }) : host, !name.isEmpty else {
            throw WorkerError(.refused, "it names no host, and \(target.key) has no address that could tell one; set host")
        }
        if let problem = Hook.problem(ofHost: name) { throw WorkerError(.refused, problem) }
        self.host = name.hasPrefix("[") && name.hasSuffix("]") ? String(name.dropFirst().dropLast()) : name
    }

    /// - Parameter path: with its query; what may not stand in a URL is percent-encoded.
    func url(scheme: String?, path: String?) -> String {
        let allowed = Set("!#$%&'()*+,-./:;=?@[]_~".utf8)
        var target = ""
        for byte in (path ?? "").utf8 {
            let isAlphanumeric = byte < 0x80 && Character(Unicode.Scalar(byte)).isLetter || (0x30...0x39).contains(byte)
            if isAlphanumeric || allowed.contains(byte) {
                target.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                target += HookRequest.percentEncoded(byte)
            }
        }
        if !target.hasPrefix("/") { target = "/" + target }
        let host = host.contains(":") ? "[\(host)]" : host
        return "\((scheme ?? "http").lowercased())://\(host):\(port)\(target)"
    }
}

/// One request of a hook.
struct HookRequest: Equatable {
    var method: String
    var url: String
    var headers: [Hook.Header]
    var body: String?
    /// It goes to the target itself, so that the AppBinding's authority counts.
    var isToTarget: Bool

    init(method: String, url: String, headers: [Hook.Header], _ address: HookAddress) {
        self.method = method
        self.url = url
        self.headers = headers
        isToTarget = address.isTarget
    }

    /// `application/x-www-form-urlencoded`, in the manifest's order.
    static func form(_ entries: [Hook.FormEntry], _ render: (String) throws -> String) rethrows -> String {
        try entries.flatMap { entry in
            try entry.values.map { "\(formEncoded(entry.key))=\(formEncoded(try render($0)))" }
        }.joined(separator: "&")
    }

    private static func formEncoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "~"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            case UInt8(ascii: " "): encoded += "+"
            default: encoded += percentEncoded(byte)
            }
        }
        return encoded
    }

    static func percentEncoded(_ byte: UInt8) -> String {
        let hex = String(byte, radix: 16, uppercase: true)
        return "%" + (hex.count < 2 ? "0" : "") + hex
    }
}
