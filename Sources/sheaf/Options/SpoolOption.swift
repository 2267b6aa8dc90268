import Archive
import FoundationEssentials
import Glibc
import Runtime

/// Where a command keeps segments that wait for the store.
struct SpoolOption: Sendable {
    static let definitions: [OptionDefinition] = [
        .value(
            "spool", valueName: "DIR",
            help: "where segments wait for the store; created when missing; default: a folder among the temporary ones",
            environment: "SHEAF_SPOOL"),
        .value(
            "spool-limit", valueName: "SIZE", help: "most bytes in the spool", default: "4GiB", environment: "SHEAF_SPOOL_LIMIT"),
    ]

    private let folder: String
    private let origin: Spool.Origin
    private let limit: ByteCount

    init(_ arguments: ParsedArguments) throws {
        let chosen: String? = try arguments.optionalValue("spool")
        folder = chosen ?? FileManager.default.temporaryDirectory.appending(path: "sheaf-spool-\(getuid())").path
        origin = chosen == nil ? .temporary : .chosen
        limit = try arguments.value("spool-limit")
    }

    func open() throws -> Spool {
        try Spool(
            in: folder, limit: limit.bytes, origin: origin,
            advice: "a segment and the manifests beside it need more: raise --spool-limit")
    }
}
