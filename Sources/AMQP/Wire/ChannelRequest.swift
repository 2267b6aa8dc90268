/// A method with an answer, sent on the one channel; one at a time is under way.
enum ChannelRequest: Sendable, Equatable {
    case declareExchange(name: String, type: String, durable: Bool, passive: Bool, arguments: HeaderTable)
    case deleteExchange(name: String)
    case declareQueue(
        name: String, durable: Bool, exclusive: Bool, autoDelete: Bool, passive: Bool, arguments: HeaderTable)
    case bindQueue(name: String, exchange: String, routingKey: String, arguments: HeaderTable)
    case unbindQueue(name: String, exchange: String, routingKey: String, arguments: HeaderTable)
    case purgeQueue(name: String)
    case deleteQueue(name: String, onlyIfUnused: Bool, onlyIfEmpty: Bool)
    case limitPrefetch(UInt16)
    case consume(queue: String, tag: String, exclusive: Bool, arguments: HeaderTable)
    case cancel(tag: String)

    /// The method that is sent.
    var method: MethodID {
        switch self {
        case .declareExchange: .exchangeDeclare
        case .deleteExchange: .exchangeDelete
        case .declareQueue: .queueDeclare
        case .bindQueue: .queueBind
        case .unbindQueue: .queueUnbind
        case .purgeQueue: .queuePurge
        case .deleteQueue: .queueDelete
        case .limitPrefetch: .basicQoS
        case .consume: .basicConsume
        case .cancel: .basicCancel
        }
    }

    /// The method that answers it.
    var answer: MethodID {
        switch self {
        case .declareExchange: .exchangeDeclareOK
        case .deleteExchange: .exchangeDeleteOK
        case .declareQueue: .queueDeclareOK
        case .bindQueue: .queueBindOK
        case .unbindQueue: .queueUnbindOK
        case .purgeQueue: .queuePurgeOK
        case .deleteQueue: .queueDeleteOK
        case .limitPrefetch: .basicQoSOK
        case .consume: .basicConsumeOK
        case .cancel: .basicCancelOK
        }
    }

    /// How errors name what was tried.
    var subject: String {
        switch self {
        case .declareExchange(let name, _, _, let passive, _): "\(passive ? "checking" : "declaring") exchange \(name)"
        case .deleteExchange(let name): "deleting exchange \(name)"
        case .declareQueue(let name, _, _, _, let passive, _): "\(passive ? "checking" : "declaring") queue \(name)"
        case .bindQueue(let name, let exchange, let key, _): "binding queue \(name) to exchange \(exchange) with key '\(key)'"
        case .unbindQueue(let name, let exchange, let key, _):
            "unbinding queue \(name) from exchange \(exchange) with key '\(key)'"
        case .purgeQueue(let name): "purging queue \(name)"
        case .deleteQueue(let name, _, _): "deleting queue \(name)"
        case .limitPrefetch(let count): "limiting the prefetch to \(count)"
        case .consume(let queue, _, _, _): "consuming from queue \(queue)"
        case .cancel(let tag): "cancelling consumer \(tag)"
        }
    }
}

/// What the broker answers a `ChannelRequest`.
enum ChannelResponse: Sendable, Equatable {
    case done
    case queue(name: String, messages: UInt32, consumers: UInt32)
    case messages(UInt32)
}
