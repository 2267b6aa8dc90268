import Runtime

struct EventsCommand: AsyncCommand {
    static let configuration = CommandConfiguration(
        name: "events", abstract: "Follow what happens, by the Scheduler's API: one JSON object a line, until interrupted.",
        discussion:
            "A connection that is lost is made again, and nothing between is missed as long as the Scheduler's log has it.",
        options: [.value("session", valueName: "ID", help: "only events of this session")] + ServerOption.definitions)

    private let server: ServerOption
    private let session: String?

    init(_ arguments: ParsedArguments) throws {
        server = try ServerOption(arguments)
        session = try arguments.optionalValue("session", as: PlainName.self)?.text
    }

    func run() async throws {
        try await CommandError.naming {
            let client = try server.client()
            let path = "/v1/events" + (session.map { "?session=\($0)" } ?? "")
            var last: String?
            var hasBegun = false
            /// Counts once the event has ended: cut off before, it comes again.
            var place: String?
            while true {
                do {
                    try client.lines(path, after: last) { line in
                        hasBegun = true
                        if line.hasPrefix("id: ") { place = String(line.dropFirst(4)) }
                        if line.isEmpty, let ended = place { last = ended }
                        if line.hasPrefix("event: gap") { Terminal.writeError("sheaf: some events are not known any more\n") }
                        if line.hasPrefix("data: {\"") { Terminal.write(line.dropFirst(6) + "\n") }
                    }
                } catch let error as CommandError where error.code == .unreachable && hasBegun {
                    Terminal.writeError("sheaf: \(error.message); trying again\n")
                }
                try await Task.sleep(for: .seconds(2))
            }
        }
    }
}
