import Messages
package import Runtime

extension Topology {
    /// What the document describes: the reply queue of any Scheduler.
    package static let documented = Topology(schedulers: ["{scheduler}"])

    /// The section `channels` of docs/asyncapi.yaml (AsyncAPI 3.0.0, amqp bindings 0.3.0) as YAML, of every exchange and queue here.
    ///
    /// The bindings know no arguments of queues: `x-arguments` and `x-bindings` hold them.
    package var channelsYAML: String { YAMLText.block(["channels": channels]) }

    /// Channels by name: one for each kind of key, one for each exchange without keys of its own, one for each queue.
    package var channels: JSONValue {
        let published = publishedChannels
        var members = published.map { JSONValue.Member(name: $0.id, value: describe($0)) }
        members += queues.map { queue in
            let reached = messages(reaching: queue.name, from: published)
            return JSONValue.Member(
                name: ChannelName.words(queue.name) + "Queue", value: describe(queue, messages: reached))
        }
        members.append(JSONValue.Member(name: "controlQueue", value: controlQueue))
        members.append(JSONValue.Member(name: "replyTo", value: replyTo))
        return .object(members)
    }

    private var publishedChannels: [ContractChannel] {
        exchanges.flatMap { exchange in
            let keyed = ContractChannel.keyed.filter { $0.exchange == exchange.name }
            return keyed.isEmpty ? [.unkeyed(exchange)] : keyed
        }
    }

    /// The messages that the bindings bring into a queue.
    private func messages(reaching queue: String, from channels: [ContractChannel]) -> [MessageType] {
        var reached: Set<MessageType> = []
        for binding in bindings where binding.queue == queue {
            let isFanout = exchanges.contains { $0.name == binding.exchange && $0.kind == .fanout }
            for channel in channels where channel.exchange == binding.exchange {
                for sample in channel.samples where isFanout || TopicPattern(binding.key).matches(sample.key) {
                    reached.formUnion(sample.messages)
                }
            }
        }
        return MessageType.allCases.filter(reached.contains)
    }

    private func describe(_ channel: ContractChannel) -> JSONValue {
        let kind = exchanges.first { $0.name == channel.exchange }?.kind ?? .topic
        return describe(
            address: channel.address, summary: channel.summary, parameters: channel.parameters, messages: channel.messages,
            binding: [
                "is": "routingKey",
                "exchange": [
                    "name": .string(channel.exchange), "type": .string(kind.rawValue), "durable": true, "autoDelete": false,
                ],
            ])
    }

    private func describe(_ queue: Queue, messages: [MessageType]) -> JSONValue {
        var channel = describe(
            address: queue.name, summary: "Queue \(queue.name).", parameters: ContractChannel.Parameter.all(in: queue.name),
            messages: messages, binding: Self.queueBinding(queue.name))
        channel["x-arguments"] = .object(
            queue.arguments.sorted { $0.key < $1.key }.map { JSONValue.Member(name: $0.key, value: $0.value.json) })
        channel["x-bindings"] = .array(
            bindings.filter { $0.queue == queue.name }.map {
                ["exchange": .string($0.exchange), "key": .string($0.key)]
            })
        return channel
    }

    private var controlQueue: JSONValue {
        let name = Topology.controlQueue(of: "{worker}")
        var channel = describe(
            address: name, summary: "A worker's own queue, gone with its connection.",
            parameters: ContractChannel.Parameter.all(in: name), messages: [.control],
            binding: Self.queueBinding(name, durable: false))
        channel["x-bindings"] = [["exchange": .string(Topology.control), "key": ""]]
        return channel
    }

    /// The one queue that is not Sheaf's. The default exchange, which the bindings cannot describe for a queue, brings messages to it.
    private var replyTo: JSONValue {
        describe(
            address: nil, summary: "The queue that a request's reply_to names: the asker's own, or one of sheaf.reply.*.",
            parameters: [], messages: [.status, .reply], binding: ["is": "queue", "queue": [:]])
    }

    private static func queueBinding(_ name: String, durable: Bool = true) -> JSONValue {
        [
            "is": "queue",
            "queue": [
                "name": .string(name), "durable": .bool(durable), "exclusive": .bool(!durable), "autoDelete": .bool(!durable),
            ],
        ]
    }

    private func describe(
        address: String?, summary: String, parameters: [ContractChannel.Parameter], messages: [MessageType], binding: JSONValue
    ) -> JSONValue {
        var channel: JSONValue = ["address": address.map { .string($0) } ?? .null, "summary": .string(summary)]
        if !parameters.isEmpty {
            channel["parameters"] = .object(parameters.map { JSONValue.Member(name: $0.name, value: $0.json) })
        }
        channel["messages"] = .object(
            messages.map { JSONValue.Member(name: "\($0)", value: ["$ref": "#/components/messages/\($0)"]) })
        var binding = binding
        binding["bindingVersion"] = "0.3.0"
        channel["bindings"] = ["amqp": binding]
        return channel
    }
}

extension ContractChannel.Parameter {
    fileprivate var json: JSONValue {
        var value: JSONValue = ["description": .string(description)]
        if !values.isEmpty { value["enum"] = .array(values.map { .string($0) }) }
        return value
    }
}

extension Topology.Argument {
    fileprivate var json: JSONValue {
        switch self {
        case .text(let text): .string(text)
        case .number(let number): JSONValue(number)
        }
    }
}
