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
        var cache = ManifestCache()
        return try load(path: path, reusing: &cache)
    }

    /// As `load(path:)`, but reads no file again that `cache` has and that has not changed.
    package func load(path: String, reusing cache: inout ManifestCache) throws(ManifestError) -> LoadedResources {
        var isDirectory = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw ManifestError(.notFound, "no file or folder \(path); name a folder of manifests or a manifest")
        }
        guard isDirectory else { return LoadedResources(of: [ManifestReading(try bytes(of: path), file: path)]) }
        return cache.resources(of: try manifests(in: path)) { reading(of: $0) }
    }

    /// What a folder would give with other texts in some of its files, or in new ones.
    package func load(path: String, replacing texts: [String: String]) throws(ManifestError) -> LoadedResources {
        let files = Set(try manifests(in: path)).union(texts.keys).sorted()
        return LoadedResources(
            of: files.map { file in texts[file].map { ManifestReading(Array($0.utf8), file: file) } ?? reading(of: file) })
    }

    private func manifests(in folder: String) throws(ManifestError) -> [String] {
        let base = folder.hasSuffix("/") ? folder : folder + "/"
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder).sorted().filter(isManifest).map { base + $0 }
        } catch {
            throw ManifestError(.unreadable, "cannot list the folder \(folder): \(error)")
        }
    }

    private func reading(of file: String) -> ManifestReading {
        do throws(ManifestError) {
            return ManifestReading(try bytes(of: file), file: file)
        } catch {
            return ManifestReading(unreadable: FieldComplaint(.error, at: SourcePlace(file: file), error.message))
        }
    }

    /// Reads a text as if it were a file of that name.
    package func load(text: String, name: String) -> LoadedResources {
        load(bytes: Array(text.utf8), name: name)
    }

    package func load(bytes: [UInt8], name: String) -> LoadedResources {
        LoadedResources(of: [ManifestReading(bytes, file: name)])
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
