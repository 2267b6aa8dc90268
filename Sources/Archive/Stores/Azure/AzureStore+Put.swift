import Crypto
import FoundationEssentials
import HTTP

extension AzureStore {
    func insert(_ bytes: UnsafeRawBufferPointer, at key: ObjectKey) throws(ArchiveError) -> PutResult {
        var headers = Self.checked(bytes)
        headers["x-ms-blob-type"] = "BlockBlob"
        headers["If-None-Match"] = "*"
        let answer = try send(
            "PUT", key, to: "store \(key)", headers: headers, body: bytes, accepting: [201, 400, 403, 409, 412])
        return try result(of: answer, at: key)
    }

    func insertBlocks(_ bytes: UnsafeRawBufferPointer, at key: ObjectKey) throws(ArchiveError) -> PutResult {
        // What is there already need not be sent: a repeated call finds its own object so.
        if try size(key) != nil { return .existing }
        return try commit(try putBlocks(bytes, at: key), at: key)
    }

    /// - Returns: the identifiers of the blocks in order: of one length, and no other writer's.
    private func putBlocks(_ bytes: UnsafeRawBufferPointer, at key: ObjectKey) throws(ArchiveError) -> [String] {
        let writer = try digesting { () throws(CryptoError) in try randomBytes(16) }
        let size = max(1, blockBound / 4)
        var blocks: [String] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            let number = withUnsafeBytes(of: UInt32(blocks.count).bigEndian) { Array($0) }
            let block = Data(writer + number).base64EncodedString()
            let part = UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + size, bytes.count)])
            _ = try send(
                "PUT", key, [("blockid", block), ("comp", "block")], to: "store a block of \(key)", headers: Self.checked(part),
                body: part,
                accepting: [201])
            blocks.append(block)
        }
        return blocks
    }

    private func commit(_ blocks: [String], at key: ObjectKey) throws(ArchiveError) -> PutResult {
        let list = blocks.map { "<Uncommitted>\($0)</Uncommitted>" }.joined()
        let body = Array("<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>\(list)</BlockList>".utf8)
        let answer = try body.withBytes { (body) throws(ArchiveError) in
            try send(
                "PUT", key, [("comp", "blocklist")], to: "store \(key)", headers: ["If-None-Match": "*"], body: body,
                accepting: [201, 400, 403, 409, 412])
        }
        // Who commits a name throws away the blocks that others had sent for it.
        if RemoteRefusal(answer).code == "InvalidBlockList" {
            if try size(key) != nil { return .existing }
            throw ArchiveError(
                .unreachable, "cannot store \(key) in \(location): its blocks were thrown away meanwhile; send it again")
        }
        return try result(of: answer, at: key)
    }

    /// What a conditional write came to; of all refusals these alone say that the blob is there.
    private func result(of answer: HTTPResponse, at key: ObjectKey) throws(ArchiveError) -> PutResult {
        switch (answer.status, RemoteRefusal(answer).code) {
        case (201, _): return .created
        case (412, _), (409, "BlobAlreadyExists"), (403, "UnauthorizedBlobOverwrite"):
            // The last is what a signature is told that allows to create, and not to write. Azurite takes a name for taken as soon as somebody
            // has sent a block for it; the service does not.
            guard try size(key) != nil else {
                throw ArchiveError(
                    .unreachable, "cannot store \(key) in \(location): Conflict with a write that is under way; try again later")
            }
            return .existing
        case (400, "Md5Mismatch"):
            throw ArchiveError(
                .unreachable, "\(key) arrived in \(location) otherwise than it was sent: check what stands in between")
        default: throw failure(of: answer, to: "store \(key)")
        }
    }

    /// The service refuses a body that does not have this digest.
    private static func checked(_ bytes: UnsafeRawBufferPointer) -> HTTPHeaders {
        MD5.digest(of: bytes).map { ["Content-MD5": Data($0).base64EncodedString()] } ?? [:]
    }
}
