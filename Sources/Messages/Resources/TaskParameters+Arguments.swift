/// `args`: the arguments of multielasticdump, which Stash passes on, in Sheaf's words (docs/elasticsearch.md).
extension TaskParameters {
    /// Something that Stash's add-on takes and that changes nothing here, and why.
    package struct Remark: Sendable, Equatable {
        package var parameter: String
        /// As it was written; nil: the parameter itself.
        package var argument: String?
        /// Whom it says nothing to; nil: both.
        package var kind: SessionKind?
        package var reason: String

        /// A sentence for a plan's notes and for a manifest's warning.
        package var sentence: String { "\(argument ?? parameter) has no effect: \(reason)" }
    }

    /// multielasticdump's parts of an index.
    enum DumpType: String, CaseIterable {
        case data
        case mapping
        case settings
        case template
        case alias
        case analyzer
    }

    /// What is to be said of a session of the kind.
    package func remarks(for kind: SessionKind) -> [Remark] { remarks.filter { $0.kind == nil || $0.kind == kind } }

    /// Splits on blanks without quoting, as Stash does; `--match=X` and `--match X` mean the same.
    mutating func readArguments(_ text: String) {
        var words = text.split(whereSeparator: \.isWhitespace)[...]
        while let word = words.popFirst() {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            var value = parts.count > 1 ? String(parts[1]) : nil
            if word.hasPrefix("--"), value == nil, let next = words.first, !next.hasPrefix("--") {
                value = String(next)
                words.removeFirst()
            }
            read(String(parts[0]), value)
        }
    }

    private mutating func read(_ name: String, _ value: String?) {
        let written = value.map { "\(name)=\($0)" } ?? name
        switch (name, value) {
        case ("--match", let value?) where !value.isEmpty: match = value
        case ("--match", _):
            problems.append(
                Problem(parameter: "args", message: "--match needs a regular expression, as in --match=^logs-.+"))
        case ("--searchBody", let value?):
            readSearchBody(value)
            remark(name, .restore, "a snapshot is restored whole")
        case ("--ignoreType", _), ("--includeType", _):
            // Nothing included would be everything left out.
            guard let types = types(value ?? "", of: written) else { return }
            guard name == "--includeType" else { return leaveOut(types, written) }
            // Stash's default leaves analyzers out of what it writes beside the settings that hold them.
            leaveOut(Set(DumpType.allCases).subtracting(types).subtracting([.analyzer]), written)
        case ("--prefix", let value?):
            (restore.rename.prefix, restore.renameAlias.prefix) = (value, value)
            remark(written, .backup, "indices are saved under their own names; give it to the restore")
        case ("--suffix", let value?):
            (restore.rename.suffix, restore.renameAlias.suffix) = (value, value)
            remark(written, .backup, "indices are saved under their own names; give it to the restore")
        default:
            if let reason = Self.reasons[name] { return remark(written, nil, reason) }
            // What an unknown flag is given may be a secret, such as the headers of a login, and blanks cut it into words.
            remark(name.hasPrefix("--") ? name : "a word in args that belongs to no flag", nil, "it has no meaning here")
        }
    }

    /// - Returns: nil, and a problem, where there is none.
    private mutating func types(_ text: String, of written: String) -> Set<DumpType>? {
        let known = DumpType.allCases.map(\.rawValue).joined(separator: ", ")
        guard text.contains(where: { $0 != "," }) else {
            problems.append(Problem(parameter: "args", message: "\(written) names no type: expected some of \(known)"))
            return nil
        }
        var types: Set<DumpType> = []
        for word in text.split(separator: ",") {
            if let type = DumpType(rawValue: String(word)) {
                types.insert(type)
            } else {
                problems.append(
                    Problem(parameter: "args", message: "\(written): expected some of \(known), found \"\(word)\""))
            }
        }
        return types
    }

    /// Definitions are saved whole, since a restore can leave out what it wants to.
    private mutating func leaveOut(_ types: Set<DumpType>, _ written: String) {
        if types.contains(.template) { leavesOutTemplates = true }
        if types.contains(.settings) {
            // Without their analyzers no index could be made of the mappings.
            restore.ignoreIndexSettings += ["index.*", "-index.analysis.*"]
        }
        if types.contains(.alias) { restore.includeAliases = false }
        let saved = types.intersection([.settings, .alias]).map(\.rawValue).sorted().joined(separator: ", ")
        if !saved.isEmpty { remark("\(written) (\(saved))", .backup, "definitions are saved whole; give it to the restore") }
        let needed = types.intersection([.data, .mapping]).map(\.rawValue).sorted().joined(separator: ", ")
        if !needed.isEmpty { remark("\(written) (\(needed))", nil, "documents and mappings are always taken") }
    }

    private mutating func remark(_ argument: String, _ kind: SessionKind?, _ reason: String) {
        remarks.append(Remark(parameter: "args", argument: argument, kind: kind, reason: reason))
    }

    /// Parameters of Stash's add-on beside `args`.
    ///
    /// - Returns: false when it is none of them.
    mutating func readStashParameter(_ param: TaskRef.Param) -> Bool {
        switch param.name {
        case "waitTimeout":
            if let seconds = Int(param.value), (0...Self.longestWait).contains(seconds) {
                waitSeconds = seconds
            } else {
                problems.append(
                    Problem(
                        parameter: param.name,
                        message: "expected a number of seconds up to \(Self.longestWait), found \"\(param.value)\""))
            }
        case "outputDir":
            remarks.append(
                Remark(
                    parameter: param.name, reason: "no file of results is written; they are in the session's status and events"))
        case "ENABLE_DASHBOARD_BACKUP", "ENABLE_DASHBOARD_RESTORE":
            guard param.value.lowercased() == "true" else { break }
            remarks.append(
                Remark(
                    parameter: param.name,
                    reason: "dashboards are not exported; with includeSystem a backup holds the indices where they are stored"))
        case "interimDataDir", "enableCache", "scratchDir": break
        default: return false
        }
        return true
    }

    /// Five hours: the broker takes a message back that nobody has answered for six.
    private static let longestWait = 18_000

    private static let reasons: [String: String] = [
        "--limit": "pages go by bytes, not by a number of documents",
        "--scrollTime": "workers keep their points in time open for as long as they read",
        "--parallel": "any number of workers shares a session; see --slots of the worker",
        "--interval": "the pace is bounded by maxBytesPerSecond", "--concurrency": "the pace is bounded by maxBytesPerSecond",
        "--concurrencyInterval": "the pace is bounded by maxBytesPerSecond",
        "--intervalCap": "the pace is bounded by maxBytesPerSecond",
        "--throttleInterval": "the pace is bounded by maxBytesPerSecond",
        "--ignoreChildError": "a session that misses documents is Failed; allowPartial keeps what it has",
        "--size": "a part of an index is chosen by query", "--offset": "a part of an index is chosen by query",
        "--skip": "a part of an index is chosen by query", "--fsCompress": "what is stored is always compressed",
        "--noRefresh": "an index is refreshed once, at its end", "--overwrite": "what is there already is a matter of conflict",
        "--timeout": "requests have limits of their own",
        "--retryAttempts": "requests are retried anyway; see --attempts of the worker",
        "--retryDelay": "requests are retried anyway; see --retry-delay of the worker",
        "--transform": "documents come back as they were",
    ]
}
