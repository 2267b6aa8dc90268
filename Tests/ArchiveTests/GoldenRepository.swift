import Crypto
import FoundationEssentials
import Messages
import Runtime
import Sessions
import Snapshots
import Testing

@testable import Archive

/// A repository of format 1 as it was stored once, in `Tests/Golden`, with what it must be read as beside it. Never changed: a later
/// format gets others.
enum GoldenRepository: String, CaseIterable, Sendable {
    case plain = "format-1-plain"
    case encrypted = "format-1-encrypted"

    static let root = "\(RecoveryScript.root)/Tests/Golden"
    static let password = "correct horse battery staple \u{e9}"
    /// What both hold.
    static let expected = "\(root)/format-1"

    var folder: String { "\(Self.root)/\(rawValue)" }
    var password: String? { self == .encrypted ? Self.password : nil }

    func protection(_ password: String = password) -> Protection {
        self == .encrypted ? .password(Sensitive(password), KeyringCache()) : .none
    }

    static let first = snapshot("a1", day: 1)
    static let second = snapshot("b2", day: 2)
    static let forgotten = snapshot("c3", day: 3)

    static func snapshot(_ session: String, day: Int) -> SnapshotID {
        SnapshotID(startedAt: time(day: day), session: self.session(session))
    }

    static func session(_ text: String) -> SessionID {
        guard let id = SessionID(text) else { preconditionFailure("\(text) is no session id") }
        return id
    }

    static func time(day: Int) -> Timestamp {
        Timestamp(millisecondsSinceEpoch: 1_795_528_931_250) + .seconds(day * 86_400)
    }
}

/// A document of the golden repositories.
struct GoldenDocument {
    /// JSON text of `_id`.
    let id: String
    let routing: String?
    let source: String
    /// The source as a line of `_bulk`.
    let line: String

    init(_ id: String, routing: String? = nil, _ source: String, line: String? = nil) {
        self.id = id
        self.routing = routing
        self.source = source
        self.line = line ?? source
    }

    private var members: String { "\"_id\":\(id)" + (routing.map { ",\"routing\":\($0)" } ?? "") }
    var action: String { "{\"index\":{\(members)}}" }

    /// As the segment holds it.
    var stored: String {
        source == line
            ? "\(action)\n\(source)\n" : "{\"index\":{\(members)},\"length\":\(source.utf8.count)}\n\(source)\n"
    }
    var bulk: String { "\(action)\n\(line)\n" }

    /// Numbers that a decoder would spoil, ids that need escapes, and one document larger than a frame.
    static func lines(_ count: Int, of name: String) -> [GoldenDocument] {
        let special = [
            GoldenDocument(
                #""\u00e9\"/\\""#, routing: #""r 1""#, #"{"name":"é \" \\ \u2028","n":1.0,"big":9007199254740993,"e":1E400}"#),
            GoldenDocument(#""ü…""#, "{\"text\":\"\(String(repeating: "wide open ", count: 900))\"}"),
        ]
        return special
            + (0..<count).map { GoldenDocument("\"\(name)-\($0)\"", #"{"number":\#($0),"square":\#($0 * $0),"of":"\#(name)"}"#) }
    }

    static let raw = [
        GoldenDocument(#""raw-1""#, "{\n  \"a\": 1\n}", line: "{   \"a\": 1 }"),
        GoldenDocument(#""raw-2""#, routing: #""x""#, "{\"a\":\"/*\\\"//\"} /* c\n */\r", line: "{\"a\":\"/*\\\"//\"}   "),
        GoldenDocument(#""raw-3""#, "{// to the end\n\"b\":2}", line: "{  \"b\":2}"),
    ]
}
