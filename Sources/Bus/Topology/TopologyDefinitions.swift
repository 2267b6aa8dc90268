import Crypto
package import Runtime

/// The topology and its users as RabbitMQ's own tools take them.
package struct TopologyDefinitions: Sendable {
    private let schedulers: [String]
    private let users: [BrokerUser]
    private let plans: [String]
    private let virtualHost: String

    /// - Parameters:
    ///   - schedulers: names of the Schedulers; each has a reply queue.
    ///   - plans: what outsiders are held to; empty: nothing.
    package init(schedulers: [String], users: [BrokerUser], plans: [String] = [], virtualHost: String = "/") {
        self.schedulers = schedulers
        self.users = users
        self.plans = plans
        self.virtualHost = virtualHost
    }

    /// A definitions file, for `rabbitmqctl import_definitions` and `load_definitions`.
    ///
    /// Users without a password are left out together with their rights: RabbitMQ refuses a file with rights of a user that it does not know,
    /// and would take a missing password for none at all.
    /// - Parameter salt: four random bytes for each password.
    package func file(salt: () throws -> [UInt8] = { try randomBytes(4) }) throws -> JSONValue {
        let topology = Topology(schedulers: schedulers)
        let known = users.filter { $0.password != nil }
        let entries: [JSONValue] = try known.compactMap { user in
            guard let password = user.password else { return nil }
            return [
                "name": .string(user.name), "password_hash": .string(try BrokerUser.passwordHash(password, salt: try salt())),
                "hashing_algorithm": "rabbit_password_hashing_sha256", "tags": .string(user.role.tags.joined(separator: ",")),
            ]
        }
        return [
            "vhosts": [["name": host]], "users": .array(entries), "permissions": .array(known.map(permission)),
            "topic_permissions": .array(
                known.flatMap { user in user.role.topicRights(plans: plans).map { topicPermission($0, of: user) } }),
            "exchanges": .array(topology.exchanges.map(exchange)), "queues": .array(topology.queues.map(queue)),
            "bindings": .array(topology.bindings.map(binding)),
        ]
    }

    /// The lines for a shell that give each user its rights.
    package var commands: [String] {
        users.flatMap { user in
            let rights = user.role.rights(schedulers: schedulers)
            let first = [
                "rabbitmqctl", "set_permissions", "-p", virtualHost, user.name, rights.configure, rights.write, rights.read,
            ]
            let more = user.role.topicRights(plans: plans).map {
                ["rabbitmqctl", "set_topic_permissions", "-p", virtualHost, user.name, $0.exchange, $0.write, $0.read]
            }
            return ([first] + more).map { $0.map(Self.quoted).joined(separator: " ") }
        }
    }

    private var host: JSONValue { .string(virtualHost) }

    private func permission(_ user: BrokerUser) -> JSONValue {
        let rights = user.role.rights(schedulers: schedulers)
        return [
            "user": .string(user.name), "vhost": host, "configure": .string(rights.configure), "write": .string(rights.write),
            "read": .string(rights.read),
        ]
    }

    private func topicPermission(_ rights: BrokerTopicRights, of user: BrokerUser) -> JSONValue {
        [
            "user": .string(user.name), "vhost": host, "exchange": .string(rights.exchange), "write": .string(rights.write),
            "read": .string(rights.read),
        ]
    }

    private func exchange(_ exchange: Topology.Exchange) -> JSONValue {
        [
            "name": .string(exchange.name), "vhost": host, "type": .string(exchange.kind.rawValue), "durable": true,
            "auto_delete": false, "internal": false, "arguments": [:],
        ]
    }

    private func queue(_ queue: Topology.Queue) -> JSONValue {
        let arguments = queue.arguments.sorted { $0.key < $1.key }.map { name, argument in
            let value: JSONValue =
                switch argument {
                case .text(let text): .string(text)
                case .number(let number): JSONValue(number)
                }
            return JSONValue.Member(name: name, value: value)
        }
        return [
            "name": .string(queue.name), "vhost": host, "durable": true, "auto_delete": false, "arguments": .object(arguments),
        ]
    }

    private func binding(_ binding: Topology.Binding) -> JSONValue {
        [
            "source": .string(binding.exchange), "vhost": host, "destination": .string(binding.queue),
            "destination_type": "queue",
            "routing_key": .string(binding.key), "arguments": [:],
        ]
    }

    /// A word for a POSIX shell.
    private static func quoted(_ word: String) -> String {
        let isPlain = !word.isEmpty && word.utf8.allSatisfy { "abcdefghijklmnopqrstuvwxyz_-./".utf8.contains($0) }
        return isPlain ? word : "'\(word.replacing("'", with: "'\\''"))'"
    }
}
