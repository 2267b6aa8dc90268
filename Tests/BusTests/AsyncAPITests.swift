import FoundationEssentials
import Messages
import Runtime
import Testing

@testable import Bus

/// The channels of docs/asyncapi.yaml are those of the topology, whatever is changed there.
@Suite struct AsyncAPITests {
    let topology = Topology.documented

    /// `sheaf topology asyncapi` prints the expected text; `scripts/contract write` puts it into the document.
    @Test func theDocumentHasTheChannelsOfTheTopology() throws {
        let path = "\(#filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined())/docs/asyncapi.yaml"
        let document = String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
        let lines = document.split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex(of: "channels:"))
        let section = lines[start...].dropFirst().prefix { $0.hasPrefix(" ") }
        let documented = (["channels:"] + section).joined(separator: "\n")
        #expect(documented == topology.channelsYAML, "renew it with: scripts/contract write")
    }

    @Test func everyExchangeAndQueueHasAChannel() throws {
        let members = try #require(topology.channels.members)
        #expect(Set(members.map(\.name)).count == members.count)
        let bindings = members.compactMap { $0.value["bindings"]?["amqp"] }
        let exchanges = Set(bindings.filter { $0["is"] == "routingKey" }.compactMap { $0["exchange"]?["name"]?.string })
        let queues = bindings.compactMap { $0["queue"]?["name"]?.string }
        #expect(exchanges == Set(topology.exchanges.map(\.name)))
        #expect(Set(queues) == Set(topology.queues.map(\.name) + [Topology.controlQueue(of: "{worker}")]))
        #expect(Set(queues).count == queues.count)
    }

    @Test func everyTypeOfMessageIsOnAChannel() {
        let types = ContractChannel.keyed.flatMap(\.messages) + [.control, .reply]
        #expect(Set(types) == Set(MessageType.allCases))
    }

    /// The samples come from `RoutingKey`; the addresses are written by hand.
    @Test(arguments: ContractChannel.keyed.map(\.id))
    func addressesAreThoseOfTheKeys(id: String) throws {
        let channel = try #require(ContractChannel.keyed.first { $0.id == id })
        let words = try #require(channel.address).split(separator: ".")
        for sample in channel.samples {
            let key = sample.key.split(separator: ".")
            #expect(key.count == words.count, "\(sample.key)")
            for (word, part) in zip(words, key) {
                if let parameter = channel.parameters.first(where: { "{\($0.name)}" == word }) {
                    #expect(parameter.values.isEmpty || parameter.values.contains(String(part)), "\(sample.key)")
                } else {
                    #expect(word == part, "\(sample.key)")
                }
            }
        }
    }

    @Test(
        arguments: [
            ("sessionBackupQueue", ["backupSession"]), ("unitRestoreQueue", ["unit"]), ("queryQueue", ["query"]),
            ("sessionAbortQueue", ["backupSession", "restoreSession", "unit", "cancel"]),
            ("replyQueue", ["backupSession", "restoreSession", "status", "progress", "metric", "repository", "heartbeat"]),
            ("controlQueue", ["control"]), ("retry10sQueue", ["backupSession", "restoreSession", "unit", "cancel", "query"]),
        ])
    func aQueueHoldsWhatItsBindingsBring(queue: String, messages: [String]) throws {
        #expect(topology.channels[queue]?["messages"]?.members?.map(\.name) == messages)
    }

    @Test func aSchedulersQueueOfRequestsHoldsAllThatOutsidersSend() throws {
        let queue = try #require(topology.bindings.first { $0.exchange == Topology.trigger && $0.key == "#" }?.queue)
        let channel = try #require(topology.channels[ChannelName.words(queue) + "Queue"])
        #expect(channel["messages"]?.members?.map(\.name) == ["trigger", "cancel", "apply", "query"])
    }

    @Test func queuesTellTheirArgumentsAndBindings() throws {
        let queue = try #require(topology.channels["unitBackupQueue"])
        #expect(queue["x-arguments"]?["x-delivery-limit"] == 20)
        #expect(queue["x-bindings"] == [["exchange": "sheaf.command", "key": "unit.backup.#"]])
        #expect(queue["bindings"]?["amqp"]?["queue"]?["durable"] == true)
        #expect(topology.channels["replyQueue"]?["address"] == "sheaf.reply.{scheduler}")
        #expect(topology.channels["replyTo"]?["address"] == .null)
    }

    @Test func anExchangeOrQueueThatIsAddedIsPrinted() throws {
        var more = topology
        more.exchanges.append(.init(name: "sheaf.more.than", kind: .fanout))
        more.queues.append(.init(name: "sheaf.more.than", arguments: [:]))
        more.bindings.append(.init(exchange: "sheaf.more.than", queue: "sheaf.more.than", key: ""))
        let (channel, queue) = (try #require(more.channels["moreThan"]), try #require(more.channels["moreThanQueue"]))
        #expect(channel["messages"]?.members?.isEmpty == false && channel["messages"] == queue["messages"])
    }

    @Test(
        arguments: [
            ("#", "a.b.c", true), ("#", "", true), ("a.#", "a", true), ("a.#", "a.b.c", true), ("a.#", "b.a", false),
            ("a.*", "a.b", true), ("a.*", "a", false), ("a.*", "a.b.c", false), ("#.c", "a.b.c", true), ("#.c", "c", true),
            ("a.#.c", "a.c", true), ("a.#.c", "a.b.d", false), ("a.b", "a.b", true), ("a.b", "a.b.c", false), ("a", "ab", false),
        ])
    func patternsMatchAsTheBrokerDoes(pattern: String, key: String, isMatch: Bool) {
        #expect(TopicPattern(pattern).matches(key) == isMatch)
    }
}
