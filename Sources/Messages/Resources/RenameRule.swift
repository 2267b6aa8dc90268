package import Runtime

/// How a restore renames: the expression first, then prefix and suffix.
package struct RenameRule: Sendable, Equatable {
    /// A regular expression; every match in a name is replaced.
    package var pattern: String?
    /// What replaces a match, read as Java's `Matcher.replaceAll` and the engines' own restore read it: `$1` is the first group, `$0` the
    /// whole match, and a backslash makes the next character stand for itself.
    package var replacement = ""
    package var prefix = ""
    package var suffix = ""

    package init(pattern: String? = nil, replacement: String = "", prefix: String = "", suffix: String = "") {
        self.pattern = pattern
        self.replacement = replacement
        self.prefix = prefix
        self.suffix = suffix
    }

    package var isEmpty: Bool { pattern == nil && prefix.isEmpty && suffix.isEmpty }

    /// The name in the target.
    ///
    /// - Throws: `RuntimeError(.badFormat)` when the pattern is no regular expression, or the replacement names a group that it lacks or
    ///   ends in the middle; `TaskParameters.problems` says so first.
    package func apply(to name: String) throws(RuntimeError) -> String {
        guard let pattern else { return prefix + name + suffix }
        let expression: Regex<AnyRegexOutput>
        do {
            expression = try Regex(pattern)
        } catch {
            throw RuntimeError(code: .badFormat, message: "\"\(pattern)\" is no regular expression: \(error)")
        }
        var renamed = ""
        var rest = name.startIndex
        for match in name.matches(of: expression) {
            renamed += name[rest..<match.range.lowerBound]
            renamed += try expanded(match.output)
            rest = match.range.upperBound
        }
        return prefix + renamed + name[rest...] + suffix
    }

    /// Whether pattern and replacement fit each other, whatever the name.
    package func check() throws(RuntimeError) {
        guard let pattern else { return }
        let probe: Regex<AnyRegexOutput>
        do {
            // The empty alternative matches anything and has every group, unset.
            probe = try Regex("(?:\(pattern))|")
        } catch {
            throw RuntimeError(code: .badFormat, message: "\"\(pattern)\" is no regular expression: \(error)")
        }
        guard let match = "".firstMatch(of: probe) else { return }
        _ = try expanded(match.output)
    }

    private func expanded(_ groups: AnyRegexOutput) throws(RuntimeError) -> String {
        var text = ""
        var rest = replacement[...]
        while let character = rest.popFirst() {
            switch character {
            case "\\":
                guard let literal = rest.popFirst() else { throw malformed("ends with a backslash; write \\\\ for one") }
                text.append(literal)
            case "$": text += try group(&rest, of: groups)
            default: text.append(character)
            }
        }
        return text
    }

    /// As many digits as name a group, at least one; or a name in braces. A group that took no part is empty.
    private func group(_ rest: inout Substring, of groups: AnyRegexOutput) throws(RuntimeError) -> Substring {
        if rest.first == "{" {
            guard let end = rest.firstIndex(of: "}") else { throw malformed("has a ${ without its }") }
            let name = rest[rest.index(after: rest.startIndex)..<end]
            rest = rest[rest.index(after: end)...]
            guard let group = groups.first(where: { $0.name == String(name) }) else {
                throw malformed("names the group \(name), which the pattern lacks")
            }
            return group.substring ?? ""
        }
        guard let first = rest.first, first.isASCII, var number = first.wholeNumberValue else {
            throw malformed("has a $ without the number of a group; write \\$ for a dollar sign")
        }
        rest.removeFirst()
        guard number < groups.count else {
            throw malformed("names group \(number), and the pattern has \(groups.count - 1)")
        }
        while let next = rest.first, next.isASCII, let digit = next.wholeNumberValue, number * 10 + digit < groups.count {
            number = number * 10 + digit
            rest.removeFirst()
        }
        return groups[number].substring ?? ""
    }

    private func malformed(_ what: String) -> RuntimeError {
        RuntimeError(code: .badFormat, message: "the replacement \"\(replacement)\" \(what)")
    }
}
