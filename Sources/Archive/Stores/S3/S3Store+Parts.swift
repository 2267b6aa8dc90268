import FoundationEssentials
import HTTP
import Runtime

extension S3Store {
    /// A multipart upload, completed under the condition that the key is free; aborted when anything fails.
    func uploadParts(of bytes: UnsafeRawBufferPointer, at key: ObjectKey) throws(ArchiveError) -> PutResult {
        let upload = try beginUpload(of: key)
        do throws(ArchiveError) {
            var tags: [String] = []
            var offset = 0
            repeat {
                let range = offset..<min(offset + S3Store.partSize, bytes.count)
                tags.append(try putPart(tags.count + 1, of: upload, key, UnsafeRawBufferPointer(rebasing: bytes[range])))
                offset = range.upperBound
            } while offset < bytes.count
            let result = try complete(upload, of: key, tags)
            if result == .existing { try abort(upload, of: key.text) }
            return result
        } catch {
            // What cannot be aborted is a leftover, which garbage collection aborts; the first error is the one that matters.
            do throws(ArchiveError) {
                try abort(upload, of: key.text)
            } catch let second {
                throw ArchiveError(error.code, "\(error.message); its upload stays until it is old: \(second.message)")
            }
            throw error
        }
    }

    private func beginUpload(of key: ObjectKey) throws(ArchiveError) -> String {
        let action = "begin to store \(key)"
        let response = try send("POST", "\(address.url(of: key))?uploads=", to: action, accepting: [200])
        guard let id = try XMLElement(parsing: response.body).text(of: "UploadId"), !id.isEmpty else {
            throw ArchiveError(.unsupported, "cannot \(action) in \(location): the store does not know multipart uploads")
        }
        return id
    }

    /// - Returns: the part's tag, which the completion names it by.
    private func putPart(
        _ number: Int, of upload: String, _ key: ObjectKey, _ bytes: UnsafeRawBufferPointer
    ) throws(ArchiveError) -> String {
        let query = PercentEncoding.encoded(query: [("partNumber", "\(number)"), ("uploadId", upload)])
        let action = "store part \(number) of \(key)"
        let response = try send("PUT", "\(address.url(of: key))?\(query)", [:], .borrowed(bytes), to: action, accepting: [200])
        guard let tag = response.headers["ETag"], !tag.isEmpty else {
            throw ArchiveError(.unsupported, "cannot \(action) in \(location): the answer has no ETag")
        }
        return tag
    }

    private func complete(_ upload: String, of key: ObjectKey, _ tags: [String]) throws(ArchiveError) -> PutResult {
        let parts = tags.enumerated().map { "<Part><PartNumber>\($0 + 1)</PartNumber><ETag>\(escaped($1))</ETag></Part>" }
        let body = "<CompleteMultipartUpload>\(parts.joined())</CompleteMultipartUpload>"
        let action = "finish storing \(key)"
        let response = try send(
            "POST", "\(address.url(of: key))?\(PercentEncoding.encoded(query: [("uploadId", upload)]))",
            ["If-None-Match": "*", "Content-Type": "application/xml"], .bytes(Array(body.utf8)), to: action,
            accepting: [200, 412])
        if response.status == 412 { return .existing }
        // The status comes before the work is done: a failure may follow in the body.
        let answer = try XMLElement(parsing: response.body)
        guard answer.name == "CompleteMultipartUploadResult" else {
            if RemoteRefusal(response).code == "PreconditionFailed" { return .existing }
            throw client.failure(of: response, to: action)
        }
        return .created
    }

    /// - Parameter name: below the prefix; of whatever an upload was begun for.
    private func abort(_ upload: String, of name: String) throws(ArchiveError) {
        let url = "\(address.base)/\(PercentEncoding.encoded(path: address.prefix + name))"
        _ = try send(
            "DELETE", "\(url)?\(PercentEncoding.encoded(query: [("uploadId", upload)]))", to: "abort the upload of \(name)",
            accepting: [200, 204, 404])
    }

    /// Aborts uploads below the prefix that were begun so long ago.
    package func removeLeftovers(olderThan age: Int) throws(ArchiveError) -> Int {
        var query = [("prefix", address.prefix), ("uploads", "")]
        var removed = 0
        while true {
            let action = "list unfinished uploads"
            let response = try send("GET", address.url(query), to: action, accepting: [200])
            let end = try client.date(of: response).addingTimeInterval(-Double(age))
            let page = try XMLElement(parsing: response.body)
            for upload in page.all("Upload") {
                guard let name = upload.text(of: "Key"), name.hasPrefix(address.prefix), let id = upload.text(of: "UploadId"),
                    let begun = try modified(upload, "Initiated")
                else { throw ArchiveError(.unsupported, "cannot \(action) in \(location): the answer lacks key, id or time") }
                guard begun < end else { continue }
                try abort(id, of: String(name.dropFirst(address.prefix.count)))
                removed += 1
            }
            guard page.text(of: "IsTruncated") == "true" else { return removed }
            guard let key = page.text(of: "NextKeyMarker"), let id = page.text(of: "NextUploadIdMarker") else {
                throw ArchiveError(.unsupported, "cannot \(action) in \(location): the answer does not say where it goes on")
            }
            query = [("key-marker", key), ("prefix", address.prefix), ("upload-id-marker", id), ("uploads", "")]
        }
    }

    private func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            default: result.append(character)
            }
        }
        return result
    }
}
