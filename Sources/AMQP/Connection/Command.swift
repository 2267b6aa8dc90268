/// What tasks ask of a connection's thread.
enum Command: Sendable {
    case publish(PublishJob)
    case call(ChannelCall)
    case settle(tag: UInt64, Settlement, Reply<Void>)
    case close(Reply<Void>)
    /// The last reference to the connection is gone.
    case abandon

    /// Answers the command without carrying it out.
    func fail(_ error: AMQPError) {
        switch self {
        case .publish(let job): job.reply.fail(error.prefixed("\(job.message.subject) was not sent"))
        case .call(let call): call.reply.fail(error.prefixed(call.subject))
        case .settle(_, _, let reply): reply.fail(error.prefixed("the delivery goes back to its queue"))
        case .close(let reply): reply.succeed()
        case .abandon: break
        }
    }
}

/// One message on its way to the broker's confirm.
struct PublishJob: Sendable {
    var message: OutgoingMessage
    var deadline: ContinuousClock.Instant
    let reply: Reply<Void>
}

/// Requests that must go out without another task's request between them; the last answer is the reply.
struct ChannelCall: Sendable {
    var requests: [ChannelRequest]
    /// Where the deliveries of the consumer go that the last request starts.
    var consumer: ConsumerRegistration?
    let reply: Reply<ChannelResponse>

    var subject: String { requests.last?.subject ?? "" }
}

struct ConsumerRegistration: Sendable {
    var tag: String
    var buffer: DeliveryBuffer
}
