import Elasticsearch
import Messages
import Runtime

/// What a restore makes of each index of its snapshot, decided before anything is written: the value that a dry run shows and a plan holds.
struct RestoreLayout {
    /// An index as the snapshot has it. One with a data stream is placed by `StreamPlanner`, which decides about the whole stream.
    struct Source {
        var definition: IndexDefinition
        /// Why some of its documents are not in the snapshot.
        var missing: String?

        var name: String { definition.name }
    }

    /// The words are those of a `RestorePreview`.
    enum Action: String {
        case create
        case append
        case overwrite
        case swapAlias = "swap-alias"
        case skip
        /// The restore is refused because of it.
        case conflict
    }

    struct Index {
        /// Its place among the sources.
        var source: Int
        var name: String
        var targetName: String
        /// Its name without what a swap adds: what has it is replaced.
        var original: String
        /// The data stream that it is a part of, in the target.
        var dataStream: String?
        var action: Action
        /// With the settings and aliases that it gets.
        var definition: IndexDefinition
        /// Settings of the snapshot that it does not get.
        var strippedSettings: [String]
    }

    var indices: [Index] = []
    var notes: [String] = []
    /// Why the restore is refused; empty when it can begin.
    var problems: [String] = []

    /// - Parameters:
    ///   - place: the target, for sentences.
    ///   - mark: tells a second restore of the same snapshot from the first where both stand beside what is there: of the session's id.
    init(
        _ sources: [Source], options: RestoreOptions, target: TargetNames, snapshot: SnapshotID, mark: String, place: String
    ) {
        var taken: [String] = []
        for (position, source) in sources.enumerated() {
            do throws(RuntimeError) {
                let name = try RestoredName(of: source.definition, options: options)
                var index = Index(
                    source: position, name: source.name, targetName: name.target, original: name.target,
                    dataStream: name.dataStream, action: .create, definition: source.definition,
                    strippedSettings: source.definition.strippedSettings)
                decide(&index, options.conflict, target, snapshot, mark, taken: &taken)
                finish(&index, options, aliases: name.aliases)
                indices.append(index)
                for alias in source.definition.loadAliases where options.includeAliases {
                    notes.append(
                        "alias \(alias) of index \(source.name) is left out: it was that of a restore or an import at work")
                }
            } catch {
                problems.append("index \(source.name) cannot be renamed: \(error.message)")
            }
            if let missing = source.missing { notes.append("index \(source.name) of the snapshot is not whole: \(missing)") }
        }
        if !taken.isEmpty {
            problems.append(
                "already there in \(place): \(taken.joined(separator: ", ")); delete or rename what is in the way, restore under another "
                    + "name (renamePattern, prefix, suffix), or say what is to become of it with the task parameter conflict")
        }
        let skipped = indices.filter { $0.action == .skip }.map(\.targetName)
        if !skipped.isEmpty {
            notes.append("left as they are, since they are there already (conflict: skip): \(skipped.joined(separator: ", "))")
        }
        checkNames()
        decideAliases(target, options.conflict)
    }

    /// Names whose occupants the decisions rest on, besides what the listing of indices tells.
    static func namesInQuestion(_ sources: [Source], options: RestoreOptions) -> Set<String> {
        var names: Set<String> = []
        for source in sources {
            // What cannot be renamed is a problem of the layout's.
            guard let name = try? RestoredName(of: source.definition, options: options) else { continue }
            if options.conflict != .swapAlias { names.insert(name.target) }
            names.formUnion(name.aliases.map(\.name))
        }
        return names
    }

