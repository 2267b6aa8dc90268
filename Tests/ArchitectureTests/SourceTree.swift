import FoundationEssentials

/// The package as its manifest, its files and its documentation describe it.
struct SourceTree {
    struct File {
        var module: String
        var path: String
        var lines: [Substring]
    }

    /// The package's root.
    static let root = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()

    let files: [File]
    private let manifest: String
    private let documentation: String

    init() throws {
        manifest = try Self.text(of: "Package.swift")
        documentation = try Self.text(of: "docs/architecture.md")
        var files: [File] = []
        for path in try FileManager.default.subpathsOfDirectory(atPath: "\(Self.root)/Sources") where path.hasSuffix(".swift") {
            let module = String(path.prefix { $0 != "/" })
            let text = try Self.text(of: "Sources/\(path)")
            files.append(File(module: module, path: path, lines: text.split(separator: "\n", omittingEmptySubsequences: false)))
        }
        self.files = files
    }

    private static func text(of path: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: "\(root)/\(path)")), as: UTF8.self)
    }

    /// The targets that hold a C library: `library(…)` and `.systemLibrary(…)`.
    var libraries: Set<String> {
        Set(squeezedManifest.matches(of: /(?:library\(|systemLibrary\(name:)"(C\w+)"/).map { String($0.output.1) })
    }

    /// Each Swift target with what the manifest lets it import.
    var declared: [String: Set<String>] {
        var graph: [String: Set<String>] = [:]
        for match in squeezedManifest.matches(of: /module\("(\w+)",\[([^\]]*)\]/) {
            graph[String(match.output.1)] = Self.names(match.output.2)
        }
        for match in squeezedManifest.matches(of: /executableTarget\(name:"(\w+)",dependencies:\[([^\]]*)\]/) {
            graph[String(match.output.1)] = Self.names(match.output.2)
        }
        return graph
    }

    /// Each Swift target with what its files import of this package.
    var imported: [String: Set<String>] {
        let ours = Set(declared.keys).union(libraries)
        var graph: [String: Set<String>] = [:]
        for file in files { graph[file.module, default: []].formUnion(imports(of: file).intersection(ours)) }
        return graph
    }

    /// The table under "Modules" in docs/architecture.md: the first two columns are a module and what it may import.
    var documented: [String: Set<String>] {
        var graph: [String: Set<String>] = [:]
        for line in documentation.split(separator: "\n") {
            guard let match = line.firstMatch(of: /^\| `(\w+)` \|([^|]*)\|/) else { continue }
            graph[String(match.output.1)] = Set(match.output.2.matches(of: /`(\w+)`/).map { String($0.output.1) })
        }
        return graph
    }

    /// The modules that a file imports: its lines up to the first that is no import, comment or condition.
    func imports(of file: File) -> Set<String> {
        var names: Set<String> = []
        for line in file.lines {
            if let match = line.firstMatch(
                of: /^\s*(?:@\w+ |package |public |internal |private )*import (?:struct |func |class |enum )?(\w+)/)
            {
                names.insert(String(match.output.1))
            } else if line.firstMatch(of: /^\s*(\/\/.*|#.*)?$/) == nil {
                break
            }
        }
        return names
    }

    private var squeezedManifest: String { String(manifest.filter { !$0.isWhitespace }) }

    private static func names(_ list: Substring) -> Set<String> {
        Set(list.matches(of: /"(\w+)"/).map { String($0.output.1) })
    }
}
