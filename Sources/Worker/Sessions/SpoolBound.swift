import Archive
import Messages

/// What `interimVolumeTemplate` means for a worker: the bytes that one session's units may have in its spool at once.
enum SpoolBound {
    /// - Throws: `WorkerError(.refused)` for room that one full segment does not fit into, so that the session could never end.
    static func check(_ command: SessionCommand, segments: SegmentSettings) throws {
        guard let (volume, name) = command.interimVolume, volume.storage < segments.segmentBytes else { return }
        throw WorkerError(
            .refused,
            "\(name) asks for \(volume.storage) bytes, and one segment may take \(segments.segmentBytes): ask for more than that a unit "
                + "at work, or leave the template out")
    }
}

extension Spool {
    /// The part that a session may fill: all of it where it does not say.
    func share(of command: SessionCommand) -> Spool {
        guard let (volume, name) = command.interimVolume else { return self }
        return share(of: command.id.text, limit: volume.storage, bound: "spec.resources.requests.storage of the \(name)")
    }
}
