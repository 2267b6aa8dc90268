import Runtime
import Testing

@testable import AMQP

struct BrokerAddressTests {
    @Test func everyPartIsReadAndDecoded() throws {
        let address = try BrokerAddress("amqp://us%40er:p%2Fa%3As%25s@broker.example:5673/team%2Fa?heartbeat=15")
        #expect(address.host == "broker.example")
        #expect(address.port == 5673)
        #expect(address.virtualHost == "team/a")
        #expect(address.authentication == .password(user: "us@er", Sensitive("p/a:s%s")))
        #expect(address.heartbeat == 15)
        #expect(address.tls == nil)
    }

    @Test(arguments: [
        ("amqp://localhost", "localhost", 5672, "/"),
        ("amqp://localhost/", "localhost", 5672, "/"),
        ("amqp://localhost/%2F", "localhost", 5672, "/"),
        ("AMQPS://localhost/a", "localhost", 5671, "a"),
        ("amqp://[::1]:5673/a", "::1", 5673, "a"),
        ("amqp://[::1]", "::1", 5672, "/"),
    ])
    func missingPartsHaveDefaults(text: String, host: String, port: UInt16, virtualHost: String) throws {
        let address = try BrokerAddress(text)
        #expect(address.host == host)
        #expect(address.port == port)
        #expect(address.virtualHost == virtualHost)
        #expect(address.user == "guest")
        #expect(address.heartbeat == 10)
    }

    @Test func tlsTakesItsFilesFromTheQuery() throws {
        let address = try BrokerAddress(
            "amqps://h/?cacertfile=%2Fa%20b.pem&certfile=/c.pem&keyfile=/k.pem&verify=verify_peer&auth_mechanism=external")
        #expect(
            address.tls
                == TLSSettings(
                    authorityFile: "/a b.pem", client: .init(certificateFile: "/c.pem", keyFile: "/k.pem")))
        #expect(address.authentication == .certificate)
        #expect(try BrokerAddress("amqps://h").tls?.authorityFile == "/etc/ssl/certs/ca-certificates.crt")
    }

    @Test(arguments: [
        ("http://localhost", "amqp://"), ("localhost:5672", "amqp://"), ("amqp://", "host"), ("amqp://:5672", "host"),
        ("amqp://h:0", "port"), ("amqp://h:70000", "port"), ("amqp://h:abc", "port"), ("amqp://h:", "port"),
        ("amqp://h/a/b", "%2F"), ("amqp://h/a%2", "hex"), ("amqp://h/a%zz", "hex"), ("amqp://h/a%00", "hex"),
        ("amqp://h/a%+1", "hex"), ("amqp://h/%ff", "UTF-8"), ("amqp://user@h", "no password"), ("amqp://:x@h", "user name"),
        ("amqp://h/?heartbeat=0", "heartbeat"), ("amqp://h/?heartbeat=x", "heartbeat"), ("amqp://h/?foo=1", "'foo'"),
        ("amqp://h/?cacertfile=/a", "amqps"), ("amqps://h/?certfile=/a", "together"),
        ("amqps://h/?verify=verify_none", "turned off"), ("amqps://h/?auth_mechanism=external", "certfile"),
        ("amqp://[::1", "']'"), ("amqp://[::1]x", "after the IPv6"),
    ])
    func badAddressIsRefusedNamingThePart(text: String, part: String) {
        let error = #expect(throws: AMQPError.self) { try BrokerAddress(text) }
        #expect(error?.code == .invalidAddress)
        #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
    }

    @Test(arguments: [
        "amqp://u:hunter2@h/a?heartbeat=0", "amqp://u:hunter2%@h", "amqp://u:hunter2/x@h", "amqp://u:hunter2#@h",
        "amqp://u:hun@hunter2@h", "amqp://u:hunter2?@h",
    ])
    func errorsNeverRepeatThePassword(text: String) {
        let error = #expect(throws: AMQPError.self) { try BrokerAddress(text) }
        #expect(error?.message.contains("hunter2") == false, "\(error?.message ?? "")")
    }

    @Test func descriptionHidesThePassword() throws {
        let address = try BrokerAddress("amqps://u:hunter2@h:1/v")
        #expect(address.description == "amqps://u@h:1/v")
        var dumped = ""
        dump(address, to: &dumped)
        #expect(!dumped.contains("hunter2"))
        #expect(!"\(address.authentication)".contains("hunter2"))
    }
}
