import AMQP
import Bus
import Console
import Messages
import Runtime

/// What `sheaf backup` and `sheaf restore` share: they publish a trigger and, when asked to, wait for the session's end.
struct SessionStart: Sendable {
    static let definitions: [OptionDefinition] = [
        .flag("wait", help: "show how far the session is, and end with its result"),
        .value("timeout", valueName: "TIME", help: "wait no longer than this; the session goes on (exit code 8)"),
        .value(
            "idempotency-key", valueName: "KEY",
            help: "the same key is the same session, however often it is asked for; default: each call is one of its own"),
        .value(
            "progress-interval", valueName: "TIME",
            help: "between two lines of progress where no terminal is; SIGUSR1 asks for one now",
            default: "1m", environment: "SHEAF_PROGRESS_INTERVAL"),
        OutputFormat.definition,
    ]

    let output: CommandOutput
    private let broker: BrokerOption
    private let isWaiting: Bool
    private let timeout: Duration?
    private let interval: Duration
    private let idempotencyKey: String?

    init(_ arguments: ParsedArguments) throws {
        broker = try BrokerOption(arguments)
        output = try CommandOutput(arguments)
        isWaiting = try arguments.flag("wait")
        timeout = try arguments.optionalValue("timeout")
        interval = try arguments.value("progress-interval")
        idempotencyKey = try arguments.optionalValue("idempotency-key")
        if timeout != nil && !isWaiting {
            throw UsageError(code: .conflict, message: "--timeout is for waiting: give --wait too", command: arguments.command)
        }
    }

    /// - Parameter planHash: of a restore that was confirmed.
    func run(_ subject: Trigger.Subject, planHash: String? = nil) async throws {
        let (kind, namespace, name): (SessionKind, String, String) =
            switch subject {
            case .backup(let namespace, let name, _): (.backup, namespace, name)
            case .restore(let restore): (.restore, restore.metadata.namespace, restore.metadata.name)
            case .restoreBatch(let batch): (.restore, batch.metadata.namespace, batch.metadata.name)
            case .restoreSession(let namespace, let name): (.restore, namespace, name)
            }
        // Bound before the trigger: no event of the session can be missed.
        let client = try SheafClient(
            broker.address(), eventKeys: isWaiting ? [RoutingKey.events(kind, plan: name)] : [], signals: isWaiting)
        try await client.connect()
        let reply = try await client.ask(
            .trigger, Trigger(subject: subject, idempotencyKey: idempotencyKey, planHash: planHash), to: Topology.trigger,
            key: subject.routingKey, answerer: .scheduler)
        if case .acceptedBatch(let parent, let members) = reply {
            return try await follow(parent, members, kind, namespace: namespace, name: name, client)
        }
        guard case .accepted(let session) = reply else { throw CommandError.unexpected(reply) }
        output.line(
            "session \(session)  \(kind == .backup ? "plan" : "restore") \(namespace == "default" ? "" : namespace + "/")\(name)")
        let invoker = Invoker(kind: kind == .backup ? "BackupConfiguration" : "RestoreSession", name: name)
        guard isWaiting else {
            output.object(SessionReport.accepted(session, kind: kind, invoker: invoker, namespace: namespace))
            await client.close()
            return
        }
        output.object([
            "type": "accepted", "id": .string(session.text), "kind": .string(kind.rawValue), "namespace": .string(namespace),
            "invoker": SessionReport.invoker(invoker),
        ])
        var watch = SessionWatch(session, kind, client: client, output: output, timeout: timeout, interval: interval)
        let status = try await watch.run()
        await client.close()
        output.line(SessionReport.summary(status))
        output.lines(SessionReport.details(status))
        output.object(SessionReport.session(status))
        switch status.phase {
        case .succeeded: return
        case .skipped: throw ExitCode.refused
        case .failed, .pending, .running, .unknown: throw ExitCode.failed
        }
    }

    /// What is said of a batch: each of its members, and the worst of their ends.
    private func follow(
        _ parent: SessionID, _ members: [SessionID], _ kind: SessionKind, namespace: String, name: String, _ client: SheafClient
    ) async throws {
        output.line(
            "batch session \(parent)  \(kind == .backup ? "plan" : "restore") \(namespace == "default" ? "" : namespace + "/")\(name)"
        )
        for (place, member) in members.enumerated() { output.line("member \(place + 1)/\(members.count)  session \(member)") }
        let invoker = Invoker(kind: kind == .backup ? "BackupBatch" : "RestoreBatch", name: name)
        output.object([
            "type": "accepted", "id": .string(parent.text), "kind": .string(kind.rawValue), "namespace": .string(namespace),
            "invoker": SessionReport.invoker(invoker), "members": .array(members.map { .string($0.text) }),
        ])
        guard isWaiting else { return await client.close() }
        var watch = BatchWatch(parent, members: members, kind, client: client, output: output, timeout: timeout)
        let ends = try await watch.run()
        await client.close()
        for end in ends { output.object(SessionReport.session(end)) }
        let phases = ends.map(\.phase)
        output.line(
            [Phase.succeeded, .failed, .skipped].compactMap { phase in
                let count = phases.count { $0 == phase }
                return count == 0 ? nil : "\(count) \(phase.rawValue.lowercased())"
            }.joined(separator: ", "))
        if phases.contains(.failed) { throw ExitCode.failed }
        if phases.contains(.skipped) { throw ExitCode.refused }
    }
}
