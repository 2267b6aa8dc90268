import Crypto
import FoundationEssentials
import Runtime
import Testing

@testable import Archive

struct KeyObjectTests {
    private let now = Date(timeIntervalSince1970: 1_750_000_000)
    private let repository = String(repeating: "7", count: 32)
    private let password = Sensitive("pässword")

    private func make(_ keyring: Keyring, label: String = "main") throws -> KeyObject {
        try KeyObject.make(keyring, repository: repository, password: password, label: label, now: now, cost: cheap)
    }

    @Test func itsPasswordAloneGivesTheEpochsBack() throws {
        let keyring = try Keyring().rotated().rotated()
        let object = try make(keyring)
        let read = try KeyObject.decoded(object.encoded(), id: object.id, in: "here")
        #expect(read == object)
        #expect(try read.open(with: password, in: "here") == keyring.epochs)
        #expect(read.epochs == keyring.epochs.map(\.id) && keyring.epochs.map(\.number) == [1, 2])
        #expect(read.label == "main" && read.created == "2025-06-15T15:06:40Z" && read.repository == repository)
        for other in ["", "password", "pässword ", "PÄSSWORD"] {
            #expect(try read.open(with: Sensitive(other), in: "here") == nil)
        }
        let text = String(decoding: try object.encoded(), as: UTF8.self)
        for epoch in keyring.epochs { #expect(!text.contains(epoch.key.exposedBytes.hex)) }
    }

    /// Section 5.1 word for word: Python's cryptography makes one of these, and its JSON by another library.
    @Test func anObjectOfPythonsMakingOpens() throws {
        let text = """
            {"check":"e449389ec894197fab6d16750125fef9593eaed6e3f47a4bab8bdb542bd4d0d4","created":"2026-11-26T19:00:00Z","\
            epochs":["00112233445566778899aabbccddeeff"],"kdf":{"logN":10,"name":"scrypt","p":1,"r":8,"salt":"000102030405\
            060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"},"label":"main","repository":"0123456789abcdef0123456789\
            abcdef","sealed":"000102030405060708090a0bdb65b2fd511b10e6dc4e4f5d6636de9df9d74768a1d8f083f31d18fc993918f1bc34\
            2ff1b2b0cf58c2f46a0637fe43cb7b31b894375f74e5a06669b7f6e7467eeec296ad178872037219e5498e220958f4558405826d1c92a5\
            ad09c262722557a94f4296f07f321b0f960b050b2a57b788dbb61347cb89b31529e7d86bd92166ab9dbfc1e482cb83637d250533208f7f\
            6d251cc4998ca9b95932","version":1}

            """
        let object = try KeyObject.decoded(Array(text.utf8), id: "a", in: "here")
        let epochs = try #require(try object.open(with: Sensitive("pässword"), in: "here"))
        #expect(epochs.map(\.id.description) == ["00112233445566778899aabbccddeeff"] && epochs.map(\.number) == [1])
        #expect(epochs.map(\.key.exposedBytes.hex) == [String(repeating: "5a", count: 32)])
    }

    @Test func everyChangedByteIsDamageAndNoOtherPassword() throws {
        let object = try make(try Keyring().rotated())
        let bytes = try object.encoded()
        for offset in bytes.indices {
            for bit in [UInt8(1), 0x20] {
                var changed = bytes
                changed[offset] ^= bit
                #expect(code { _ = try KeyObject.decoded(changed, id: object.id, in: "here") } == .corrupt, "byte \(offset)")
            }
        }
        for length in 0..<bytes.count {
            #expect(code { _ = try KeyObject.decoded(Array(bytes[..<length]), id: object.id, in: "here") } == .corrupt)
        }
    }

    /// Whoever can write can make the digest hold again.
    @Test(arguments: [
        ("\"logN\":10", "\"logN\":9", ArchiveError.Code.unsupported), ("\"logN\":10", "\"logN\":22", .unsupported),
        ("\"r\":1,", "\"r\":17,", .unsupported), ("\"p\":1,", "\"p\":2,", .unsupported), ("\"r\":1,", "\"r\":0,", .unsupported),
        // 288 MiB.
        (#""logN":10,"name":"scrypt","p":1,"r":1,"#, #""logN":18,"name":"scrypt","p":1,"r":9,"#, .unsupported),
        ("\"name\":\"scrypt\"", "\"name\":\"argon2\"", .unsupported), ("\"version\":1", "\"version\":2", .unsupported),
        ("\"version\":1", "\"version\":\"1\"", .corrupt), ("\"created\"", "\"later\"", .corrupt),
    ])
    func whatAReaderMustNotDoIsRefused(old: String, new: String, expected: ArchiveError.Code) throws {
        let object = try make(try Keyring().rotated())
        #expect(code { _ = try KeyObject.decoded(try forged(object, old, new), id: object.id, in: "here") } == expected)
    }

    @Test(arguments: [(18, 8, 1), (21, 1, 1), (10, 16, 1)]) func theMostThatAReaderMustDoIsAccepted(logN: Int, r: Int, p: Int)
        throws
    {
        let object = try make(try Keyring().rotated())
        let bytes = try forged(
            object, #""logN":10,"name":"scrypt","p":1,"r":1,"#, #""logN":\#(logN),"name":"scrypt","p":\#(p),"r":\#(r),"#)
        #expect(code { _ = try KeyObject.decoded(bytes, id: object.id, in: "here") } == nil)
    }

    @Test(arguments: ["pässword\n", "pässword\r\n", "pässword\n\r\n"])
    func lineEndsBehindAPasswordAreNoPartOfIt(text: String) throws {
        let keyring = try Keyring().rotated()
        #expect(try make(keyring).open(with: Sensitive(text), in: "here") == keyring.epochs)
        let object = try KeyObject.make(
            keyring, repository: repository, password: Sensitive(text), label: "main", now: now, cost: cheap)
        #expect(try object.open(with: password, in: "here") == keyring.epochs)
        #expect(try object.open(with: Sensitive("pässword\r"), in: "here") == nil)
    }

    @Test func aPasswordOfLineEndsAloneIsEmpty() throws {
        let keyring = try Keyring().rotated()
        #expect(
            code {
                _ = try KeyObject.make(
                    keyring, repository: repository, password: Sensitive("\r\n"), label: "main", now: now, cost: cheap)
            } == .invalid)
    }

    @Test func sealedEpochsMustBeThoseThatItNames() throws {
        let keyring = try Keyring().rotated()
        let object = try make(keyring)
        let id = keyring.epochs[0].id.description
        let other = try KeyObject.decoded(
            try forged(object, id, String(repeating: "0", count: 32)), id: object.id, in: "here")
        #expect(code { _ = try other.open(with: password, in: "here") } == .corrupt)
        let moved = try KeyObject.decoded(
            try forged(object, repository, String(repeating: "8", count: 32)), id: object.id, in: "here")
        #expect(try moved.open(with: password, in: "here") == nil)
    }

    @Test func membersOfLaterProgramsAreIgnored() throws {
        let object = try make(try Keyring().rotated())
        let later = try KeyObject.decoded(
            try forged(object, "\"version\":1", "\"version\":1,\"zeal\":[1]"), id: object.id, in: "here")
        #expect(try later.open(with: password, in: "here") != nil)
    }

    @Test(arguments: ["", "a\"b", "back\\slash", "ümlaut", "line\nend", String(repeating: "x", count: 65)])
    func labelsWithMoreThanOneSpellingAreRefused(label: String) throws {
        #expect(code { _ = try make(try Keyring().rotated(), label: label) } == .invalid)
    }

    private func forged(_ object: KeyObject, _ old: String, _ new: String) throws -> [UInt8] {
        try forgedKey(object.encoded(), old, new)
    }
}
