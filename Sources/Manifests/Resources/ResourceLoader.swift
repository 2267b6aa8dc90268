import FoundationEssentials
import Messages

/// What a load gives: the resources without an error, and everything there is to say about the files.
package struct LoadedResources: Sendable {
    package var resources: ResourceSet
    /// In the order they were read.
    package var refused: [RefusedResource]
    /// Sorted by file, line and column.
    package var complaints: [FieldComplaint]

    package var errors: [FieldComplaint] { complaints.filter { $0.severity == .error } }
    package var warnings: [FieldComplaint] { complaints.filter { $0.severity == .warning } }
}

/// Reads manifests: a folder, a file, or a text. All problems are reported together.
///
/// A folder is read without its subfolders, `*.yaml`, `*.yml` and `*.json` in the order of their names, hidden files left out
/// (Kubernetes mounts have them). A `List`, as `kubectl get -o yaml` prints it, counts as its items.
package struct ResourceLoader: Sendable {
    package init() {}

    /// - Throws: `.notFound` when there is nothing at the path, `.unreadable` for a folder that cannot be listed or a single
    ///   file that cannot be read. An unreadable file of a folder is a complaint.
    package func load(path: String) throws(ManifestError) -> LoadedResources {
        var isDirectory = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw ManifestError(.notFound, "no file or folder \(path); name a folder of manifests or a manifest")
        }
        var reading = Reading()
        if isDirectory {
            let names: [String]
            do {
                names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
            } catch {
                throw ManifestError(.unreadable, "cannot list the folder \(path): \(error)")
            }
            let base = path.hasSuffix("/") ? path : path + "/"
            for name in names where isManifest(name) {
                do {
                    reading.read(try bytes(of: base + name), file: base + name)
                } catch {
                    reading.log.add(FieldComplaint(.error, at: SourcePlace(file: base + name), error.message))
                }
            }
        } else {
            reading.read(try bytes(of: path), file: path)
        }
        return reading.finish()
    }

    /// Reads a text as if it were a file of that name.
    package func load(text: String, name: String) -> LoadedResources {
        load(bytes: Array(text.utf8), name: name)
    }

    package func load(bytes: [UInt8], name: String) -> LoadedResources {
        var reading = Reading()
        reading.read(bytes, file: name)
        return reading.finish()
    }

    private func isManifest(_ name: String) -> Bool {
        !name.hasPrefix(".") && [".yaml", ".yml", ".json"].contains { name.hasSuffix($0) }
    }

    private func bytes(of path: String) throws(ManifestError) -> [UInt8] {
        do {
            return Array(try Data(contentsOf: URL(filePath: path)))
        } catch {
            throw ManifestError(.unreadable, "cannot read \(path): \(error)")
        }
    }
}

/// One load under way.
private struct Reading {
    let log = ComplaintLog()
    var set = ResourceSet()
    var refused: [RefusedResource] = []

    /// Blueprints are used once all is read.
    mutating func finish() -> LoadedResources {
        let made = BlueprintUse(of: set).expand()
        for resource in made.resources { _ = set.add(resource) }
        let complaints = log.complaints + made.complaints.filter { !log.complaints.contains($0) }
        return LoadedResources(resources: set, refused: refused, complaints: complaints.sorted { $0.place < $1.place })
    }

    mutating func read(_ bytes: [UInt8], file: String) {
        for document in YAMLComposer.documents(of: bytes, file: file, log: log) {
            guard document.node["kind"]?.text == "List", document.node["apiVersion"]?.text == "v1",
                case .sequence(let items) = document.node["items"]?.content
            else {
                add(document.node, isSound: document.isSound)
                continue
            }
            for item in items { add(item, isSound: document.isSound) }
        }
    }

    /// What is not sound as YAML is decoded for its complaints only.
    private mutating func add(_ document: YAMLNode, isSound: Bool) {
        switch ResourceDecoder(log: log).decode(document) {
        case .refused(let resource): if let resource { refused.append(resource) }
        case .unhandled(let resource): set.unhandled.append(resource)
        case .resource(let declared):
            guard isSound else { return }
            guard let earlier = set.add(declared) else { return }
            let message = "\(declared.key) is already declared at \(earlier)"
            let place = document["metadata"]?["name"]?.place ?? document.place
            log.add(FieldComplaint(.error, at: place, path: "metadata.name", message))
        }
    }
}
