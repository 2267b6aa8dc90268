import Messages

extension ResourceDecoder {
    /// Complains about what is wrong in `parameters.sheaf`; the other parameters are of other programs.
    func checkParameters(_ parameters: FieldDecoder) {
        for key in parameters.keys where key != "sheaf" { parameters.ignore(key) }
        _ = parameters.fields("sheaf") { sheaf -> Bool? in
            checkEndpoints(sheaf)
            _ = sheaf.fields("signing") { signing -> Bool? in
                if !signing.has("service") { signing.complainMissing("service", "es or aoss") }
                _ = signing.choice("service", of: ClusterParameters.Signing.Service.self)
                _ = signing.requiredText("region", "a region, such as eu-central-1")
                return true
            }
            _ = sheaf.choice("distribution", of: ClusterParameters.Distribution.self)
            if let version = sheaf.text("version"), !isVersion(version) {
                sheaf.complain("version", "expected a version such as \"8.19.2\", found \"\(version)\"")
            }
            _ = sheaf.choice("reader", of: ClusterParameters.Reader.self)
            return true
        }
    }

    private func checkEndpoints(_ sheaf: FieldDecoder) {
        for (index, endpoint) in sheaf.texts("endpoints").enumerated() {
            if let problem = ClusterURL.problem(endpoint) { sheaf.complain("endpoints", "address \(index + 1): \(problem)") }
        }
    }

    private func isVersion(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return (2...3).contains(parts.count) && parts.allSatisfy { Int($0) != nil }
    }
}