    private mutating func decide(
        _ index: inout Index, _ policy: ConflictPolicy, _ target: TargetNames, _ snapshot: SnapshotID, _ mark: String,
        taken: inout [String]
    ) {
        if index.dataStream != nil { return }
        if policy == .swapAlias { return swapIn(&index, target, snapshot, mark) }
        guard let occupant = target.occupant(of: index.targetName) else { return }
        switch (policy, occupant) {
        case (.skip, _): index.action = .skip
        case (.append, .index): index.action = .append
        case (.overwrite, .index): index.action = .overwrite
        case (_, .index):
            index.action = .conflict
            taken.append(index.targetName)
        case (_, .alias(let holders)):
            index.action = .conflict
            problems.append(
                "\(index.targetName) is an alias of \(holders.joined(separator: ", ")), so no index can have the name; restore under "
                    + "another name (renamePattern, prefix, suffix)")
        case (_, .other):
            index.action = .conflict
            problems.append(
                "\(index.targetName) is a data stream, or an index that this user may not see; restore under another name "
                    + "(renamePattern, prefix, suffix)")
        }
    }

    private mutating func swapIn(
        _ index: inout Index, _ target: TargetNames, _ snapshot: SnapshotID, _ mark: String
    ) {
        index.action = .swapAlias
        let plain = "\(index.targetName)-\(snapshot.timeInNames)"
        let own = "\(plain)-\(mark)"
        index.targetName = target.occupant(of: plain) == nil ? plain : own
        if index.targetName == own, target.occupant(of: own) != nil {
            index.action = .conflict
            problems.append("\(plain) and \(own) are both there already; delete one of them")
        } else if index.targetName == own {
            notes.append("index \(index.name) gets the name \(own), since \(plain) is there from an earlier restore")
        }
    }

    private mutating func finish(_ index: inout Index, _ options: RestoreOptions, aliases: [JSONValue.Member]) {
        switch index.action {
        case .create, .overwrite, .swapAlias:
            index.definition.aliases = .object(aliases)
            let names = Dictionary(grouping: aliases, by: \.name)
            for (alias, same) in names.sorted(by: { $0.key < $1.key }) where same.count > 1 {
                problems.append(
                    "\(same.count) aliases of index \(index.name) would have the same name, \(alias); rename them apart")
            }
            index.strippedSettings += index.definition.applySettings(options)
        case .append, .skip, .conflict:
            index.definition.aliases = [:]
            index.strippedSettings = []
        }
    }

    private mutating func checkNames() {
        for (target, same) in Dictionary(grouping: indices, by: \.targetName).sorted(by: { $0.key < $1.key }) {
            if same.count > 1 {
                problems.append(
                    "indices \(same.map(\.name).joined(separator: " and ")) would have the same name, \(target); rename them apart"
                )
            }
            if let problem = IndexName.problem(target) {
                problems.append("index \(same[0].name) cannot be named \"\(target)\": a name that \(problem) is not allowed")
            }
        }
        for stream in Set(indices.compactMap(\.dataStream)).sorted() {
            if let problem = IndexName.problem(stream) {
                problems.append("a data stream cannot be named \"\(stream)\": a name that \(problem) is not allowed")
            }
        }
    }
}

extension IndexDefinition {
    /// Leaves out what is not wanted and sets what is to be otherwise.
    ///
    /// The number of shards stays whatever the patterns say: it decides where each document goes.
    /// - Returns: names of the settings that were left out.
    fileprivate mutating func applySettings(_ options: RestoreOptions) -> [String] {
        func patterns(_ texts: [String]) -> [String] { texts.flatMap { $0.hasPrefix("index.") ? [$0] : [$0, "index.\($0)"] } }
        let ignoring = patterns(options.ignoreIndexSettings.filter { !$0.hasPrefix("-") })
        let keeping = patterns(options.ignoreIndexSettings.filter { $0.hasPrefix("-") }.map { String($0.dropFirst()) })
        func isIgnored(_ name: String) -> Bool {
            name != "index.number_of_shards" && ignoring.contains { NamePattern.matches($0, name) }
                && !keeping.contains { NamePattern.matches($0, name) }
        }
        var ignored = (settings.members ?? []).map(\.name).filter(isIgnored)
        for name in ignored { settings[name] = nil }
        for override in RestoreOptions.flattened(options.indexSettings) {
            guard override.value.isNull else {
                settings[override.name] = override.value
                continue
            }
            if settings[override.name] != nil { ignored.append(override.name) }
            settings[override.name] = nil
        }
        return ignored
    }
}
