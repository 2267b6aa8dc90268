import FoundationEssentials
import Glibc
import Manifests
import Messages
import Runtime

/// The folder of manifests that the Scheduler works from. Looked at whenever something in it has changed, so that an edited file counts at
/// once; unchanged ones are not read again.
///
/// A folder with an error keeps the resources of its last good reading.
actor ResourceFolder {
    private let path: String
    private var lastGood: ResourceSet
    private(set) var reported: [FieldComplaint] = []
    private(set) var isReadable = true
    private var refused: [RefusedResource] = []
    private var cache: ManifestCache
    private let watch: FolderWatch
    private let pauses: PauseFile?
    private let logger: Logger

    /// - Parameter pauses: plans that are paused whatever their manifests say.
    /// - Throws: `ManifestError` when the folder cannot be read; complaints are logged and leave their resources out.
    init(path: String, pauses: PauseFile? = nil, logger: Logger) throws {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        self.path = path
        self.pauses = pauses
        self.logger = logger
        watch = FolderWatch(path)
        var cache = ManifestCache()
        let loaded = try ResourceLoader().load(path: path, reusing: &cache)
        self.cache = cache
        lastGood = loaded.resources
        refused = loaded.refused
        reported = loaded.complaints
        for complaint in loaded.complaints { Self.log(complaint, to: logger) }
    }

    /// What the folder says now.
    func resources() -> ResourceSet {
        let declared = declared()
        guard let pauses, !pauses.isEmpty else { return declared }
        return declared.pausing { pauses[$0.planName] != nil }
    }

    private func declared() -> ResourceSet {
        guard watch.isDue() else { return lastGood }
        do {
            let loaded = try ResourceLoader().load(path: path, reusing: &cache)
            isReadable = true
            if loaded.complaints != reported {
                reported = loaded.complaints
                for complaint in loaded.complaints { Self.log(complaint, to: logger) }
            }
            refused = loaded.refused
            if loaded.errors.isEmpty { lastGood = loaded.resources }
        } catch {
            isReadable = false
            logger.error("the resources cannot be read; the last ones stay", metadata: ["error": .string(error.message)])
        }
        return lastGood
    }

    /// What is in force, and what the folder has that is not, since something in it is wrong.
    func view() -> (resources: ResourceSet, refused: [RefusedResource]) {
        let resources = resources()
        return (resources, refused)
    }

    /// Writes each resource of a file into the folder, a file a resource, replacing what an earlier apply wrote.
    func apply(_ request: ApplyRequest) -> Reply {
        let loaded = ResourceLoader().load(text: request.manifests, name: request.fileName)
        if !loaded.errors.isEmpty {
            return .refused(code: .invalid, message: loaded.errors.map(\.description).joined(separator: "\n"))
        }
        if let secret = loaded.resources.secrets.first {
            return .refused(
                code: .refused,
                message: "\(secret.value.key): secrets are never sent; put it among the resources of the workers that use it")
        }
        let current = resources()
        var files: [(path: String, key: ResourceKey, text: String)] = []
        func add<Value: Resource>(_ declared: Declared<Value>, known standing: Declared<Value>?) -> Reply? {
            // What is made of a blueprint is made again, and makes room for what is written.
            guard declared.blueprint == nil else { return nil }
            let known = standing?.blueprint == nil ? standing?.place : nil
            let key = declared.value.key
            let file = file(of: key)
            if let known, known.file != file {
                return .refused(
                    code: .refused, message: "\(key) is declared in \(known) by hand; edit it there, or remove it first")
            }
            files.append((file, key, declared.source.json.serialized(pretty: true)))
            return nil
        }
        for declared in loaded.resources.namespaces {
            if let refusal = add(declared, known: current.namespace(declared.value.metadata.name)) { return refusal }
        }
        for declared in loaded.resources.appBindings {
            if let refusal = add(declared, known: current.appBinding(declared.value.key)) { return refusal }
        }
        for declared in loaded.resources.repositories {
            if let refusal = add(declared, known: current.repository(declared.value.key)) { return refusal }
        }
        for declared in loaded.resources.backupConfigurations {
            if let refusal = add(declared, known: current.backupConfiguration(declared.value.key)) { return refusal }
        }
        for declared in loaded.resources.restoreSessions {
            if let refusal = add(declared, known: current.restoreSession(declared.value.key)) { return refusal }
        }
        for declared in loaded.resources.backupBlueprints {
            if let refusal = add(declared, known: current.backupBlueprint(declared.value.key)) { return refusal }
        }
        if let refusal = fault(with: files.map { ($0.path, $0.text) }) { return refusal }
        do {
            for file in files {
                try Data((file.text + "\n").utf8).write(to: URL(filePath: file.path), options: .atomic)
            }
        } catch {
            return .refused(code: .failed, message: "the Scheduler cannot write to \(path): \(error)")
        }
        return .applied(objects: files.map { "\($0.key) applied" })
    }

    /// Removes what an apply wrote.
    func remove(_ key: ResourceKey) -> Reply {
        let file = file(of: key)
        guard FileManager.default.fileExists(atPath: file) else {
            guard let place = resources().place(of: key) else {
                return .refused(code: .notFound, message: "there is no \(key)")
            }
            return .refused(code: .refused, message: "\(key) is declared in \(place) by hand; remove it there")
        }
        do {
            try FileManager.default.removeItem(atPath: file)
        } catch {
            return .refused(code: .failed, message: "the Scheduler cannot remove \(file): \(error)")
        }
        return .applied(objects: ["\(key) removed"])
    }

    /// The file that an apply of the resource writes.
    private func file(of key: ResourceKey) -> String {
        let name = key.namespace.isEmpty ? key.name : "\(key.namespace).\(key.name)"
        return "\(path)/\(key.kind.rawValue.lowercased()).\(name).json"
    }

    /// Why the folder would not be in force with these files: a resource can be right by itself and wrong beside others.
    private func fault(with files: [(path: String, text: String)]) -> Reply? {
        let standing = Set(reported.filter { $0.severity == .error })
        do {
            let errors = try ResourceLoader()
                .load(path: path, replacing: Dictionary(files) { _, last in last }).errors
            let new = errors.filter { !standing.contains($0) }
            guard new.isEmpty else {
                return .refused(code: .invalid, message: new.map(\.description).joined(separator: "\n"))
            }
            // Whoever mends one of several is let in.
            guard let left = errors.first, errors.count == standing.count else { return nil }
            return .refused(code: .failed, message: "the Scheduler's own folder has to be mended first: \(left)")
        } catch {
            return .refused(code: .failed, message: error.message)
        }
    }

    private static func log(_ complaint: FieldComplaint, to logger: Logger) {
        logger.log(
            level: complaint.severity == .error ? .error : .warning, "a manifest is not as it should be",
            metadata: ["complaint": .string(complaint.description)])
    }
}
