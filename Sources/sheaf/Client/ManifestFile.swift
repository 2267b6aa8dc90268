import FoundationEssentials
import Manifests
import Messages
import Runtime

/// Manifests on this machine, read with all that is to be said about them.
enum ManifestFile {
    /// Reads a folder or a file and writes its complaints to standard error, each as `file:line:column: severity: path: message`.
    ///
    /// - Throws: `ManifestError`; `.usage` when there are errors.
    static func load(_ path: String) throws -> ResourceSet {
        let loaded = try ResourceLoader().load(path: path)
        for complaint in loaded.complaints { Terminal.writeError("\(complaint)\n") }
        let errors = loaded.errors.count
        guard errors == 0 else {
            let what = errors == 1 ? "1 error" : "\(errors) errors"
            throw CommandError(.usage, "\(what) in \(path); nothing was done")
        }
        return loaded.resources
    }

    /// The file itself, or the manifests of a folder, by name.
    static func files(at path: String) throws -> [String] {
        var isFolder = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw CommandError(.usage, "no file or folder \(path)")
        }
        guard isFolder else { return [path] }
        let base = path.hasSuffix("/") ? path : path + "/"
        let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        return names.filter { name in
            !name.hasPrefix(".") && [".yaml", ".yml", ".json"].contains { name.hasSuffix($0) }
        }.map { base + $0 }
    }

    /// - Throws: `.usage` for what cannot be read or is no UTF-8.
    static func text(of path: String) throws -> String {
        let bytes = Array(try Data(contentsOf: URL(filePath: path)))
        guard let text = String(validating: bytes, as: UTF8.self) else { throw CommandError(.usage, "\(path) is not UTF-8 text") }
        return text
    }
}
