import Foundation
import Runtime

@testable import Archive

/// The store as one actor sees it: each call takes its time, in which others act, and may fail, lose its reply or kill its caller.
///
/// Unchecked is right: an actor calls it only while it has the baton.
struct SimulatedStore: ObjectStore, @unchecked Sendable {
    let world: SimulatedWorld
    let objects: SimulatedObjects
    let oracle: SimulatedOracle
    let actor: SimulatedActor

    var location: String { "simulated" }

    func put(_ bytes: [UInt8], at key: ObjectKey) throws(ArchiveError) -> PutResult {
        try call(key.text) {
            let object = SimulatedObjects.Object(bytes: bytes, modified: date, put: world.time)
            let result = objects.put(object, at: key)
            if result == .created { oracle.wasPut(key, by: actor) }
            return result
        }
    }

    func upload(contentsOf path: String, at key: ObjectKey) throws(ArchiveError) -> PutResult {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw ArchiveError(.notFound, "cannot read \(path)")
        }
        return try put(Array(bytes), at: key)
    }

    func putInParts(_: [UInt8], at _: ObjectKey) throws(ArchiveError) -> PutResult? { nil }
    func get(_ key: ObjectKey) throws(ArchiveError) -> [UInt8]? {
        try call(key.text) { objects.objects[key]?.bytes }
    }

    func read(_ key: ObjectKey, _ range: Range<Int>) throws(ArchiveError) -> [UInt8] {
        guard let bytes = try get(key) else { throw absent(key) }
        guard range.upperBound <= bytes.count else { throw shortRead(key, range, size: bytes.count) }
        return Array(bytes[range])
    }

    func size(_ key: ObjectKey) throws(ArchiveError) -> Int? { try get(key)?.count }

    func list(_ prefix: String, after: ObjectKey?, limit: Int) throws(ArchiveError) -> [ObjectInfo] {
        try call(prefix) {
            let behind = world.happens(world.faults.staleList) ? world.random.number(in: 0...60_000) : 0
            return objects.list(prefix, after: after, limit: limit, asOf: world.time - behind)
        }
    }

    func delete(_ key: ObjectKey) throws(ArchiveError) {
        try call(key.text) {
            if objects.objects[key] != nil { oracle.willDelete(key, by: actor) }
            objects.delete(key, at: world.time)
        }
    }

    func now() throws(ArchiveError) -> Date { try call("now") { date } }

    func removeLeftovers(olderThan age: Int) throws(ArchiveError) -> Int { try call("leftovers") { 0 } }

    private var date: Date { Date(timeIntervalSince1970: world.storeTime.secondsSinceEpoch) }

    private func call<Value>(_ what: String, _ body: () -> Value) throws(ArchiveError) -> Value {
        guard !actor.isCrashed else { throw crashed }
        world.calls += 1
        world.pause(actor, world.latency(of: actor))
        if world.happens(world.faults.failure) { throw ArchiveError(.unreachable, "no answer to \(what)") }
        if world.happens(world.faults.crash) {
            world.crash(actor)
            // Killed before the request was out, or after.
            if world.random.chance(500) { _ = body() }
            throw crashed
        }
        let value = body()
        if world.happens(world.faults.lostReply) { throw ArchiveError(.unreachable, "the answer to \(what) was lost") }
        return value
    }

    private var crashed: ArchiveError { ArchiveError(.unreachable, "\(actor.name) is dead") }
}
