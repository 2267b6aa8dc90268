import Glibc

/// What a connection's thread does: reads frames, carries out commands, keeps deadlines, until the connection ends.
///
/// Everything here runs on that one thread. Other tasks reach it through the mailbox and get their answers through
/// replies and delivery buffers.
final class ConnectionLoop {
    /// More unanswered publishes gain little throughput and make more of them unknown when the connection is lost.
    static let window = 64
    /// So many frames may come in a row before commands and deadlines get their turn.
    private static let framesPerTurn = 256

    let handle: ConnectionHandle
    let mailbox: Mailbox
    let timeouts: BrokerTimeouts
    var outbox = FIFO<PublishJob>()
    var ledger = ConfirmLedger<PublishJob>()
    var assembler = MessageAssembler()
    var calls = FIFO<ChannelCall>()
    var current: CallInProgress?
    var consumers: [String: DeliveryBuffer] = [:]
    var closing: Reply<Void>?
    var isAbandoned = false
    /// Whether the end was told to the broker, or by it, so that no farewell is due.
    var isBrokerGone = false
    private var now = ContinuousClock.now

    /// A call whose request with this index is with the broker.
    struct CallInProgress {
        let call: ChannelCall
        var index: Int
        var deadline: ContinuousClock.Instant

        var request: ChannelRequest { call.requests[index] }
    }

    init(_ handle: ConnectionHandle, mailbox: Mailbox, timeouts: BrokerTimeouts) {
        self.handle = handle
        self.mailbox = mailbox
        self.timeouts = timeouts
    }

    /// Serves the connection until it is closed, abandoned or lost.
    func run() {
        do {
            while closing == nil, !isAbandoned { try turn() }
            end(
                AMQPError(
                    .connectionClosed, "this process closed the connection to \(handle.address)", isRetryable: false))
        } catch {
            end(error)
        }
    }

    private func turn() throws(AMQPError) {
        now = .now
        handle.stallGuard.arm(until: now + timeouts.answer)
        // Reading before sending also matters to librabbitmq: a publish with a missed heartbeat waits without limit.
        let isDrained = try readFrames()
        for command in mailbox.takeAll() { try perform(command) }
        try startCalls()
        let hasPublished = try flushOutbox()
        try expire()
        handle.stallGuard.disarm()
        // Publishing may have read bytes into the library's buffer, which the socket no longer shows.
        if isDrained, !hasPublished, closing == nil, !isAbandoned { waitForWork() }
    }

    private func readFrames() throws(AMQPError) -> Bool {
        for _ in 0..<Self.framesPerTurn {
            guard let frame = try handle.nextFrame() else { return true }
            try receive(frame)
        }
        return false
    }

    /// - Returns: whether anything was sent.
    private func flushOutbox() throws(AMQPError) -> Bool {
        var hasPublished = false
        while ledger.count < Self.window, mailbox.blockedReason == nil, handle.isWritable, let job = outbox.popFirst() {
            guard job.deadline > now else {
                expireUnsent(job)
                continue
            }
            handle.stallGuard.arm(until: job.deadline)
            do {
                try handle.publish(job.message)
                ledger.append(job)
                hasPublished = true
            } catch  where error.code == .invalidArgument {
                job.reply.fail(error.prefixed("\(job.message.subject) was not sent"))
            } catch {
                // Part of it may be on the wire, so it counts as sent.
                ledger.append(job)
                throw error
            }
        }
        return hasPublished
    }

    private func expire() throws(AMQPError) {
        for pending in ledger.removePrefix(while: { $0.deadline <= now }) {
            pending.entry.reply.fail(
                AMQPError(
                    .timedOut,
                    "\(pending.entry.message.subject): no confirm within \(timeouts.publish)\(blockedText), unknown whether the"
                        + " broker has it; publish it again"))
        }
        while let job = outbox.first, job.deadline <= now {
            _ = outbox.popFirst()
            expireUnsent(job)
        }
        if let current, current.deadline <= now {
            throw AMQPError(
                .timedOut,
                "\(current.request.subject): no answer from \(handle.address) within \(timeouts.answer); the connection is dropped"
            )
        }
    }

    private func expireUnsent(_ job: PublishJob) {
        job.reply.fail(
            AMQPError(
                .timedOut, "\(job.message.subject) was not sent within \(timeouts.publish)\(blockedText); publish it again later")
        )
    }

    private var blockedText: String {
        mailbox.blockedReason.map { " (the broker takes no publishes: \($0))" } ?? ""
    }

    private func waitForWork() {
        // The library sends heartbeats and notices missing ones only when it is called.
        var wait = handle.heartbeat / 4
        let deadlines = [ledger.first?.entry.deadline, outbox.first?.deadline, current?.deadline]
        for deadline in deadlines.compactMap({ $0 }) { wait = min(wait, deadline - .now) }
        let isWaitingToSend = !outbox.isEmpty && ledger.count < Self.window && mailbox.blockedReason == nil
        var entries = [
            pollfd(fd: handle.socket, events: Int16(POLLIN | (isWaitingToSend ? POLLOUT : 0)), revents: 0),
            pollfd(fd: mailbox.wakeup, events: Int16(POLLIN), revents: 0),
        ]
        let milliseconds = max(0, wait / .milliseconds(1)).rounded(.up)
        // An interrupted or failed poll only means that the next turn looks sooner.
        _ = poll(&entries, nfds_t(entries.count), Int32(min(milliseconds, 60_000)))
    }

    /// Tells everyone who waits that it is over, then the broker.
    private func end(_ cause: AMQPError) {
        var error = cause
        if handle.stallGuard.hasFired {
            error = AMQPError(
                .connectionLost,
                "the connection to \(handle.address) took no bytes until a deadline and was cut off; the broker may be blocked by"
                    + " an alarm or the network be gone")
        }
        mailbox.close(error)
        if let current { current.call.reply.fail(error.prefixed(current.call.subject)) }
        for call in calls.popAll() { call.reply.fail(error.prefixed(call.subject)) }
        for pending in ledger.removeAll() {
            pending.entry.reply.fail(error.prefixed("\(pending.entry.message.subject), unknown whether the broker has it"))
        }
        for job in outbox.popAll() { Command.publish(job).fail(error) }
        for buffer in consumers.values { _ = buffer.end(error) }
        if error.code != .connectionLost, !isBrokerGone {
            handle.stallGuard.arm(until: .now + timeouts.close + .seconds(1))
            do {
                try handle.close(within: timeouts.close)
            } catch {
                // All that waited has its error; the farewell is a courtesy to the broker's log.
            }
        }
        closing?.succeed()
    }
}
