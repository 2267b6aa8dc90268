/// An element of the answers of S3, STS and Azure: its name, its own text, its child elements.
///
/// Reads what such answers hold and no more: elements, text, CDATA, the five entities and character references. Attributes, comments
/// and processing instructions are checked for their form and left out. A document type is refused, since entities of its own could name
/// files or grow without bound; so are elements nested deeper than `maximumDepth`.
package struct XMLElement: Equatable, Sendable {
    package static let maximumDepth = 32

    /// As written, with its prefix if it has one.
    package let name: String
    package internal(set) var children: [XMLElement] = []
    /// All text directly inside, without that of child elements; blanks are kept.
    package internal(set) var text = ""

    init(name: String) { self.name = name }

    /// - Parameter bytes: a document in UTF-8, with or without a byte order mark.
    /// - Throws: `.unreachable`, since what answers so is no store: a proxy's page, or an answer that was cut.
    package init(parsing bytes: [UInt8]) throws(ArchiveError) {
        var reader = XMLReader(bytes)
        self = try reader.document()
    }

    /// The first child of that name.
    package subscript(name: String) -> XMLElement? { children.first { $0.name == name } }

    package func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }

    /// The text of the first child of that name; nil without such a child.
    package func text(of name: String) -> String? { self[name]?.text }
}
