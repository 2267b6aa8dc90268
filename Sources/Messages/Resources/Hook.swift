/// One action before or after a session; of `exec`, `httpGet`, `httpPost` and `tcpSocket` a manifest sets exactly one.
package struct Hook: Codable, Sendable, Hashable {
    package var exec: Exec?
    package var httpGet: HTTPGet?
    package var httpPost: HTTPPost?
    package var tcpSocket: TCPSocket?
    package var containerName: String?
    /// Nil means always. Only post hooks have one.
    package var executionPolicy: ExecutionPolicy?

    package init() {}

    package struct Exec: Codable, Sendable, Hashable {
        package var command: [String]

        package init(command: [String]) { self.command = command }
    }

    package struct HTTPGet: Codable, Sendable, Hashable {
        package var host: String?
        package var path: String?
        package var port: Port
        package var scheme: String?
        @OmittedWhenEmpty package var httpHeaders: [Header]

        package init(port: Port) {
            self.port = port
            self.httpHeaders = []
        }
    }

    package struct HTTPPost: Codable, Sendable, Hashable {
        package var host: String?
        package var path: String?
        package var port: Port
        package var scheme: String?
        @OmittedWhenEmpty package var httpHeaders: [Header]
        package var body: String?
        @OmittedWhenEmpty package var form: [FormEntry]

        package init(port: Port) {
            self.port = port
            self.httpHeaders = []
            self.form = []
        }
    }

    package struct TCPSocket: Codable, Sendable, Hashable {
        package var host: String?
        package var port: Port

        package init(port: Port) { self.port = port }
    }

    package struct Header: Codable, Sendable, Hashable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package struct FormEntry: Codable, Sendable, Hashable {
        package var key: String
        package var values: [String]

        package init(key: String, values: [String]) {
            self.key = key
            self.values = values
        }
    }

    /// A port number, or the name of a port in the target (Kubernetes' IntOrString).
    package enum Port: Codable, Sendable, Hashable {
        case number(Int)
        case name(String)

        package init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            // Int or text: the error of the first try is replaced by that of the second.
            if let number = try? container.decode(Int.self) {
                self = .number(number)
            } else {
                self = .name(try container.decode(String.self))
            }
        }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .number(let number): try container.encode(number)
            case .name(let name): try container.encode(name)
            }
        }
    }

    package enum ExecutionPolicy: String, Codable, Sendable, Hashable, CaseIterable {
        case always = "Always"
        case onSuccess = "OnSuccess"
        case onFailure = "OnFailure"
        /// Failed, and no retry is left. Backups only.
        case onFinalRetryFailure = "OnFinalRetryFailure"
    }
}

extension Hook.Exec {
    /// Why no worker could run it; nil for the plain name of a file in the workers' folder of hooks.
    package static func problem(ofProgram name: String) -> String? {
        guard name.isEmpty || name.hasPrefix(".") || name.unicodeScalars.contains(where: { $0 == "/" || $0.value < 0x20 }) else {
            return nil
        }
        return
            "a worker runs hooks from its own folder (--hooks): expected the plain name of a file there as the program, found \"\(name)\""
    }
}

extension Hook.Header {
    /// Why it cannot be sent; nil for one that can.
    package var problem: String? {
        let symbols = Set("!#$%&'*+-.^_`|~".unicodeScalars)
        let isToken = name.unicodeScalars.allSatisfy {
            symbols.contains($0) || $0.isASCII && $0.properties.isAlphabetic || ("0"..."9").contains($0)
        }
        if name.isEmpty || !isToken { return "expected the name of a header (letters, digits and dashes), found \"\(name)\"" }
        if Self.framing.contains(name.lowercased()) {
            return "\(name) says how the request is framed, which is set by itself; leave it out"
        }
        guard value.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F || $0 == "\t" }) else {
            return "the value of \(name) holds a line end or another control character"
        }
        return nil
    }

    private static let framing: Set<String> = [
        "connection", "content-length", "expect", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding",
        "upgrade",
    ]
}

extension Hook {
    /// Why no worker could connect to it; nil for a name or an address (IPv6 with or without brackets).
    package static func problem(ofHost host: String) -> String? {
        let address = host.hasPrefix("[") && host.hasSuffix("]") && host.utf8.count > 2 ? host.dropFirst().dropLast() : host[...]
        let isAddress = address.contains(":") && address.utf8.allSatisfy { $0 == 0x3A || $0 == 0x2E || isHex($0) }
        let isName =
            !host.isEmpty
            && host.unicodeScalars.allSatisfy {
                $0.properties.isAlphabetic || ("0"..."9").contains($0) || "-._".unicodeScalars.contains($0)
            }
        return isAddress || isName
            ? nil : "expected the name or the address of a host, without a port or a path, found \"\(host)\""
    }

    private static func isHex(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }
}

extension Hook.Port {
    /// Why no worker could connect to it; nil for a number of a port.
    package var problem: String? {
        switch self {
        case .number(1...65_535): nil
        case .number(let number): "expected a port from 1 to 65535, found \(number)"
        case .name(let name):
            "a name of a port means something in a pod, and there is none: expected the port's number, found \"\(name)\""
        }
    }
}
