import Runtime

/// A name that becomes part of a queue's name, of a file's and of a word in a shell.
struct PlainName: ArgumentValue, Hashable {
    static let argumentExpectation =
        "a name of letters, digits, \".\", \"_\" and \"-\", 100 at most, not beginning with \".\" or \"-\""

    let text: String

    init?(argument: String) {
        guard (1...100).contains(argument.utf8.count), !argument.hasPrefix("."), !argument.hasPrefix("-"),
            argument.utf8.allSatisfy({ byte in
                (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte)
                    || "._-".utf8.contains(byte)
            })
        else { return nil }
        text = argument
    }
}
