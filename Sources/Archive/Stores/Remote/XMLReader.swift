/// Walks the bytes of one XML document; see `XMLElement` for what it takes.
struct XMLReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func document() throws(ArchiveError) -> XMLElement {
        _ = take("\u{FEFF}")
        var open: [XMLElement] = []
        try skipMisc()
        while true {
            if open.isEmpty {
                guard take("<") else { throw failure("an element should begin") }
            } else {
                let text = try characters()
                open[open.count - 1].text += text
                guard take("<") else { throw failure("it ends inside <\(open[open.count - 1].name)>") }
            }
            if take("/") {
                guard let element = open.popLast(), try name() == element.name else {
                    throw failure("an end tag fits no element")
                }
                skipBlanks()
                guard take(">") else { throw failure("an end tag does not end") }
                guard let parent = open.indices.last else { return try ended(element) }
                open[parent].children.append(element)
            } else if take("!--") {
                try skip(past: "-->")
            } else if take("![CDATA["), let last = open.indices.last {
                open[last].text += try text(until: "]]>")
            } else if take("?") {
                try skip(past: "?>")
            } else {
                guard open.count < XMLElement.maximumDepth else {
                    throw failure("elements are nested deeper than \(XMLElement.maximumDepth)")
                }
                let element = XMLElement(name: try name())
                if try attributesEndEmpty() {
                    guard let parent = open.indices.last else { return try ended(element) }
                    open[parent].children.append(element)
                } else {
                    open.append(element)
                }
            }
        }
    }

    private mutating func ended(_ root: XMLElement) throws(ArchiveError) -> XMLElement {
        try skipMisc()
        guard position == bytes.count else { throw failure("something follows the document") }
        return root
    }

    /// Blanks, comments and processing instructions around the root.
    private mutating func skipMisc() throws(ArchiveError) {
        while true {
            skipBlanks()
            if take("<?") {
                try skip(past: "?>")
            } else if take("<!--") {
                try skip(past: "-->")
            } else if starts("<!") {
                throw failure("it has a document type, which no store sends")
            } else {
                return
            }
        }
    }

    /// Text up to the next tag, with its references resolved.
    private mutating func characters() throws(ArchiveError) -> String {
        var result: [UInt8] = []
        while position < bytes.count, bytes[position] != UInt8(ascii: "<") {
            if bytes[position] == UInt8(ascii: "&") {
                result += try reference()
            } else {
                result.append(bytes[position])
                position += 1
            }
        }
        return try string(result)
    }

    private mutating func reference() throws(ArchiveError) -> [UInt8] {
        // The longest is &#x0010FFFF; with some zeros more.
        guard let end = bytes[position...].prefix(16).firstIndex(of: UInt8(ascii: ";")) else {
            throw failure("a reference does not end")
        }
        let text = String(decoding: bytes[(position + 1)..<end], as: UTF8.self)
        let value: Unicode.Scalar? =
            switch text {
            case "lt": "<"
            case "gt": ">"
            case "amp": "&"
            case "quot": "\""
            case "apos": "'"
            case _ where text.hasPrefix("#x"): UInt32(text.dropFirst(2), radix: 16).flatMap(Unicode.Scalar.init)
            case _ where text.hasPrefix("#"): UInt32(text.dropFirst()).flatMap(Unicode.Scalar.init)
            default: nil
            }
        guard let value, value != "\0" else { throw failure("an entity is not known") }
        position = end + 1
        return Array(String(Character(value)).utf8)
    }

    private mutating func name() throws(ArchiveError) -> String {
        let start = position
        while position < bytes.count, XMLReader.isName(bytes[position]) { position += 1 }
        guard position > start, !(0x2D...0x39).contains(bytes[start]) else { throw failure("a name should be here") }
        return try string(Array(bytes[start..<position]))
    }

    /// Skips attributes and the tag's end.
    /// - Returns: whether it was `/>`.
    private mutating func attributesEndEmpty() throws(ArchiveError) -> Bool {
        while true {
            let start = position
            skipBlanks()
            if take("/>") { return true }
            if take(">") { return false }
            guard position > start else { throw failure("a tag does not end") }
            _ = try name()
            skipBlanks()
            guard take("=") else { throw failure("an attribute has no value") }
            skipBlanks()
            if take("\"") {
                try skip(past: "\"")
            } else if take("'") {
                try skip(past: "'")
            } else {
                throw failure("a value has no quotes")
            }
        }
    }

    private mutating func text(until end: String) throws(ArchiveError) -> String {
        let start = position
        try skip(past: end)
        return try string(Array(bytes[start..<(position - end.utf8.count)]))
    }

    private mutating func skip(past end: String) throws(ArchiveError) {
        while !take(end) {
            guard position < bytes.count else { throw failure("it ends where \(end) should follow") }
            position += 1
        }
    }

    private mutating func skipBlanks() {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
    }

    private func starts(_ text: String) -> Bool {
        bytes[position...].starts(with: text.utf8)
    }

    private mutating func take(_ text: String) -> Bool {
        guard starts(text) else { return false }
        position += text.utf8.count
        return true
    }

    private func string(_ bytes: [UInt8]) throws(ArchiveError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw failure("text is not UTF-8") }
        return text
    }

    private func failure(_ cause: String) -> ArchiveError {
        ArchiveError(.unreachable, "the answer is not the XML of a store: at byte \(position), \(cause)")
    }

    /// Letters, digits and `_ : - .`, and every byte of a character beyond ASCII.
    private static func isName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "-"), UInt8(ascii: "."), 0x80...:
            true
        default: false
        }
    }
}
