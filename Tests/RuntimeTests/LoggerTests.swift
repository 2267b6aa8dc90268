import Glibc
import Runtime
import Testing

private final class CapturingHandler: LogHandler {
    private let captured = Lock<[LogRecord]>([])
    var records: [LogRecord] { captured.withLock { $0 } }

    func log(_ record: LogRecord) {
        captured.withLock { $0.append(record) }
    }
}

@Suite struct LoggerTests {
    @Test func recordsBelowTheLevelAreNotMade() {
        let handler = CapturingHandler()
        var logger = Logger(label: "t", level: .warning, handler: handler)
        var isComputed = false
        func metadata() -> Logger.Metadata {
            isComputed = true
            return [:]
        }
        logger.info("quiet", metadata: metadata())
        #expect(!isComputed)
        logger.error("loud")
        logger.logLevel = .trace
        logger.trace("all")
        #expect(handler.records.map(\.message) == ["loud", "all"])
        #expect(handler.records.map(\.level) == [.error, .trace])
    }

    @Test func metadataOfTheCallWinsOverTheLoggers() {
        let handler = CapturingHandler()
        var logger = Logger(label: "t", handler: handler)
        logger[metadataKey: "session"] = "a"
        logger[metadataKey: "index"] = "i"
        let copy = logger.with(["index": "j"])
        copy.info("m", metadata: ["session": "b"])
        logger.info("m")
        #expect(handler.records.map(\.metadata) == [["session": "b", "index": "j"], ["session": "a", "index": "i"]])
    }

    @Test func levelsAreOrdered() {
        #expect(Logger.Level.allCases == Logger.Level.allCases.sorted())
        #expect(Logger.Level(rawValue: "notice") == .notice)
    }

    @Test func recordIsOneLineOfJSONWithoutSecrets() throws {
        var ends: [CInt] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        let logger = Logger(label: "worker", handler: JSONLogHandler(file: ends[1]))
        logger.info(
            "part stored",
            metadata: [
                "documents": .stringConvertible(12), "rate": .stringConvertible(1.5), "ok": .stringConvertible(true),
                "password": .stringConvertible(Sensitive("hunter2")), "inline": "\(Sensitive("hunter2"))\nline",
                "indices": ["a", "b"], "nested": ["k": "v"], "time": "mine",
            ])
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = read(ends[0], &buffer, buffer.count)
        let line = buffer.prefix(count)
        #expect(line.last == 0x0A)
        #expect(line.filter { $0 == 0x0A }.count == 1)
        var value = try JSONValue(parsing: line.dropLast())
        #expect(try Timestamp(parsing: #require(value["time"]?.string)) <= .now())
        value["time"] = nil
        #expect(
            value.serialized()
                == #"{"level":"info","logger":"worker","message":"part stored","documents":12,"indices":["a","b"],"inline":"***\nline","nested":{"k":"v"},"ok":true,"password":"***","rate":1.5,"time_":"mine"}"#
        )
    }

    @Test func linesThatCouldNotBeWrittenAreTold() throws {
        var ends: [CInt] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        try #require(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0)
        let logger = Logger(label: "t", handler: JSONLogHandler(file: ends[1]))
        let filler = [UInt8](repeating: 0x20, count: 4096)
        while write(ends[1], filler, filler.count) > 0 {}
        logger.info("lost")
        logger.info("lost")
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        _ = read(ends[0], &buffer, buffer.count)
        logger.info("told")
        let count = read(ends[0], &buffer, buffer.count)
        let value = try JSONValue(parsing: buffer.prefix(count))
        #expect(value["message"]?.string == "told")
        #expect(value["dropped"]?.int == 2)
    }
}
