import Glibc
import Runtime

/// Starts the thread that owns a connection from connecting to the farewell.
enum ConnectionThread {
    /// Keeps the thread object until the thread's own end, where letting it go detaches instead of joining.
    private final class Holder: Sendable {
        let thread = Lock(DedicatedThread?.none)
    }

    /// - Parameter opened: answered once, when the connection stands or cannot come about.
    static func start(
        _ address: BrokerAddress, name: String, timeouts: BrokerTimeouts, mailbox: Mailbox, opened: Reply<Void>
    ) throws(AMQPError) {
        let limit = timeouts.connect + timeouts.connect + .seconds(1)
        let stallGuard = StallGuard {
            opened.fail(
                AMQPError(
                    .unreachable, "could not connect to \(address): no address for \(address.host) within \(limit); check the DNS"
                ))
        }
        stallGuard.arm(until: .now + limit)
        try StallWatchdog.add(stallGuard)
        let holder = Holder()
        do {
            let thread = try DedicatedThread(name: "amqp") {
                run(address, name: name, timeouts: timeouts, mailbox: mailbox, opened: opened, stallGuard: stallGuard)
                StallWatchdog.remove(stallGuard)
                withExtendedLifetime(holder) {}
            }
            holder.thread.withLock { $0 = thread }
        } catch {
            StallWatchdog.remove(stallGuard)
            throw AMQPError(.outOfResources, error.message)
        }
    }

    private static func run(
        _ address: BrokerAddress, name: String, timeouts: BrokerTimeouts, mailbox: Mailbox, opened: Reply<Void>,
        stallGuard: StallGuard
    ) {
        // OpenSSL may write to a closed socket; blocked here, the signal becomes an error of the call.
        var pipe = sigset_t()
        sigaddset(&pipe, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &pipe, nil)
        do {
            let handle = try ConnectionHandle(address, name: name, timeouts: timeouts, stallGuard: stallGuard)
            stallGuard.disarm()
            // Answered before with a timeout: nobody has this connection, so it closes again.
            guard opened.resolve(.success(())) else { return }
            ConnectionLoop(handle, mailbox: mailbox, timeouts: timeouts).run()
        } catch {
            mailbox.close(error)
            opened.fail(error)
        }
    }
}
