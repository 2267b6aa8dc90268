import FoundationEssentials
import Messages
import Runtime
import Testing

/// Every message is a CloudEvents 1.0 event in structured mode.
@Suite struct CloudEventTests {
    @Test func aMessageHasTheAttributesThatCloudEventsRequires() throws {
        let event = CloudEvent(
            id: "e1", source: "/sheaf/worker/w1", type: .unit, subject: "s1", time: MessageSamples.time, data: MessageSamples.unit
        )
        let json = try JSONValue(parsing: try MessageCoding.encode(event))
        #expect(json["specversion"] == "1.0")
        #expect(json["id"] == "e1")
        #expect(json["source"] == "/sheaf/worker/w1")
        #expect(json["type"] == "dev.sheaf.unit.v1")
        #expect(json["subject"] == "s1")
        #expect(json["time"] == .string(MessageSamples.time.description))
        #expect(json["datacontenttype"] == "application/json")
        #expect(CloudEvent<String>.contentType == "application/cloudevents+json")
    }

    @Test func anEventWithoutSubjectHasNoSubjectAttribute() throws {
        let event = CloudEvent(
            id: "e1", source: "/s", type: .query, subject: nil, time: MessageSamples.time, data: Query.repositories)
        #expect(try JSONValue(parsing: try MessageCoding.encode(event))["subject"] == nil)
    }

    @Test func attributesAndFieldsOfALaterVersionAreIgnored() throws {
        var json = try JSONValue(parsing: try MessageCoding.encode(MessageSamples.unit))
        json["priority"] = "high"
        json["position"]?["shardHint"] = 3
        let later: JSONValue = [
            "specversion": "1.0", "id": "e1", "source": "/s", "type": "dev.sheaf.unit.v1", "time": "2026-11-23T14:02:11Z",
            "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "data": json,
        ]
        let event = try MessageCoding.decode(CloudEvent<UnitCommand>.self, from: Array(later.serialized().utf8))
        #expect(event.data == MessageSamples.unit)
    }

    @Test(arguments: ["id", "source", "type", "specversion", "data"])
    func anEventWithoutARequiredAttributeIsRefused(attribute: String) throws {
        var text = """
            {"specversion":"1.0","id":"e1","source":"/s","type":"dev.sheaf.query.v1","time":"2026-11-23T14:02:11Z",\
            "datacontenttype":"application/json","data":{"repositories":{}}}
            """
        _ = try MessageCoding.decode(CloudEvent<Query>.self, from: Array(text.utf8))
        text = text.replacing("\"\(attribute)\":", with: "\"x\":")
        #expect(throws: (any Error).self) { try MessageCoding.decode(CloudEvent<Query>.self, from: Array(text.utf8)) }
    }

    @Test func anotherMajorVersionOfCloudEventsIsRefused() throws {
        let text = #"{"specversion":"2.0","id":"e1","source":"/s","type":"dev.sheaf.query.v1","data":{"repositories":{}}}"#
        #expect(throws: (any Error).self) { try MessageCoding.decode(CloudEvent<Query>.self, from: Array(text.utf8)) }
    }

    @Test func outsidersMayLeaveOutWhatCloudEventsMakesOptional() throws {
        let text = """
            {"specversion":"1.0","id":"e1","source":"/cron","type":"dev.sheaf.trigger.v1",\
            "data":{"subject":{"backup":{"namespace":"demo","name":"nightly"}}}}
            """
        let event = try MessageCoding.decode(CloudEvent<Trigger>.self, from: Array(text.utf8))
        #expect(event.data.subject == .backup(namespace: "demo", name: "nightly"))
    }
}
