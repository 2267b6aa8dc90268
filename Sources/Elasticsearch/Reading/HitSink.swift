/// Takes the documents of a page one by one, in the order of the response.
package protocol HitSink: AnyObject {
    /// All bytes are the server's own and valid during the call only.
    ///
    /// - Parameters:
    ///   - id: a JSON string, quotes included.
    ///   - routing: a JSON string, quotes included; nil when the document has none.
    ///   - source: everything between the colon and the comma or brace: byte order mark, spaces, comments and line ends included.
    ///   - sort: a JSON array.
    /// - Throws: anything; the page is given up and `readPage` throws the same.
    func take(
        id: UnsafeRawBufferPointer, routing: UnsafeRawBufferPointer?, source: UnsafeRawBufferPointer, sort: UnsafeRawBufferPointer
    ) throws
}
