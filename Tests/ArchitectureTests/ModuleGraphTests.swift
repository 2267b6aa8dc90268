import Testing

/// The folder list is the architecture: the manifest, the imports and docs/architecture.md say the same, and it has no cycle.
@Suite struct ModuleGraphTests {
    let tree: SourceTree

    init() throws { tree = try SourceTree() }

    @Test func theManifestAndTheDocumentationAgree() {
        #expect(!tree.documented.isEmpty, "docs/architecture.md has no table of modules")
        for (module, dependencies) in tree.documented {
            #expect(tree.declared[module] == dependencies, "Package.swift and docs/architecture.md differ on \(module)")
        }
        #expect(Set(tree.declared.keys) == Set(tree.documented.keys))
    }

    @Test func everyModuleImportsExactlyWhatItDeclares() {
        for (module, dependencies) in tree.declared {
            #expect(tree.imported[module] == dependencies, "Package.swift and the files differ on \(module)")
        }
        #expect(Set(tree.imported.keys) == Set(tree.declared.keys))
    }

    @Test func everyLibraryOfCIsImportedByOneModule() {
        #expect(tree.libraries.count >= 8)
        for library in tree.libraries {
            let importers = tree.imported.filter { $0.value.contains(library) }.map(\.key)
            #expect(importers.count == 1, "\(library) is imported by \(importers.sorted())")
        }
    }

    @Test func noModuleDependsOnItself() {
        var left = tree.declared.mapValues { $0.subtracting(tree.libraries) }
        while let leaf = left.first(where: { $0.value.isEmpty })?.key {
            left[leaf] = nil
            for module in left.keys { left[module]?.remove(leaf) }
        }
        #expect(left.isEmpty, "a cycle runs through \(left.keys.sorted())")
    }

    /// A type named like its module makes the module's qualified names unusable.
    @Test func noTypeIsNamedLikeAModule() {
        let modules = Set(tree.declared.keys).union(tree.libraries)
        for file in tree.files {
            for line in file.lines {
                guard let match = line.firstMatch(of: /\b(?:struct|class|enum|actor|protocol|typealias) (\w+)/) else { continue }
                #expect(!modules.contains(String(match.output.1)), "\(file.path): \(line)")
            }
        }
    }

    /// The whole of Foundation adds 44 MB to the program.
    @Test func nobodyImportsAllOfFoundation() {
        for file in tree.files { #expect(!tree.imports(of: file).contains("Foundation"), "\(file.path)") }
    }

    @Test func noFileIsLongerThanThreeHundredLines() {
        for file in tree.files { #expect(file.lines.count <= 301, "\(file.path) has \(file.lines.count - 1) lines") }
    }
}
