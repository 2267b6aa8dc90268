import Archive
package import Messages
package import Runtime

/// What a run of garbage collection did, or would do.
package struct CollectorReport: Sendable, Equatable {
    /// Objects of one kind and their bytes as stored.
    package struct Tally: Sendable, Equatable {
        package var objects = 0
        package var bytes = 0

        mutating func add(_ size: Int) {
            objects += 1
            bytes += size
        }

        static func += (left: inout Tally, right: Tally) {
            left.objects += right.objects
            left.bytes += right.bytes
        }
    }

    /// Snapshots whose outcome went.
    package var swept: [SnapshotID] = []
    /// Sessions that were ended because their deadline has passed.
    package var aborted: [SessionID] = []
    /// Found unnamed for the first time; to be deleted a grace later.
    package var marked = Tally()
    /// Found unnamed before, less than a grace ago.
    package var waiting = Tally()
    /// Unnamed, and younger than the horizon.
    package var held = Tally()
    /// Named by snapshots or pins.
    package var named = Tally()
    /// What is named could not be told, so segments and manifests were neither counted nor deleted.
    package var isBlind = false
    package var deleted = Tally()
    /// Of those: segments, inventories and manifests.
    package var deletedContent = Tally()
    /// Leftovers of interrupted writes.
    package var leftovers = 0
    /// What was stored since is left alone, less five minutes.
    package var horizon: Timestamp?
    /// What holds the horizon back; nil: nothing.
    package var holder: String?
    /// Names that the format does not know: never deleted. The first of them.
    package var unknown: [String] = []
    /// What could not be done, each with its object and cause.
    package var problems: [String] = []

    /// Adds what a second pass did: what it found is how things are now.
    mutating func add(_ later: CollectorReport) {
        var sum = later
        sum.swept = swept + later.swept
        sum.aborted = aborted + later.aborted
        sum.marked += marked
        sum.deleted += deleted
        sum.deletedContent += deletedContent
        sum.leftovers += leftovers
        sum.unknown = unknown + later.unknown.filter { !unknown.contains($0) }
        sum.problems = problems + later.problems.filter { !problems.contains($0) }
        self = sum
    }
}

/// One thing that a run does, or would do.
package struct CollectorStep: Sendable {
    package enum Deed: String, Sendable {
        case delete
        case mark
        case abort
    }

    package let deed: Deed
    /// A key, or the id of a session.
    package let object: String
    /// As stored, where it is known.
    package let bytes: Int?
    package let reason: String
}
