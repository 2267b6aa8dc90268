/// The rules for names that Kubernetes and Stash have.
enum ResourceName {
    /// What is wrong with the name of a resource (a DNS-1123 subdomain), nil when nothing.
    static func problem(_ name: String) -> String? {
        problem(name, isLegal: { $0.isLowercaseAlphanumeric || $0 == "-" || $0 == "." }, maximum: 253, dots: ", \"-\" and \".\"")
            ?? (name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { hasGoodEnds($0) }
                ? nil : "each part between dots must begin and end with a letter or digit")
    }

    /// What is wrong with the name of a namespace (a DNS-1123 label), nil when nothing.
    static func labelProblem(_ name: String) -> String? {
        problem(name, isLegal: { $0.isLowercaseAlphanumeric || $0 == "-" }, maximum: 63, dots: " and \"-\"")
    }

    /// A key of a Secret: what may be a file name.
    static func isSecretKey(_ key: String) -> Bool {
        !key.isEmpty && key.utf8.count <= 253 && key != "." && !key.hasPrefix("..")
            && key.unicodeScalars.allSatisfy { ($0.isLetterOrDigit || "-._".unicodeScalars.contains($0)) }
    }

    private static func problem(_ name: String, isLegal: (Unicode.Scalar) -> Bool, maximum: Int, dots: String) -> String? {
        guard !name.isEmpty else { return "a name must not be empty" }
        guard name.unicodeScalars.allSatisfy(isLegal) else { return "a name has only lower-case letters, digits\(dots)" }
        guard name.utf8.count <= maximum else { return "a name has at most \(maximum) characters" }
        return hasGoodEnds(name[...]) ? nil : "a name must begin and end with a letter or digit"
    }

    private static func hasGoodEnds(_ part: Substring) -> Bool {
        guard let first = part.unicodeScalars.first, let last = part.unicodeScalars.last else { return false }
        return first.isLowercaseAlphanumeric && last.isLowercaseAlphanumeric
    }
}

extension Unicode.Scalar {
    fileprivate var isLowercaseAlphanumeric: Bool { ("a"..."z").contains(self) || ("0"..."9").contains(self) }

    fileprivate var isLetterOrDigit: Bool { isLowercaseAlphanumeric || ("A"..."Z").contains(self) }
}
